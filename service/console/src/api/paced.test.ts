import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Paced } from "./paced";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the first is read at once, all of the next together after the rest", async () => {
  const read = vi.fn(() => Promise.resolve());
  const paced = new Paced(read, 2000);
  for (let asked = 0; asked < 10; asked++) paced.ask();
  expect(read).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1999);
  expect(read).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(read).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(read).toHaveBeenCalledTimes(2);
});

test("a long reading is not begun anew, and the rest comes behind it", async () => {
  let end: () => void = vi.fn();
  const read = vi.fn(() => new Promise<void>((resolve) => (end = resolve)));
  const paced = new Paced(read, 2000);
  paced.ask();
  await vi.advanceTimersByTimeAsync(5000);
  paced.ask();
  expect(read).toHaveBeenCalledTimes(1);
  end();
  await vi.advanceTimersByTimeAsync(2000);
  expect(read).toHaveBeenCalledTimes(2);
});

test("nothing is read once it is stopped", async () => {
  const read = vi.fn(() => Promise.resolve());
  const paced = new Paced(read, 2000);
  paced.ask();
  paced.ask();
  paced.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(read).toHaveBeenCalledTimes(1);
});
