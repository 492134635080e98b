/** The page itself: whether the service still serves it, and whether it is this one or a newer. */

const PAGE = "/automation";
const TIMEOUT_MS = 10_000;
const ENTRY = /\/assets\/index-[\w-]+\.js/;

/** The name of the script that the service's page begins with now; null where it cannot be told. */
export async function servedEntry(): Promise<string | null> {
  try {
    const response = await fetch(PAGE, { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? entryIn(await response.text()) : null;
  } catch {
    return null;
  }
}

/** The name of the script that this page began with. */
export function ownEntry(): string | null {
  return entryIn(document.querySelector<HTMLScriptElement>('script[type="module"]')?.src ?? "");
}

function entryIn(text: string): string | null {
  return ENTRY.exec(text)?.[0] ?? null;
}
