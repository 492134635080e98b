/** What the screen shows: span, place, group, text and zone; the address follows, and is followed. */
import { useEffect, useMemo, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useNow } from "../../time/clock";
import { searchOf, shownOf, type Shown } from "./address";
import { followingStart, viewOf } from "./view";

// Keys and drags come faster than a browser takes new addresses.
const REST_MS = 150;

export function useView() {
  const location = useLocation();
  const navigate = useNavigate();
  const [shown, setShown] = useState(() => shownOf(location.search));
  const [known, setKnown] = useState(location.key);
  if (known !== location.key) {
    setKnown(location.key);
    const isOurs = (location.state as { isOurs?: boolean } | null)?.isOurs;
    if (!isOurs) setShown(shownOf(location.search));
  }
  useEffect(() => {
    const search = searchOf(shown);
    if (search === searchOf(shownOf(location.search))) return;
    const timer = setTimeout(() => {
      void navigate({ search }, { replace: true, state: { isOurs: true }, preventScrollReset: true });
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [shown, location.search, navigate]);

  const { span, start } = shown;
  const followed = useNow((nowMs) => followingStart(nowMs, span));
  const view = useMemo(() => viewOf(start, span, followed), [start, span, followed]);
  const change = (some: Partial<Shown>) => setShown((before) => ({ ...before, ...some }));
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
