/** The log of one execution, live: the last lines first, then each new one, with nothing twice and nothing lost. */
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { api, data } from "./client";
import { followEvents, type StreamState } from "./event_stream";
import { isUnfinished } from "./executions";
import { lastIdOf, NO_LINES, withLines, type LogLines } from "./log_lines";
import { watchSight } from "./sight";
import { keys } from "./queries";
import type { LogEntry } from "./types";

// So many the server sends at first; where it has sent as many, there may be earlier ones.
const LAST_LINES = 500;
// Lines come one by one, and are shown together.
const GATHER_MS = 80;

/** The lines that have come, and how they come. */
class LogStore {
  private state: LogState = { ...NO_LINES, connection: "connecting" };
  private arrived: LogEntry[] = [];
  private gathering: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  hasBegun = false;
  /** Lines before the first one may exist. */
  beginsLate = false;

  /** `isWhole`: it begins with the first line, not with the last ones. */
  constructor(readonly isWhole: boolean) {
    this.hasBegun = isWhole;
  }

  /** The id of the last line that has come, shown or not. */
  get lastId(): number {
    return Math.max(lastIdOf(this.state), this.arrived.at(-1)?.logId ?? 0);
  }

  /** Begins with the last lines. */
  begin(entries: readonly LogEntry[]): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.beginsLate = entries.length >= LAST_LINES;
    this.set({ ...withLines(this.state, entries), connection: this.state.connection });
  }

  /** Takes a line; it is shown with those that come in the next moment. */
  take(entry: LogEntry): void {
    this.arrived.push(entry);
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      const arrived = this.arrived;
      this.arrived = [];
      this.set({ ...withLines(this.state, arrived), connection: this.state.connection });
    }, GATHER_MS);
  }

  say(connection: StreamState): void {
    this.set({ ...this.state, connection });
  }

  readonly read = () => this.state;
  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  private set(state: LogState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}

interface LogState extends LogLines {
  connection: StreamState;
}

export interface RunLog extends LogState {
  isLoading: boolean;
  fault: unknown;
  onRetry: () => void;
  /** The run has ended, and its last line is here. */
  isComplete: boolean;
  /** Only the last lines have been asked for, and there may be earlier ones. */
  hasEarlier: boolean;
  loadAll: () => void;
}

function lastLinesQuery(jobId: string, executionId: string, hasEnded: boolean) {
  return queryOptions({
    // Asked again once the run has ended: its last line then says when the log is complete.
    queryKey: [...keys.execution(executionId), "log", hasEnded],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/console/jobs/{jobId}/logs/recent", {
          signal,
          params: { path: { jobId }, query: { executionId } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
}

/** Follows the log of an execution for as long as there is something to come. */
export function useRunLog(jobId: string, executionId: string, status: string): RunLog {
  const hasEnded = !isUnfinished(status);
  const last = useQuery(lastLinesQuery(jobId, executionId, hasEnded));
  const [store, setStore] = useState(() => new LogStore(false));
  const state = useSyncExternalStore(store.subscribe, store.read);
  const [isSeen, setSeen] = useState(true);

  const lastId = last.data?.at(-1)?.logId ?? 0;
  const isComplete = hasEnded && last.isSuccess && !last.isPlaceholderData && lastIdOf(state) >= lastId;
  const isFollowed =
    isSeen && status !== "QUEUED" && !isComplete && (store.isWhole || last.data !== undefined);

  useEffect(() => watchSight(setSeen), []);
  useEffect(() => {
    if (last.data) store.begin(last.data);
  }, [store, last.data]);
  useEffect(() => {
    if (!isFollowed) return;
    const connection = new AbortController();
    const query = new URLSearchParams({ executionId }).toString();
    void followEvents(
      `/v1/console/jobs/${encodeURIComponent(jobId)}/logs/stream?${query}`,
      connection.signal,
      {
        after: String(store.lastId),
        onState: (connectionState) => store.say(connectionState),
        onEvent: ({ event, data: text }) => {
          if (event === "log") store.take(JSON.parse(text) as LogEntry);
        },
      },
    );
    return () => connection.abort();
  }, [store, jobId, executionId, isFollowed]);

  return {
    ...state,
    isLoading: last.isPending,
    fault: last.data ? null : last.error,
    onRetry: () => void last.refetch(),
    isComplete,
    hasEarlier: store.beginsLate && state.leftOut === 0,
    loadAll: () => setStore(new LogStore(true)),
  };
}
