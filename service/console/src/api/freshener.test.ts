import { QueryClient, QueryObserver, type QueryKey } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api, ApiError } from "./client";
import { Freshener, withJob } from "./freshener";
import { keys } from "./queries";
import type { Job } from "./types";

vi.mock("./sign_in", () => ({ signIn: vi.fn() }));

/** What the server has: the latest word on each job, by its name. */
let words: Record<string, string>;
let cache: QueryClient;
let freshener: Freshener;
let reads: string[];
let unsubscribes: (() => void)[];
/** Answers that are held back, by what was read. */
let held: Map<string, () => void>;
let heldNames: Set<string>;

function job(name: string): Job {
  return { name, displayName: words[name] ?? "" } as Job;
}

/** Notes a read, and answers it now or when it is let go; the answer is of the moment when it was asked for. */
async function answer<T>(name: string, content: () => T): Promise<T> {
  reads.push(name);
  const written = content();
  if (heldNames.has(name)) await new Promise<void>((resolve) => held.set(name, resolve));
  return written;
}

/** Lets a screen look at a key from now on. */
async function look(queryKey: QueryKey, content: () => unknown = () => words): Promise<() => void> {
  const observer = new QueryObserver(cache, {
    queryKey,
    queryFn: () => answer(queryKey.join(" "), () => structuredClone(content())),
    staleTime: 30_000,
    retry: false,
  });
  const stop = observer.subscribe(() => undefined);
  unsubscribes.push(stop);
  await settle();
  return stop;
}

function lookAtList() {
  return look(keys.jobs, () => Object.keys(words).map(job));
}

