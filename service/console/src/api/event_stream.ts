/**
 * A stream of server-sent events that comes back by itself, behind the event that it saw last.
 *
 * Not the browser's EventSource: that one gives up for good on an error status, such as the 503 of a replica
 * that leaves, and says nothing of a connection that went silent.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { EventSourceParserStream, type EventSourceMessage } from "eventsource-parser/stream";
import { errorOf, signIn } from "./client";

export type StreamState = "connecting" | "live" | "lost";

export interface StreamOptions {
  /** The id of the event to begin behind; missing: wherever the server begins. */
  after?: string;
  onEvent: (event: EventSourceMessage) => void;
  /** Told of each change of the state; `lost` from the first failure on, until it is live again. */
  onState: (state: StreamState) => void;
  /** Told when it is live again after it was lost. */
  onReturn?: () => void;
}

const OPENING_MS = 10_000;
// The server says something every 15 s, if only that it is there.
const SILENCE_MS = 35_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/** Follows a stream until `signal` aborts; never rejects. */
export async function followEvents(url: string, signal: AbortSignal, options: StreamOptions): Promise<void> {
  let lastEventId = options.after ?? "";
  let pause = FIRST_PAUSE_MS;
  let wasLost = false;
  options.onState("connecting");
  while (!signal.aborted) {
    const connection = new AbortController();
    const end = () => connection.abort();
    signal.addEventListener("abort", end);
    let silence = setTimeout(end, OPENING_MS);
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (lastEventId) headers["Last-Event-ID"] = lastEventId;
      const response = await fetch(url, { headers, signal: connection.signal, cache: "no-store" });
      if (response.status === 401) {
        signIn();
        return;
      }
      if (!response.ok || !response.body) throw await errorOf(response);
      options.onState("live");
      if (wasLost) options.onReturn?.();
      wasLost = false;
      pause = FIRST_PAUSE_MS;
      const heard = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          clearTimeout(silence);
          silence = setTimeout(end, SILENCE_MS);
          controller.enqueue(chunk);
        },
      });
      const events = response.body
        .pipeThrough(heard)
        .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
        .pipeThrough(new EventSourceParserStream());
      const reader = events.getReader();
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        if (next.value.id !== undefined) lastEventId = next.value.id;
        options.onEvent(next.value);
      }
      // The server ends a stream after some minutes; coming back at once misses nothing, and is no loss.
      continue;
    } catch {
      if (isOver(signal)) return;
      wasLost = true;
      options.onState("lost");
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", end);
    }
    await pauseFor(pause * (0.5 + Math.random() / 2), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Waits, but not beyond an abort, nor after the browser says that the network is back. */
function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
