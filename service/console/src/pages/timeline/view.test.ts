import { expect, test } from "vitest";
import {
  followingStart,
  neighbour,
  panned,
  readingOf,
  SPANS,
  spanOf,
  startOf,
  viewOf,
  zoomedStart,
} from "./view";

const NOON = Date.parse("2026-11-24T12:00:00Z");

test.each(SPANS)("$name: what is read covers the view, and is no longer than the API allows", (span) => {
  for (let start = NOON; start < NOON + span.ms; start += span.ms / 97) {
    const view = viewOf(start, span, NOON);
    const { from, to } = readingOf(view);
    expect(from).toBeLessThanOrEqual(view.from);
    expect(to).toBeGreaterThanOrEqual(view.to);
    expect(to - from).toBeLessThanOrEqual(7 * 24 * 3_600_000);
  }
});

test("a view that follows has the present instant in its right third", () => {
  for (const span of SPANS) {
    const view = viewOf(null, span, followingStart(NOON, span));
    expect(view.isFollowing).toBe(true);
    expect((NOON - view.from) / span.ms).toBeCloseTo(0.7, 1);
  }
});

test("there and back is the same place", () => {
  const view = viewOf(NOON, spanOf("6h"), 0);
  const there = viewOf(panned(view, 0.25), view.span, 0);
  expect(there.from - view.from).toBe(1.5 * 3_600_000);
  expect(panned(there, -0.25)).toBe(view.from);
});

test("zooming keeps an instant in its place", () => {
  const view = viewOf(NOON, spanOf("24h"), 0);
  const middle = (view.from + view.to) / 2;
  const nearer = viewOf(zoomedStart(view, spanOf("6h"), middle), spanOf("6h"), 0);
  expect((nearer.from + nearer.to) / 2).toBe(middle);
});

test("spans have an end on either side", () => {
  expect(neighbour(spanOf("1h"), -1)).toBeNull();
  expect(neighbour(spanOf("7d"), 1)).toBeNull();
  expect(neighbour(spanOf("3d"), 1)?.id).toBe("7d");
});

test.each([null, "", "soon", "1960-01-01T00:00:00Z", "9999-01-01T00:00:00Z"])("%j begins nowhere", (text) =>
  expect(startOf(text)).toBeNull(),
);