function listed(): Record<string, string> {
  const jobs = cache.getQueryData<Job[]>(keys.jobs) ?? [];
  return Object.fromEntries(jobs.map(({ name, displayName }) => [name, displayName]));
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await vi.advanceTimersByTimeAsync(0);
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

async function letGo(name: string): Promise<void> {
  heldNames.delete(name);
  held.get(name)?.();
  await settle();
}

/** Lets a job change, and the stream tell of it. */
function change(name: string, word: string): void {
  words[name] = word;
  freshener.hear({ kind: "job", jobId: name });
}

beforeEach(() => {
  vi.useFakeTimers();
  words = { A: "one", B: "one", C: "one" };
  [reads, unsubscribes] = [[], []];
  held = new Map();
  heldNames = new Set();
  cache = new QueryClient();
  cache.mount();
  freshener = new Freshener(cache);
  vi.spyOn(api, "GET").mockImplementation(
    (_: string, { params }: { params: { query: { jobId: string[] } } }) => {
      const { jobId: names } = params.query;
      return answer(`some ${names.join(" ")}`, () => {
        if (names.some((name) => words[name] === "broken")) throw new ApiError(500, null, "broken");
        return { data: names.filter((name) => words[name] !== undefined).map(job) };
      });
    },
  );
});

afterEach(() => {
  freshener.stop();
  for (const stop of unsubscribes) stop();
  cache.clear();
  cache.unmount();
  expect(vi.getTimerCount()).toBe(0);
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("what is read again", () => {
  it.each<[string, object, string[]]>([
    ["a job", { kind: "job", jobId: "A" }, ["changes", "job A", "job A history", "timeline"]],
    ["another job", { kind: "job", jobId: "B" }, ["changes", "timeline"]],
    [
      "an execution",
      { kind: "execution", jobId: "A", executionId: "x", status: "RUNNING" },
      ["execution x", "job A", "job A history", "timeline"],
    ],
    [
      "executions too many to name",
      { kind: "execution", jobId: "B", executionId: null, status: null },
      ["execution x", "execution y", "timeline"],
    ],
    ["a replica", { kind: "replica", replicaId: "r", state: "LEFT" }, ["doctor", "handlers", "replicas"]],
    ["a log", { kind: "log", jobId: "A" }, []],
    ["an acknowledgement", { kind: "acknowledged", jobId: "A", revision: 2, replicaId: "r" }, []],
    ["something newer", { kind: "weather", jobId: "A" }, []],
    [
      "a pause of all, or anything that is left out",
      { kind: "reset" },
      [
        "changes",
        "doctor",
        "execution x",
        "execution y",
        "handlers",
        "job A",
        "job A history",
        "pause",
        "replicas",
        "timeline",
      ],
    ],
  ])("after an event of %s", async (_, event, expected) => {
    const seen: QueryKey[] = [
      keys.job("A"),
      keys.history("A"),
      keys.execution("x"),
      keys.execution("y"),
      keys.timeline,
    ];
    seen.push(keys.replicas, keys.doctor, keys.handlers, keys.changes, keys.pause, ["session"]);
    for (const key of seen) await look(key);
    reads = [];
    freshener.hear(event as Parameters<Freshener["hear"]>[0]);
    await pass(200);
    expect(reads.sort()).toEqual(expected);
  });

  it("is only marked where nobody looks at it, and read when somebody does", async () => {
    const stop = await look(keys.history("A"));
    const stopList = await lookAtList();
    stop();
    stopList();
    reads = [];
    change("A", "two");
    await pass(200);
    expect(reads).toEqual([]);
    await look(keys.history("A"));
    await lookAtList();
    expect(reads).toEqual(["job A history", "jobs"]);
  });

  it("waits for the end of a read that is under way, whose answer may be old", async () => {
    await look(keys.history("A"), () => words["A"]);
    heldNames.add("job A history");
    change("A", "two");
    await pass(200);
    change("A", "three");
    await pass(1_000);
    change("A", "four");
    await pass(1_000);
    expect(reads).toEqual(["job A history", "job A history"]); // the one under way was not given up
    await letGo("job A history");
    expect(cache.getQueryData(keys.history("A"))).toBe("two");
    await pass(1_000);
    expect(cache.getQueryData(keys.history("A"))).toBe("four");
    await pass(5_000);
    expect(reads.length).toBe(3);
  });

  it("is so with a first read too", async () => {
    heldNames.add("job A history");
    await look(keys.history("A"), () => words["A"]);
    change("A", "two");
    await pass(200);
    await letGo("job A history");
    await pass(1_000);
    expect(cache.getQueryData(keys.history("A"))).toBe("two");
  });

  it("is read once for what happens at once, and then no more often than each second", async () => {
    await look(keys.changes);
    reads = [];
    for (let ms = 0; ms < 10_000; ms += 20) {
      freshener.hear({ kind: "job", jobId: "A" });
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(reads.length).toBeGreaterThanOrEqual(9);
    expect(reads.length).toBeLessThanOrEqual(11);
  });
});

describe("the list of jobs", () => {
  it("takes a changed job in, a new one, and a deleted one out, without being read again", async () => {
    await lookAtList();
    change("A", "two");
    change("D", "new");
    delete words["B"];
    freshener.hear({ kind: "job", jobId: "B" });
    await pass(200);
    expect(listed()).toEqual({ A: "two", C: "one", D: "new" });
    expect(reads).toEqual(["jobs", "some A D B"]);
  });

  it("is read as a whole after many changes, and not more often than each 2 s", async () => {
    await lookAtList();
    reads = [];
    for (let ms = 0; ms < 20_000; ms += 100) {
      for (const number of Array(21).keys()) change(`J${number}`, `${ms}`);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(new Set(reads)).toEqual(new Set(["jobs"]));
    expect(reads.length).toBeGreaterThanOrEqual(6);
    expect(reads.length).toBeLessThanOrEqual(10);
    await pass(3_000);
    expect(listed()["J7"]).toBe("19900");
  });

  it("does not show what an answer that was under way said before", async () => {
    await lookAtList();
    heldNames.add("jobs");
    void cache.invalidateQueries({ queryKey: keys.jobs });
    await settle();
    change("A", "two");
    await pass(200);
    await letGo("jobs");
    await pass(3_000);
    expect(listed()["A"]).toBe("two");
  });

  it("reads a job anew that has changed while it was read, one read after the other", async () => {
    await lookAtList();
    heldNames.add("some A");
    change("A", "two");
    await pass(200);
    change("A", "three");
    await pass(2_000);
    expect(reads.filter((name) => name === "some A").length).toBe(1);
    await letGo("some A");
    await pass(1_200);
    expect(listed()["A"]).toBe("three");
  });

  it("is read as a whole where some jobs cannot be read", async () => {
    await lookAtList();
    change("A", "broken");
    await pass(200);
    await pass(2_000);
    expect(reads).toEqual(["jobs", "some A", "jobs"]);
  });

  it("has a job in its place", () => {
    const [a, b] = [job("A"), job("B")];
    expect(withJob([a, b], { ...a, displayName: "new" }).map(({ displayName }) => displayName)).toEqual([
      "new",
      "one",
    ]);
    expect(withJob([a], b)).toEqual([a, b]);
  });
});
