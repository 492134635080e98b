import { expect, test } from "vitest";
import type { JobDetail } from "../../api/types";
import { commandsFor } from "./commands";

function commandsOf(job: Partial<JobDetail>) {
  const commands = commandsFor(
    { name: "A", scheduleCron: null, enabled: true, ...job } as JobDetail,
    "http://here",
  );
  return Object.fromEntries(commands.map((command) => [command.what, command]));
}

test("the schedule is written into both, as each of them quotes", () => {
  const command = commandsOf({ name: "A", scheduleCron: "0 */5 * * * MON-FRI" })["Change the schedule"];
  expect(command?.curl).toContain(
    "'http://here/v1/console/jobs/A/schedule?wait=2000&cron=0%20*%2F5%20*%20*%20*%20MON-FRI'",
  );
  expect(command?.psql).toBe("UPDATE jobs SET schedule_cron = '0 */5 * * * MON-FRI' WHERE job_id = 'A';");
});

test("a quote in a text ends nothing", () => {
  expect(commandsOf({ name: "it's" })["Run now"]?.psql).toBe("SELECT trigger_job('it''s');");
  expect(commandsOf({ name: "it's" })["Run now"]?.curl).toContain("it'\\''s");
});

test("what is enabled can be disabled, and the other way round", () => {
  expect(commandsOf({ enabled: true })["Disable"]?.psql).toContain("enabled = false");
  expect(commandsOf({ enabled: false })["Enable"]?.curl).toContain("enabled=true");
});
