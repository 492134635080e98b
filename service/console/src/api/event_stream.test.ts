import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followEvents, type StreamState } from "./event_stream";

const URL_OF_STREAM = "/v1/console/events";
const MINUTE_MS = 60_000;

/** A connection as the server sees it. */
interface Served {
  lastEventId: string | null;
  signal: AbortSignal;
  /** Sends text of the stream. */
  send: (text: string) => Promise<void>;
  /** Ends it politely. */
  end: () => Promise<void>;
  break: () => Promise<void>;
}

type Answer = "stream" | "refuse" | "hang" | number;

let answers: Answer[];
let served: Served[];
let states: StreamState[];
let heard: string[];
let aborting: AbortController;
let assigned: string[];
let page: EventTarget;

/** Answers as told, and with a stream once nothing is told any more. */
function fakeFetch(_: string, { headers, signal }: { headers: Record<string, string>; signal: AbortSignal }) {
  const answer = answers.shift() ?? "stream";
  if (answer === "refuse") return Promise.reject(new TypeError("Failed to fetch"));
  if (answer === "hang") {
    return new Promise<Response>((_, reject) =>
      signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))),
    );
  }
  if (typeof answer === "number") return Promise.resolve(new Response("no", { status: answer }));
  let controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (its) => void (controller = its) });
  signal.addEventListener("abort", () => {
    try {
      controller.error(new DOMException("aborted", "AbortError"));
    } catch {
      // It has ended already.
    }
  });
  served.push({
    lastEventId: headers["Last-Event-ID"] ?? null,
    signal,
    send: (text) => {
      controller.enqueue(new TextEncoder().encode(text));
      return settle();
    },
    end: () => {
      controller.close();
      return settle();
    },
    break: () => {
      controller.error(new TypeError("network error"));
      return settle();
    },
  });
  return Promise.resolve(new Response(body, { headers: { "Content-Type": "text/event-stream" } }));
}

