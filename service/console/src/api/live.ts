/** Keeps the cache true: one stream of events for the whole page says what has changed. */
import { QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState } from "react";
import { api, ApiError, data } from "./client";
import { followEvents, type StreamState } from "./event_stream";
import { Paced } from "./paced";
import { keys } from "./queries";
import type { Job } from "./types";

export const LiveContext = createContext<StreamState>("connecting");

/** Whether the page hears of changes: `live`, or `lost` until the connection is back. */
export function useLiveState(): StreamState {
  return useContext(LiveContext);
}

// Many executions end at once; what they changed is read together.
const GATHER_MS = 300;
// More jobs than this are read as the whole list.
const MOST_SINGLE_READS = 6;
// The whole list, and the timeline of all jobs, are read no more often than this.
const REST_MS = 2_000;
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
        onState: setState,
        onEvent: ({ event, data: text }) =>
          freshener.hear({ ...(JSON.parse(text) as object), kind: event ?? "" }),
        onReturn: () => freshener.everything(),
      });
    };
    const onVisibility = () => {
      clearTimeout(hiding);
      if (document.hidden) {
        hiding = setTimeout(() => {
          connection?.abort();
          connection = undefined;
        }, HIDDEN_MS);
      } else if (!connection) {
        connect();
        freshener.everything();
      }
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

/** Makes stale, or reads again, what events are about. */
export class Freshener {
  private readonly jobIds = new Set<string>();
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private readonly list: Paced;
  private readonly timeline: Paced;

  constructor(private readonly cache: QueryClient) {
    this.list = new Paced(() => cache.invalidateQueries({ queryKey: keys.jobs }), REST_MS);
    this.timeline = new Paced(() => cache.invalidateQueries({ queryKey: keys.timeline }), REST_MS);
  }

  /** Takes an event of the stream. */
  hear(event: LiveEvent): void {
    for (const follower of followers) follower(event);
    switch (event.kind) {
      case "reset":
        this.everything();
        break;
      case "job":
        void this.cache.invalidateQueries({ queryKey: keys.changes });
        void this.cache.invalidateQueries({ queryKey: keys.pause });
        this.jobChanged(event.jobId);
        break;
      case "execution":
        if (event.executionId) {
          void this.cache.invalidateQueries({ queryKey: keys.execution(event.executionId) });
        } else {
          void this.cache.invalidateQueries({ queryKey: ["execution"] });
        }
        this.jobChanged(event.jobId);
        break;
      case "replica":
        void this.cache.invalidateQueries({ queryKey: keys.replicas });
        void this.cache.invalidateQueries({ queryKey: keys.doctor });
        void this.cache.invalidateQueries({ queryKey: keys.handlers });
        break;
    }
  }

  /** Anything may have changed. */
  everything(): void {
    void this.cache.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  }

  stop(): void {
    clearTimeout(this.gathering);
    this.list.stop();
    this.timeline.stop();
  }

  private jobChanged(jobId: string | undefined): void {
    if (!jobId) return;
    this.jobIds.add(jobId);
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      this.read();
    }, GATHER_MS);
  }

  private read(): void {
    const jobIds = [...this.jobIds];
    this.jobIds.clear();
    for (const jobId of jobIds) void this.cache.invalidateQueries({ queryKey: keys.job(jobId) });
    this.timeline.ask();
    if (!this.cache.getQueryData(keys.jobs)) return;
    if (jobIds.length > MOST_SINGLE_READS) this.list.ask();
    else for (const jobId of jobIds) void this.patchList(jobId);
  }

  /** Puts one job into the list as it is now. */
  private async patchList(jobId: string): Promise<void> {
    try {
      const job = await data(api.GET("/v1/console/jobs/{jobId}", { params: { path: { jobId } } }));
      this.cache.setQueryData<Job[]>(keys.jobs, (jobs) => jobs && withJob(jobs, job));
    } catch (fault) {
      if (fault instanceof ApiError && fault.status === 404) {
        this.cache.setQueryData<Job[]>(keys.jobs, (jobs) => jobs?.filter(({ name }) => name !== jobId));
      } else this.list.ask();
    }
  }
}

/** Returns the list with this job in its place, or at the end where it is new. */
export function withJob(jobs: Job[], job: Job): Job[] {
  const isKnown = jobs.some(({ name }) => name === job.name);
  return isKnown ? jobs.map((each) => (each.name === job.name ? job : each)) : [...jobs, job];
}
