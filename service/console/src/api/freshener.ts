/** Makes stale, or reads again, what events are about: soon, but never all the time. */
import { hashKey, type Query, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { api, data } from "./client";
import type { LiveEvent } from "./live";
import { keys } from "./queries";
import type { Job } from "./types";

// What changes at once is read together; and where changes never cease, no more often than this.
const GATHER_MS = 150;
const REST_MS = 1_000;
// More jobs than this are read as the whole list, and then no more often than this.
const MOST_JOBS_APART = 20;
const LIST_REST_MS = 2_000;

const LIST = hashKey(keys.jobs);

/** Takes the events of the stream, and keeps the cache as true as they are. */
export class Freshener {
  private readonly dueKeys = new Map<string, QueryKey>();
  private readonly dueJobs = new Set<string>();
  /** Hashes of queries that are being read, and have changed since that began: their answer may be old. */
  private readonly overtaken = new Set<string>();
  private areJobsBeingRead = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private restsUntil = 0;
  private listRestsUntil = 0;
  private readonly unsubscribe: () => void;

  constructor(private readonly cache: QueryClient) {
    this.unsubscribe = cache.getQueryCache().subscribe(({ query }) => this.settled(query as Query));
  }

  /** Takes an event of the stream. */
  hear({ kind, jobId, executionId }: LiveEvent): void {
    switch (kind) {
      case "reset": // also what a pause of all jobs sends
        this.everything();
        break;
      case "job":
        this.due(keys.changes);
        if (jobId !== undefined) this.jobDue(jobId);
        break;
      case "execution":
        this.due(executionId ? keys.execution(executionId) : keys.anyExecution);
        if (jobId !== undefined) this.jobDue(jobId);
        break;
      case "replica":
        this.due(keys.replicas);
        this.due(keys.doctor);
        this.due(keys.handlers);
        break;
    }
  }

  /** Anything may have changed: reads again what the page has read, or reads now. */
  everything(): void {
    for (const { queryKey } of this.cache.getQueryCache().getAll()) {
      if (queryKey[0] !== "session") this.due(queryKey);
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    this.unsubscribe();
  }

  private due(key: QueryKey): void {
    this.dueKeys.set(hashKey(key), key);
    this.schedule();
  }

  private jobDue(jobId: string): void {
    this.dueJobs.add(jobId);
    this.schedule();
  }

  private schedule(): void {
    const wait = Math.max(GATHER_MS, this.restsUntil - performance.now());
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.restsUntil = performance.now() + REST_MS;
      this.read();
    }, wait);
  }

  private read(): void {
    const jobIds = [...this.dueJobs];
    this.dueJobs.clear();
    for (const jobId of jobIds) this.dueKeys.set(hashKey(keys.job(jobId)), keys.job(jobId));
    if (jobIds.length > 0) {
      this.dueKeys.set(hashKey(keys.timeline), keys.timeline);
      this.takeIntoList(jobIds);
    }
    const dueKeys = [...this.dueKeys.values()];
    this.dueKeys.clear();
    const found = dueKeys.flatMap((queryKey) => this.cache.getQueryCache().findAll({ queryKey }));
    for (const query of new Set(found)) {
      if (query.queryHash === LIST) this.readList(query);
      else this.readAgain(query);
    }
  }

  /** Reads a query again; one that is being read now is read again when that is done, and not given up. */
  private readAgain(query: Query): void {
    if (query.state.fetchStatus === "fetching") this.overtaken.add(query.queryHash);
    else void this.cache.invalidateQueries({ queryKey: query.queryKey, exact: true });
  }

  private settled({ queryHash, queryKey, state }: Query): void {
    if (state.fetchStatus === "fetching" || !this.overtaken.delete(queryHash)) return;
    this.due(queryKey);
  }

  /** Brings jobs up to date in the list: few by reading these, many by reading it all. */
  private takeIntoList(jobIds: string[]): void {
    const list = this.cache.getQueryCache().find<Job[]>({ queryKey: keys.jobs, exact: true });
    if (!list) return;
    const isWhole = !list.isActive() || !list.state.data || list.state.fetchStatus === "fetching";
    if (isWhole || jobIds.length > MOST_JOBS_APART) this.dueKeys.set(LIST, keys.jobs);
    else void this.takeSome(jobIds);
  }

  /** Reads the whole list, or marks it where nobody looks at it; but not without a rest. */
  private readList(list: Query): void {
    if (list.isActive() && performance.now() < this.listRestsUntil) {
      this.due(keys.jobs);
      return;
    }
    if (list.isActive()) this.listRestsUntil = performance.now() + LIST_REST_MS;
    this.readAgain(list);
  }

  /** Reads some jobs and puts them into the list as they are now, or takes out those that are no more. */
  private async takeSome(jobIds: string[]): Promise<void> {
    // An answer that comes later may have been written earlier: one at a time.
    if (this.areJobsBeingRead) {
      for (const jobId of jobIds) this.jobDue(jobId);
      return;
    }
    this.areJobsBeingRead = true;
    try {
      const found = await data(api.GET("/v1/console/jobs", { params: { query: { jobId: jobIds } } }));
      const isGone = ({ name }: Job) => jobIds.includes(name) && !found.some((job) => job.name === name);
      this.cache.setQueryData<Job[]>(
        keys.jobs,
        (jobs) =>
          jobs &&
          found.reduce(
            withJob,
            jobs.filter((job) => !isGone(job)),
          ),
      );
    } catch {
      this.due(keys.jobs);
    } finally {
      this.areJobsBeingRead = false;
    }
  }
}

/** Returns the list with this job in its place, or at the end where it is new. */
export function withJob(jobs: Job[], job: Job): Job[] {
  const isKnown = jobs.some(({ name }) => name === job.name);
  return isKnown ? jobs.map((each) => (each.name === job.name ? job : each)) : [...jobs, job];
}
