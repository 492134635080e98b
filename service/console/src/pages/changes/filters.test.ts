import { expect, test } from "vitest";
import { filterOf } from "./filters";

test("what stands in the address is asked for", () => {
  const asked = new URLSearchParams("job=A&by=ada&operation=UPDATE&from=2026-11-01&to=2026-11-02");
  const { from, to, ...rest } = filterOf(asked);
  expect(rest).toEqual({ jobId: "A", actor: "ada", operation: "UPDATE" });
  expect(Date.parse(to ?? "") - Date.parse(from ?? "")).toBe(2 * 86_400_000);
});

test("what is no filter is left alone", () => {
  expect(filterOf(new URLSearchParams("job=&operation=EXPLODE&from=soon&to=2026-99"))).toEqual({});
});
