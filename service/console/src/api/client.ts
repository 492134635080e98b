/** Calls of the API: typed by its own description, bounded in time, and with errors that say what to do. */
import createClient, { type Middleware } from "openapi-fetch";
import { followServer } from "../time/clock";
import type { paths, Problem } from "./types";

const TIMEOUT_MS = 15_000;

/** A refusal or failure; `problem` is what the server said (RFC 9457), null where no answer came. */
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

/** Leads to the sign-in page, and from there back to where the user is. */
export function signIn(): void {
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/signin?next=${encodeURIComponent(here)}`);
}

async function boundedFetch(request: Request): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(new Request(request, { signal: AbortSignal.any([request.signal, timeout]) }));
  } catch (fault) {
    if (request.signal.aborted) throw fault; // nobody waits for it any more
    if (timeout.aborted)
      throw new Unreachable(`The service has not answered for ${TIMEOUT_MS / 1000} seconds.`);
    throw new Unreachable("The service cannot be reached.");
  }
}

const edges: Middleware = {
  async onResponse({ response }) {
    followServer(response.headers.get("Date"));
    if (response.ok) return;
    if (response.status === 401) signIn();
    throw await errorOf(response);
  },
};

/** Reads what an answer that is no success says. */
export async function errorOf(response: Response): Promise<ApiError> {
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  const problem = isProblem ? ((await response.json()) as Problem) : null;
  const words = problem?.detail ?? problem?.title ?? `The service answered ${response.status}.`;
  return new ApiError(response.status, problem, words);
}

export const api = createClient<paths>({ baseUrl: "/", fetch: boundedFetch });
api.use(edges);

/** Returns the data of an answer; errors have been thrown before. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data: found } = await call;
  return found as T;
}
