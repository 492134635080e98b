/** What the screen shows: span, place, group, text, zone, what is asked about; the address follows, and is followed. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { NavigationType, useHref, useLocation, useNavigate, useNavigationType } from "react-router";
import { now, useNow } from "../../time/clock";
import { searchOf, shownOf, withInstant, type Shown } from "./address";
import { followingStart, viewOf } from "./view";

// Keys and drags come faster than a browser takes new addresses.
const REST_MS = 150;

export function useView() {
  const location = useLocation();
  const navigate = useNavigate();
  const kind = useNavigationType();
  const here = useHref(location.pathname);
  const [shown, setShown] = useState(() => withInstant(shownOf(location.search), now()));
  const [known, setKnown] = useState(location.key);
  if (known !== location.key) {
    setKnown(location.key);
    // What we have written is followed all the same when Back leads to it.
    const isOurs = kind === NavigationType.Replace && (location.state as { isOurs?: boolean } | null)?.isOurs;
    if (!isOurs) setShown(withInstant(shownOf(location.search), now()));
  }
  useEffect(() => {
    const search = searchOf(shown);
    if (search === searchOf(shownOf(location.search))) return;
    const timer = setTimeout(() => {
      // Whoever has followed a link is elsewhere already, though its screen may still be loading.
      if (window.location.pathname !== here) return;
      void navigate({ search }, { replace: true, state: { isOurs: true }, preventScrollReset: true });
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [shown, location.search, here, navigate]);

  const { span, start } = shown;
  const followed = useNow((nowMs) => followingStart(nowMs, span));
  const view = useMemo(() => viewOf(start, span, followed), [start, span, followed]);
  const change = useCallback((some: Partial<Shown>) => setShown((before) => ({ ...before, ...some })), []);
  return { shown, view, change };
}

/** Returns the value as it is once it has rested; the first at once. */
export function useSettled<T>(value: T, key: string): T {
  const [settled, setSettled] = useState({ value, key });
  useEffect(() => {
    if (settled.key === key) return;
    const timer = setTimeout(() => setSettled({ value, key }), REST_MS);
    return () => clearTimeout(timer);
  }, [value, key, settled.key]);
  return settled.value;
}
