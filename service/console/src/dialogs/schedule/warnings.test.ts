import { describe, expect, test } from "vitest";
import { overlapWarning, shortestInterval } from "./warnings";

const MINUTE = 60_000;

function minutely(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    new Date(Date.UTC(2026, 10, 24, 12, index)).toISOString(),
  );
}

const FIRES = minutely(10);

describe("runs longer than the time between fires", () => {
  test.each([
    ["SKIP", "with the overlap policy SKIP, 7 of the next 10 fires will be skipped."],
    [
      "QUEUE",
      "with the overlap policy QUEUE, 3 of the next 10 fires will start late, and 6 will be skipped, because one waits already.",
    ],
    ["ALLOW", "with the overlap policy ALLOW, up to 4 runs will go on at once."],
    ["REPLACE", "with the overlap policy REPLACE, 9 of the next 10 fires will cancel the run before them."],
  ] as const)("under %s", (policy, consequence) => {
    const warning = overlapWarning(FIRES, 4 * MINUTE, policy);
    expect(warning).toBe(`Runs take 4 min at p95, fires come each 1 min: ${consequence}`);
  });

  test("are warned of by the shortest interval", () => {
    const fires = [FIRES[0] ?? "", FIRES[1] ?? "", FIRES[9] ?? ""];
    expect(shortestInterval(fires)).toBe(MINUTE);
    expect(overlapWarning(fires, 90_000, "SKIP")).toBe(
      "Runs take 1 min 30 s at p95, fires come each 1 min: with the overlap policy SKIP, 1 of the next 3 fires will be skipped.",
    );
  });

  test("are none where they fit, or nobody knows how long they take", () => {
    expect(overlapWarning(FIRES, MINUTE, "SKIP")).toBeNull();
    expect(overlapWarning(FIRES, null, "SKIP")).toBeNull();
    expect(overlapWarning(FIRES.slice(0, 1), MINUTE, "SKIP")).toBeNull();
  });
});
