import { afterEach, expect, test, vi } from "vitest";
import { remember, remembered } from "./closed_groups";

afterEach(() => vi.unstubAllGlobals());

test("a browser that keeps nothing is no error: no group is closed", () => {
  const refuse = () => {
    throw new DOMException("the storage is off", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse });
  remember(new Set(["A"]));
  expect(remembered()).toEqual(new Set());
});

test("what is kept is found again", () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => kept.set(key, text),
  });
  remember(new Set(["A", "B"]));
  expect(remembered()).toEqual(new Set(["A", "B"]));
});
