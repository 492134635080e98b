/** Whether somebody sees the page. */

// A browser has six connections for each service, and tabs are many: a page that is hidden gives its own up.
const HIDDEN_MS = 20_000;

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
