/** Keeps the page true: one stream of events for all of it says what has changed. */
import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { now } from "../time/clock";
import { followEvents, type StreamState } from "./event_stream";
import { Freshener } from "./freshener";
import { watchSight } from "./sight";

const STREAM = "/v1/console/events";
// The screens wait no longer for the stream to open.
const OPENING_MS = 1_000;

/** An event of the stream, as far as the page goes by it. */
export interface LiveEvent {
  kind: string;
  jobId?: string;
  executionId?: string | null;
}

const followers = new Set<(event: LiveEvent) => void>();
const watchers = new Set<() => void>();
let state: StreamState = "connecting";
let connections = 0;
let heardAt = now();
let begin: () => void;

/**
 * Settles when the stream is open, or cannot be opened soon.
 *
 * What is read from then on is told of when it changes; what was read before would have to be read again.
 */
export const streamHasBegun = new Promise<void>((resolve) => (begin = resolve));

/** Whether the page hears of changes: `live`, or `lost` until the connection is back. */
export function useLiveState(): StreamState {
  return useSyncExternalStore(watch, () => state);
}

/** How many times the page has been connected: another one may lead to another version of the service. */
export function useConnections(): number {
  return useSyncExternalStore(watch, () => connections);
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** When the service was last heard: until then the page knew of everything. In milliseconds since 1970. */
export function lastHeard(): number {
  return heardAt;
}

/** Calls `handler` for each event while the component is there; the handler must be stable. */
export function useLiveEvents(handler: (event: LiveEvent) => void): void {
  useEffect(() => {
    followers.add(handler);
    return () => void followers.delete(handler);
  }, [handler]);
}

/** Follows the stream for the life of the page, but not while nobody sees it. */
export function startFollowing(cache: QueryClient): void {
  const freshener = new Freshener(cache);
  let connection: AbortController | undefined;
  const onState = (next: StreamState) => {
    state = next;
    if (next === "live") connections += 1;
    for (const watcher of watchers) watcher();
    if (next === "connecting") return;
    // Nobody told of what changed before this: what has been read until now is read again.
    if (next === "live") freshener.everything();
    begin();
  };
  const connect = () => {
    connection = new AbortController();
    void followEvents(STREAM, connection.signal, {
      onState,
      onHeard: () => (heardAt = now()),
      onEvent: ({ event, data: text }) => {
        const told = { ...(JSON.parse(text) as object), kind: event };
        freshener.hear(told);
        for (const follow of followers) follow(told);
      },
    });
  };
  connect();
  watchSight((isSeen) => {
    if (!isSeen) {
      connection?.abort();
      connection = undefined;
    } else if (!connection) connect();
  });
  setTimeout(begin, OPENING_MS);
}
