/** Keeps the page true: one stream of events for all of it says what has changed. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState } from "react";
import { now } from "../time/clock";
import { followEvents, type StreamState } from "./event_stream";
import { Freshener } from "./freshener";

export { withJob } from "./freshener";

export const LiveContext = createContext<StreamState>("connecting");

/** Whether the page hears of changes: `live`, or `lost` until the connection is back. */
export function useLiveState(): StreamState {
  return useContext(LiveContext);
}

// A hidden page gives its connection up: a browser has six for each service, and tabs are many.
const HIDDEN_MS = 20_000;

const STREAM = "/v1/console/events";

/** What a page follows beyond the cache: handlers told of each event. */
export interface LiveEvent {
  kind: string;
  jobId?: string;
  executionId?: string | null;
  status?: string | null;
  replicaId?: string;
  revision?: number;
  state?: string;
}

const followers = new Set<(event: LiveEvent) => void>();

/** Calls `handler` for each event while the component is there; the handler must be stable. */
export function useLiveEvents(handler: (event: LiveEvent) => void): void {
  useEffect(() => {
    followers.add(handler);
    return () => void followers.delete(handler);
  }, [handler]);
}

let heardAt = now();

/** When the service was last heard: until then the page knew of everything. In milliseconds since 1970. */
export function lastHeard(): number {
  return heardAt;
}

/** Follows the stream for the life of the page, and returns its state. */
export function useLiveConnection(): StreamState {
  const cache = useQueryClient();
  const [state, setState] = useState<StreamState>("connecting");
  useEffect(() => {
    const freshener = new Freshener(cache);
    let connection: AbortController | undefined;
    let hiding: ReturnType<typeof setTimeout> | undefined;
    const connect = () => {
      connection = new AbortController();
      void followEvents(STREAM, connection.signal, {
        onState: (next) => {
          setState(next);
          // Nobody told of what changed before this: what has been read until now is read again.
          if (next === "live") freshener.everything();
        },
        onHeard: () => (heardAt = now()),
        onEvent: ({ event, data: text }) => {
          const told = { ...(JSON.parse(text) as object), kind: event };
          freshener.hear(told);
          for (const follow of followers) follow(told);
        },
      });
    };
    const onVisibility = () => {
      clearTimeout(hiding);
      if (document.hidden) {
        hiding = setTimeout(() => {
          connection?.abort();
          connection = undefined;
        }, HIDDEN_MS);
      } else if (!connection) connect();
    };
    connect();
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearTimeout(hiding);
      connection?.abort();
      freshener.stop();
    };
  }, [cache]);
  return state;
}
