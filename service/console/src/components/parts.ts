/** Parts of the console that are loaded when they are needed, and may be gone then: a newer one has replaced them. */
import { servedEntry } from "../api/page";
import { now } from "../time/clock";

const KEY = "cronsole-reloaded";
const TRIES = "cronsole-tries";
const REST_MS = 60_000;

const missing = new WeakSet();

/** Remembers which errors are of parts that could not be loaded. */
export function watchParts(): void {
  window.addEventListener("vite:preloadError", ({ payload }) => void missing.add(payload));
  try {
    sessionStorage.removeItem(TRIES); // public/start.js counts how often the page did not get as far as this
  } catch {
    // Then it has counted nothing.
  }
}

/** Whether this error says that a part could not be loaded. */
export function isOfMissingPart(fault: unknown): boolean {
  return typeof fault === "object" && fault !== null && missing.has(fault);
}

/**
 * Loads the page anew if the service is there to serve it, and it has not just been tried; answers whether it does.
 *
 * Not otherwise: the page would be gone, and with it what it shows.
 */
export async function reloadOnce(): Promise<boolean> {
  if ((await servedEntry()) === null || !isFirstFor(REST_MS)) return false;
  window.location.reload();
  return true;
}

function isFirstFor(ms: number): boolean {
  try {
    const before = Number(sessionStorage.getItem(KEY));
    sessionStorage.setItem(KEY, String(now()));
    return Math.abs(now() - before) > ms;
  } catch {
    return false;
  }
}
