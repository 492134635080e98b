/** The way to the sign-in page, which is the service's own and no part of the console. */

const LEAVING_MS = 5_000;

let leftAt = -LEAVING_MS;

/** Leads to the sign-in page, and from there back to where the user is. */
export function signIn(): void {
  // Every call that is under way finds out that the session has ended; the first leads away.
  if (performance.now() - leftAt < LEAVING_MS) return;
  leftAt = performance.now();
  const { pathname, search, hash } = window.location;
  window.location.assign(`/signin?next=${encodeURIComponent(pathname + search + hash)}`);
}

/** Loads a page anew that was left and is brought back by the browser: its session may be over. */
export function watchForReturn(): void {
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) window.location.reload();
  });
}
