/** Leads back to where in the list somebody was, when they come back from a job. */
import { useEffect, useLayoutEffect } from "react";
import { NavigationType, useLocation, useNavigationType } from "react-router";

// By the entry of the browser's history; gone with the page.
const left = new Map<string, number>();

export function useKeptScroll(): void {
  const { key } = useLocation();
  const isBack = useNavigationType() === NavigationType.Pop;
  useLayoutEffect(() => () => void left.set(key, window.scrollY), [key]);
  useEffect(() => {
    const top = isBack ? left.get(key) : undefined;
    if (top === undefined || top === 0) return;
    // The shell goes to the top of every new screen; this comes after it.
    const frame = requestAnimationFrame(() => window.scrollTo(0, top));
    return () => cancelAnimationFrame(frame);
    // Only when the screen appears; later changes of the address are filters.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
}