/** Lets everything happen that waits for no timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await vi.advanceTimersByTimeAsync(0);
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

function latest(): Served {
  const connection = served.at(-1);
  if (!connection) throw new Error("nothing is connected");
  return connection;
}

function follow(onEvent = (data: string) => void heard.push(data), after?: string): Promise<void> {
  return followEvents(URL_OF_STREAM, aborting.signal, {
    ...(after !== undefined && { after }),
    onEvent: ({ data }) => onEvent(data),
    onState: (state) => states.push(state),
  });
}

async function hang(): Promise<void> {
  answers = ["hang"];
  await latest().break();
  await pass(500);
}

beforeEach(() => {
  vi.useFakeTimers();
  [answers, served, states, heard, assigned] = [[], [], [], [], []];
  aborting = new AbortController();
  page = new EventTarget();
  const location = { pathname: "/automation/jobs/A", search: "?tab=fires", hash: "", assign: leave };
  function leave(place: string) {
    assigned.push(place);
  }
  vi.stubGlobal("fetch", vi.fn(fakeFetch));
  vi.stubGlobal("window", Object.assign(page, { location }));
});

afterEach(async () => {
  aborting.abort();
  await settle();
  expect(vi.getTimerCount()).toBe(0);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a stream of events", () => {
  it("hands events over, and comes back behind the last one when the connection breaks", async () => {
    void follow();
    await settle();
    expect(states).toEqual(["connecting", "live"]);
    expect(latest().lastEventId).toBeNull();
    await latest().send("retry: 1000\nid: m-7\n\n");
    await latest().send("event: job\nid: m-8\ndata: one\n\nevent: job\nid: m-9\nda");
    await latest().send("ta: two\n\n: heartbeat\n\n");
    expect(heard).toEqual(["one", "two"]);
    await latest().break();
    expect(states).toEqual(["connecting", "live", "lost"]);
    await pass(500);
    expect(states).toEqual(["connecting", "live", "lost", "live"]);
    expect(latest().lastEventId).toBe("m-9");
  });

  it("begins behind the id that it is given", async () => {
    void follow(undefined, "41");
    await settle();
    expect(latest().lastEventId).toBe("41");
  });

  it.each<[string, Answer]>([
    ["the network refuses", "refuse"],
    ["a replica leaves", 503],
    ["a proxy answers for it", 502],
  ])("waits longer and longer while %s, with jitter, and no longer than 8 s", async (_, answer) => {
    answers = Array.from({ length: 20 }, () => answer);
    vi.spyOn(Math, "random").mockReturnValue(0.999_999);
    void follow();
    const gaps: number[] = [];
    let asked = 1;
    for (let ms = 0, last = 0; gaps.length < 6; ms += 100) {
      await vi.advanceTimersByTimeAsync(100);
      if (vi.mocked(fetch).mock.calls.length > asked) {
        gaps.push(ms + 100 - last);
        [asked, last] = [asked + 1, ms + 100];
      }
    }
    expect(gaps).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    expect(states).toEqual(["connecting", "lost"]);
    vi.mocked(Math.random).mockReturnValue(0);
    await pass(8_000);
    const before = vi.mocked(fetch).mock.calls.length;
    await pass(4_000);
    expect(vi.mocked(fetch).mock.calls.length).toBe(before + 1); // half the pause, at the least
    vi.mocked(Math.random).mockRestore();
  });

  it("is lost when the server says nothing, not even that it is there", async () => {
    void follow();
    await settle();
    for (let minute = 0; minute < 4; minute++) {
      await pass(15_000);
      await latest().send(": heartbeat\n\n");
    }
    expect(states).toEqual(["connecting", "live"]);
    await pass(34_999);
    expect(states.at(-1)).toBe("live");
    await pass(1);
    expect(states.at(-1)).toBe("lost");
    expect(latest().signal.aborted).toBe(true);
    await pass(500);
    expect(states.at(-1)).toBe("live");
    expect(served.length).toBe(2);
  });

  it("is lost when no answer comes", async () => {
    answers = ["hang"];
    void follow();
    await pass(9_999);
    expect(states).toEqual(["connecting"]);
    await pass(1);
    expect(states).toEqual(["connecting", "lost"]);
    await pass(500);
    expect(states.at(-1)).toBe("live");
  });

  it("comes back at once, and is not lost, when the server ends it after a while", async () => {
    void follow();
    await settle();
    for (let times = 1; times <= 3; times++) {
      for (let minute = 0; minute < 60; minute++) {
        await pass(15_000);
        await latest().send(`id: m-${times}\n: heartbeat\n\n`);
      }
      await latest().end();
      expect(served.length).toBe(times + 1);
      expect(latest().lastEventId).toBe(`m-${times}`);
    }
    expect(states).toEqual(["connecting", "live"]);
  });

  it("does not hammer a server that ends streams as soon as they are open", async () => {
    void follow();
    await settle();
    let ends = 0;
    for (let ms = 0; ms < MINUTE_MS; ms += 250) {
      if (served.length > ends) {
        ends += 1;
        await latest().end();
      }
      await pass(250);
    }
    expect(served.length).toBeLessThan(20);
    expect(states).toContain("lost");
    await pass(8_000);
    expect(states.at(-1)).toBe("live");
    // Once a stream stays, the next loss is a new one.
    await pass(6_000);
    await latest().break();
    const before = served.length;
    await pass(500);
    expect(served.length).toBe(before + 1);
  });

  it("takes what is no stream of events for a failure", async () => {
    vi.mocked(fetch).mockResolvedValueOnce(
      new Response("<html>", { headers: { "Content-Type": "text/html" } }),
    );
    void follow();
    await settle();
    expect(states).toEqual(["connecting", "lost"]);
  });

  it("comes back as soon as the browser says that the network is back", async () => {
    answers = ["refuse", "refuse", "refuse", "refuse"];
    void follow();
    await pass(4_000);
    expect(states.at(-1)).toBe("lost");
    answers = [];
    page.dispatchEvent(new Event("online"));
    await settle();
    expect(states.at(-1)).toBe("live");
  });

  it("leads to the sign-in page when the session has ended, and is over", async () => {
    answers = [401];
    await follow();
    expect(states).toEqual(["connecting"]);
    expect(assigned).toEqual(["/signin?next=%2Fautomation%2Fjobs%2FA%3Ftab%3Dfires"]);
    await pass(MINUTE_MS);
    expect(vi.mocked(fetch).mock.calls.length).toBe(1);
  });

  it("goes on behind an event that the page cannot take", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    void follow((data) => {
      if (data === "bad") throw new Error("no");
      heard.push(data);
    });
    await settle();
    await latest().send("id: 1\ndata: bad\n\nid: 2\ndata: good\n\n");
    expect(heard).toEqual(["good"]);
    expect(states).toEqual(["connecting", "live"]);
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });

  it.each<[string, () => Promise<void>]>([
    ["while it is open", () => settle()],
    ["while it waits", () => latest().break()],
    ["while no answer comes", hang],
  ])("is over at once when it is aborted %s", async (_, prepare) => {
    const done = follow();
    await settle();
    await prepare();
    const before = vi.mocked(fetch).mock.calls.length;
    aborting.abort();
    await done;
    expect(vi.getTimerCount()).toBe(0);
    expect(served.every(({ signal }) => signal.aborted)).toBe(true);
    await pass(MINUTE_MS);
    expect(vi.mocked(fetch).mock.calls.length).toBe(before);
  });
});
