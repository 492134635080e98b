/* global HTMLLinkElement, HTMLScriptElement, addEventListener, document, localStorage, location, sessionStorage, setTimeout */
/**
 * Runs before anything is painted, and whether or not the console itself can be loaded. Its name has no digest, so
 * that a page of any version finds it.
 */
(() => {
  const TRIES = "cronsole-tries";
  const MOST_TRIES = 3;

  // A choice that has been made must not flash up in the other colours first. src/components/theme.ts keeps it.
  try {
    document.documentElement.dataset.theme = localStorage.getItem("cronsole-theme") ?? "system";
  } catch {
    // A browser that keeps nothing has no choice to apply.
  }

  /** Counts a try; answers whether it was one too many. */
  function isLastTry() {
    try {
      const tries = Number(sessionStorage.getItem(TRIES)) + 1;
      sessionStorage.setItem(TRIES, String(tries));
      return tries > MOST_TRIES;
    } catch {
      return true;
    }
  }

  // While a new version is rolled out, a page of one version may be asked for by parts of another, which are 404.
  addEventListener(
    "error",
    ({ target }) => {
      const root = document.getElementById("root");
      const isPart = target instanceof HTMLScriptElement || target instanceof HTMLLinkElement;
      if (!isPart || target.rel === "icon" || !root || root.childElementCount > 0 || root.textContent) return;
      const isOver = isLastTry();
      root.setAttribute("role", "alert");
      root.textContent = isOver
        ? "The console could not be loaded. The service may just be restarting: load the page again in a moment."
        : "The console is being updated, and is loaded again in a moment …";
      if (!isOver) setTimeout(() => location.reload(), 1_000);
    },
    true,
  );
})();
