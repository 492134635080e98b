/**
 * The one clock of the console: nothing else asks what time it is.
 *
 * It follows the server's clock where the browser's is off, so that a countdown ends when the job fires.
 */
import { useSyncExternalStore } from "react";

const TICK_MS = 1000;
// The Date header has whole seconds, so less than this says nothing about the browser's clock.
const NOTICEABLE_MS = 2000;

let offsetMs = 0;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The present instant in milliseconds since 1970, by the server's clock. */
export function now(): number {
  return Date.now() + offsetMs;
}

/** Learns from an answer's Date header how far the browser's clock is off. */
export function followServer(dateHeader: string | null): void {
  const server = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(server)) return;
  const measured = server + 500 - Date.now();
  offsetMs = Math.abs(measured) < NOTICEABLE_MS ? 0 : measured;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/**
 * Follows what `read` makes of the present instant; looks every second, and renders only where it differs.
 *
 * `read` returns a primitive: a text such as "in 3 min", or a number of whole seconds.
 */
export function useNow<T extends string | number | boolean>(read: (nowMs: number) => T): T {
  return useSyncExternalStore(subscribe, () => read(now()));
}
