/** Calls of the API: typed by its own description, bounded in time, and with errors that say what to do. */
import createClient, { type Middleware } from "openapi-fetch";
import { followServer } from "../time/clock";
import { signIn } from "./sign_in";
import type { paths, Problem } from "./types";

const TIMEOUT_MS = 15_000;
const READS = ["GET", "HEAD"];
// Answers of these statuses have no body, and a Response refuses one.
const WITHOUT_BODY = [204, 205, 304];

/** A refusal or failure; `problem` is what the server said (RFC 9457), null where that was nothing of ours. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** No answer came: the network, the replica, or the time. */
export class Unreachable extends ApiError {
  constructor(message: string) {
    super(0, null, message);
    this.name = "Unreachable";
  }
}

/**
 * Fetches an answer with all of its body in time.
 *
 * Throws Unreachable, or what `fetch` throws where the caller itself has given up.
 */
export async function boundedFetch(request: Request): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const bounded = new Request(request, { signal: AbortSignal.any([request.signal, timeout]) });
    const { status, statusText, headers, ...answer } = await whole(await fetch(bounded));
    return new Response(WITHOUT_BODY.includes(status) ? null : answer.body, { status, statusText, headers });
  } catch (fault) {
    if (request.signal.aborted) throw fault; // nobody waits for it any more
    const what = timeout.aborted
      ? `The service has not answered for ${TIMEOUT_MS / 1000} seconds`
      : "The service cannot be reached";
    const isChange = !READS.includes(request.method);
    throw new Unreachable(isChange ? `${what}; it may have done it all the same.` : `${what}.`);
  }
}

async function whole(response: Response) {
  const { status, statusText, headers } = response;
  return { status, statusText, headers, body: await response.arrayBuffer() };
}

/** What every answer goes through. */
export const edges: Middleware = {
  async onResponse({ response }) {
    followServer(response.headers.get("Date"));
    if (response.status === 401) signIn();
    if (!response.ok) throw await errorOf(response);
    const isOurs = response.status === 204 || typeOf(response).startsWith("application/json");
    if (!isOurs) throw new ApiError(response.status, null, "Something other than the service has answered.");
  },
};

/** Reads what an answer that is no success says; what cannot be read is left out. */
export async function errorOf(response: Response): Promise<ApiError> {
  const problem = typeOf(response).startsWith("application/problem+json") ? await problemOf(response) : null;
  const words = problem?.detail ?? problem?.title ?? wordsOfStatus(response.status);
  return new ApiError(response.status, problem, words);
}

async function problemOf(response: Response): Promise<Problem | null> {
  try {
    const problem: unknown = await response.json();
    return typeof problem === "object" && problem !== null ? (problem as Problem) : null;
  } catch {
    return null;
  }
}

function wordsOfStatus(status: number): string {
  if (status === 401) return "The session has ended; sign in again.";
  if (status >= 502 && status <= 504) return `What stands before the service cannot reach it (${status}).`;
  return `The service answered ${status}.`;
}

function typeOf(response: Response): string {
  return response.headers.get("Content-Type")?.toLowerCase() ?? "";
}

export const api = createClient<paths>({
  baseUrl: "/",
  fetch: boundedFetch,
  // Of several values the API wants a list with commas; it refuses a parameter that comes twice.
  querySerializer: { array: { style: "form", explode: false } },
});
api.use(edges);

/** Returns the data of an answer; errors have been thrown before. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data: found } = await call;
  return found as T;
}
