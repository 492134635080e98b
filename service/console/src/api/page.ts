/** The page itself, as the service serves it and as somebody sees it. */

const PAGE = "/automation";
const TIMEOUT_MS = 10_000;
// The script that the page of the console begins with: another page may answer in its place.
const ENTRY = /\/assets\/index-[\w-]+\.js/;
// A browser has six connections for each service, and tabs are many: a page that is hidden gives its own up.
const HIDDEN_MS = 20_000;

/** Whether the service serves the page now. */
export async function isServed(): Promise<boolean> {
  try {
    const response = await fetch(PAGE, { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok && ENTRY.test(await response.text());
  } catch {
    return false;
  }
}

/** Tells whether the page can be seen, or could a moment ago: at once, and whenever that changes. */
export function watchSight(tell: (isSeen: boolean) => void): () => void {
  let hiding: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(() => tell(false), HIDDEN_MS);
    else tell(true);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    document.removeEventListener("visibilitychange", look);
    clearTimeout(hiding);
  };
}
