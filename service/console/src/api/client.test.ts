import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, boundedFetch, data, errorOf, Unreachable } from "./client";
import { signIn } from "./sign_in";
import { wordsOf } from "./words";

vi.mock("./sign_in", () => ({ signIn: vi.fn() }));

const ADDRESS = "http://console/v1/console/jobs";
const PROBLEM = { type: "about:blank", title: "Conflict", status: 409, detail: "it runs", field: null };

function answer(body: BodyInit | null, status = 200, type = "application/json"): Response {
  return new Response(body, { status, headers: { "Content-Type": type } });
}

function problem(content: unknown, status = 409): Response {
  return answer(JSON.stringify(content), status, "application/problem+json; charset=utf-8");
}

/** An answer whose body never ends, and gives up with the request. */
function endless(request: Request): Response {
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('{"half'));
      request.signal.addEventListener("abort", () => controller.error(request.signal.reason));
    },
  });
  return answer(body as BodyInit);
}

beforeEach(() => vi.stubGlobal("fetch", vi.fn()));

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("an error", () => {
  it("says what the problem says", async () => {
    const fault = await errorOf(problem(PROBLEM));
    expect([fault.status, fault.message, fault.problem]).toEqual([409, "it runs", PROBLEM]);
    expect((await errorOf(problem({ ...PROBLEM, detail: null }))).message).toBe("Conflict");
    expect(wordsOf(await errorOf(problem({ ...PROBLEM, allowed: "one to nine" })))).toBe(
      "it runs; allowed: one to nine",
    );
  });

  it.each<[string, Response, string]>([
    [
      "a page",
      answer("<h1>Bad gateway</h1>", 502, "text/html"),
      "What stands before the service cannot reach it (502).",
    ],
    ["a text", answer("no", 500, "text/plain"), "The service answered 500."],
    ["nothing", new Response(null, { status: 418 }), "The service answered 418."],
    [
      "half a problem",
      answer('{"title": "Con', 409, "application/problem+json"),
      "The service answered 409.",
    ],
    ["a problem that is none", problem(null), "The service answered 409."],
    ["an unknown caller", answer(null, 401, "text/plain"), "The session has ended; sign in again."],
  ])("has words where the answer is %s", async (_, response, words) => {
    const fault = await errorOf(response);
    expect(fault).toBeInstanceOf(ApiError);
    expect(fault.problem).toBeNull();
    expect(wordsOf(fault)).toBe(words);
  });
});

describe("a fetch", () => {
  it("returns the answer whole", async () => {
    vi.mocked(fetch).mockResolvedValueOnce(answer('{"a": 1}', 201));
    const response = await boundedFetch(new Request(ADDRESS));
    expect(response.status).toBe(201);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.json()).toEqual({ a: 1 });
  });

  it("returns an answer without a body", async () => {
    vi.mocked(fetch).mockResolvedValueOnce(new Response(null, { status: 204 }));
    const response = await boundedFetch(new Request(ADDRESS, { method: "DELETE" }));
    expect([response.status, response.body]).toEqual([204, null]);
  });

  it.each([
    ["GET", "The service cannot be reached."],
    ["POST", "The service cannot be reached; it may have done it all the same."],
  ])("says that nobody answers a %s", async (method, words) => {
    vi.mocked(fetch).mockRejectedValueOnce(new TypeError("Failed to fetch"));
    const fault: unknown = await boundedFetch(new Request(ADDRESS, { method })).catch((its: unknown) => its);
    expect(fault).toBeInstanceOf(Unreachable);
    expect(wordsOf(fault)).toBe(words);
  });

  it("says so too when the answer breaks off", async () => {
    const body = new ReadableStream({
      start: (controller) => controller.error(new TypeError("network error")),
    });
    vi.mocked(fetch).mockResolvedValueOnce(answer(body as BodyInit));
    await expect(boundedFetch(new Request(ADDRESS))).rejects.toThrow(Unreachable);
  });

  it.each(["the answer", "its end"])("waits no longer than 15 s for %s", async (what) => {
    const clock = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(clock.signal);
    vi.mocked(fetch).mockImplementationOnce((request) => {
      if (what === "its end") return Promise.resolve(endless(request as Request));
      const { signal } = request as Request;
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    });
    const waiting = boundedFetch(new Request(ADDRESS)).catch((its: unknown) => its);
    clock.abort(new DOMException("out of time", "TimeoutError"));
    expect(wordsOf(await waiting)).toBe("The service has not answered for 15 seconds.");
    expect(timeout).toHaveBeenCalledWith(15_000);
  });

  it("is given up with its caller, who is told nothing of the service", async () => {
    const caller = new AbortController();
    vi.mocked(fetch).mockImplementationOnce((request) => Promise.resolve(endless(request as Request)));
    const waiting = boundedFetch(new Request(ADDRESS, { signal: caller.signal })).catch(
      (its: unknown) => its,
    );
    caller.abort();
    const fault = await waiting;
    expect(fault).not.toBeInstanceOf(ApiError);
    expect((fault as DOMException).name).toBe("AbortError");
  });
});

describe("a call", () => {
  /** Makes a call as the screens do; only a browser has addresses without a host. */
  async function call() {
    const { default: createClient } = await import("openapi-fetch");
    const { edges } = await import("./client");
    const client = createClient<Record<string, { get: object }>>({
      baseUrl: "http://console",
      fetch: boundedFetch,
    });
    client.use(edges);
    return data(client.GET("/v1/console/session") as Promise<{ data?: unknown }>);
  }

  it("returns what the service answers", async () => {
    vi.mocked(fetch).mockResolvedValueOnce(answer('{"role": "viewer"}'));
    expect(await call()).toEqual({ role: "viewer" });
  });

  it("leads to the sign-in page when the session has ended", async () => {
    vi.mocked(fetch).mockResolvedValueOnce(
      problem({ ...PROBLEM, status: 401, detail: "a token is needed" }, 401),
    );
    await expect(call()).rejects.toMatchObject({ status: 401, message: "a token is needed" });
    expect(signIn).toHaveBeenCalledOnce();
  });

  it("does not take somebody else's page for an answer", async () => {
    vi.mocked(fetch).mockResolvedValueOnce(answer("<h1>Sign in to the network</h1>", 200, "text/html"));
    await expect(call()).rejects.toThrow("Something other than the service has answered.");
  });

  it("does not take half an answer for one", async () => {
    vi.mocked(fetch).mockResolvedValueOnce(answer('{"role": "vie'));
    await expect(call()).rejects.toThrow();
  });
});
