/** A new job as the form holds it, and the request that a filled-in form means. */
import type { JobCreation } from "../../api/types";
import { objectIn } from "../params";
import type { Schedule } from "../schedule/editing";

export interface NewJob {
  displayName: string;
  /** Null: it follows from the name. */
  jobId: string | null;
  jobGroup: string;
  description: string;
  handler: string;
  params: string;
}

export type Faults = Partial<Record<keyof NewJob, string>>;

export const EMPTY: NewJob = {
  displayName: "",
  jobId: null,
  jobGroup: "",
  description: "",
  handler: "",
  params: "{}",
};

const LONGEST_ID = 50;
// As the schema has them.
const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const HANDLER = /^[a-z][a-z0-9_.]*$/;

/** Makes an id of a name: "Prix du café (soir)" becomes PRIX_DU_CAFE_SOIR. */
export function idFrom(name: string): string {
  const plain = name.normalize("NFD").replace(/\p{Diacritic}/gu, "");
  const words = plain.toUpperCase().match(/[A-Z0-9]+/g) ?? [];
  return words.join("_").slice(0, LONGEST_ID).replace(/_+$/, "");
}

export function idOf({ jobId, displayName }: NewJob): string {
  return jobId ?? idFrom(displayName);
}

/** Returns the request, and what is wrong before it is sent; the server has the last word. */
export function creationOf(job: NewJob, schedule: Schedule): { body: JobCreation; faults: Faults } {
  const faults: Faults = {};
  const jobId = idOf(job).trim();
  if (job.displayName.trim() === "") faults.displayName = "a job needs a name";
  if (jobId === "") faults.jobId = "a job needs an id";
  else if (!ID.test(jobId)) faults.jobId = "allowed: letters, digits, _ . and -, a letter or digit first";
  const handler = job.handler.trim();
  if (handler === "") faults.handler = "a job needs a handler";
  else if (!HANDLER.test(handler)) faults.handler = "allowed: a to z, digits, _ and ., a letter first";
  const params = objectIn(job.params.trim() || "{}");
  if (typeof params === "string") faults.params = params;
  const body: JobCreation = {
    jobId,
    displayName: job.displayName.trim(),
    handler,
    scheduleType: schedule.type,
    timeZone: schedule.zone,
    clockChangePolicy: schedule.policy,
    ...(schedule.type === "CRON" && { scheduleCron: schedule.cron.trim() }),
    ...(job.jobGroup.trim() !== "" && { jobGroup: job.jobGroup.trim() }),
    ...(job.description.trim() !== "" && { description: job.description.trim() }),
    ...(typeof params !== "string" && { params }),
  };
  return { body, faults };
}
