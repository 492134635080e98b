/** Which groups are folded up: remembered in this browser for the whole list, not for what was searched. */
import { useCallback, useState } from "react";

const KEY = "cronsole-closed-groups";

/** The groups that were closed when the page was last used. */
export function remembered(): ReadonlySet<string> {
  try {
    const names: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(names) ? names.filter((name) => typeof name === "string") : []);
  } catch {
    return new Set();
  }
}

/** Keeps which groups are closed, where the browser keeps anything. */
export function remember(names: ReadonlySet<string>): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([...names]));
  } catch {
    // Then they last as long as the page.
  }
}

/**
 * Returns whether a group is closed, and a function that opens or closes it.
 *
 * While something narrows the list, given as `narrowing`, every group begins open, so that nothing found is hidden.
 */
export function useClosedGroups(narrowing: string) {
  const [kept, setKept] = useState(remembered);
  const [passing, setPassing] = useState<Passing>({ narrowing, names: NONE });
  const isNarrowed = narrowing !== "";
  const ofNarrowed = passing.narrowing === narrowing ? passing.names : NONE;
  const closed = isNarrowed ? ofNarrowed : kept;
  const toggle = useCallback(
    (name: string) => {
      const names = new Set(closed);
      if (!names.delete(name)) names.add(name);
      if (isNarrowed) setPassing({ narrowing, names });
      else {
        setKept(names);
        remember(names);
      }
    },
    [closed, isNarrowed, narrowing],
  );
  return { closed, toggle };
}

const NONE: ReadonlySet<string> = new Set();

interface Passing {
  narrowing: string;
  names: ReadonlySet<string>;
}
