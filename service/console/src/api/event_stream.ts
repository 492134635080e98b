/**
 * A stream of server-sent events that comes back by itself, behind the event that it saw last.
 *
 * Not the browser's EventSource: that one gives up for good on an error status, such as the 503 of a replica
 * that leaves, and says nothing of a connection that went silent.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { errorOf } from "./client";
import { EventParser, type StreamEvent } from "./event_parser";
import { signIn } from "./sign_in";

export type StreamState = "connecting" | "live" | "lost";

interface StreamOptions {
  /** The id of the event to begin behind; missing: wherever the server begins. */
  after?: string;
  onEvent: (event: StreamEvent) => void;
  /** Told of each change of the state; `lost` from the first failure on, until it is live again. */
  onState: (state: StreamState) => void;
  /** Told whenever the server has said something, if only that it is there. */
  onHeard?: () => void;
}

const OPENING_MS = 10_000;
// The server says something every 15 s, if only that it is there.
const SILENCE_MS = 35_000;
// A stream that ends sooner was no good one, however politely it ended.
const STEADY_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/** Follows a stream until `signal` aborts, or nobody is signed in any more; never rejects. */
export async function followEvents(url: string, signal: AbortSignal, options: StreamOptions): Promise<void> {
  const say = onChange(options.onState);
  const parser = new EventParser(options.after);
  let pause = FIRST_PAUSE_MS;
  say("connecting");
  while (!signal.aborted) {
    const connection = new Connection(signal, () => options.onHeard?.());
    let openedAt: number | undefined;
    let hasEnded = false;
    try {
      const stream = await connection.open(url, parser.lastEventId);
      if (stream === null) return;
      openedAt = performance.now();
      say("live");
      parser.begin();
      for await (const text of connection.textOf(stream)) {
        for (const event of parser.feed(text)) give(event, options.onEvent);
      }
      hasEnded = true;
    } catch {
      // Whatever broke it, it is opened again.
    } finally {
      connection.end();
    }
    if (isOver(signal)) return;
    const wasSteady = openedAt !== undefined && performance.now() - openedAt >= STEADY_MS;
    if (wasSteady) pause = FIRST_PAUSE_MS;
    // The server ends a stream after some minutes; coming back at once misses nothing, and is no loss.
    if (hasEnded && wasSteady) continue;
    say("lost");
    await pauseFor(pause * (0.5 + Math.random() / 2), signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** One connection; it ends when nothing is heard for too long, and with the signal. */
class Connection {
  private readonly connection = new AbortController();
  private silence: ReturnType<typeof setTimeout>;
  readonly end = () => {
    clearTimeout(this.silence);
    this.signal.removeEventListener("abort", this.end);
    this.connection.abort();
  };

  constructor(
    private readonly signal: AbortSignal,
    private readonly onHeard: () => void,
  ) {
    signal.addEventListener("abort", this.end);
    this.silence = setTimeout(this.end, OPENING_MS);
  }

  /** Returns the answer; null where nobody is signed in, and the page is about to be left. */
  async open(url: string, lastEventId: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | null> {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (lastEventId) headers["Last-Event-ID"] = lastEventId;
    const response = await fetch(url, { headers, signal: this.connection.signal, cache: "no-store" });
    if (response.status === 401) {
      signIn();
      return null;
    }
    const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
    if (!response.ok || !response.body || !isStream) throw await errorOf(response);
    this.heard();
    return response.body;
  }

  /** Yields the text until the server ends the stream; throws when the connection breaks. */
  async *textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      this.heard();
      yield next.value;
    }
  }

  private heard(): void {
    if (this.connection.signal.aborted) return;
    clearTimeout(this.silence);
    this.silence = setTimeout(this.end, SILENCE_MS);
    this.onHeard();
  }
}

/** Hands an event over; what the page cannot do with it ends no connection. */
function give(event: StreamEvent, onEvent: (event: StreamEvent) => void): void {
  try {
    onEvent(event);
  } catch (fault) {
    console.error("an event could not be taken", event, fault);
  }
}

function onChange(tell: (state: StreamState) => void): (state: StreamState) => void {
  let last: StreamState | undefined;
  return (state) => {
    if (state !== last) tell(state);
    last = state;
  };
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
