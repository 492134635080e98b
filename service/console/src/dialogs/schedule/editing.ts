/** What is edited in the dialog, against what: the job as it was read, as it is now, and what has been typed. */
import type { Job, JobDetail, JobPatch, JobRow } from "../../api/types";

/** What decides when a job fires, as the dialog changes it. */
export interface Schedule {
  type: Job["scheduleType"];
  /** The text as typed; empty for a MANUAL job. */
  cron: string;
  zone: string;
  policy: JobDetail["clockChangePolicy"];
}

/** The schedule of a job at one of its revisions, and who made it so. */
export interface Version {
  schedule: Schedule;
  revision: number;
  updatedBy: string;
  updatedAt: string;
}

/** What somebody types: `draft` is what they want, `base` what they saw when they began. */
export interface Editing {
  base: Version;
  draft: Schedule;
}

/** How an edit stands: `theirs` is what somebody else made of the schedule since `base`, null if nobody did. */
export interface Standing extends Editing {
  theirs: Version | null;
  isChanged: boolean;
}

export function versionOf(job: JobDetail | JobRow): Version {
  return {
    schedule: {
      type: job.scheduleType,
      cron: job.scheduleCron ?? "",
      zone: job.timeZone,
      policy: job.clockChangePolicy,
    },
    revision: job.revision,
    updatedBy: job.updatedBy,
    updatedAt: job.updatedAt,
  };
}

/** The one of the later revision; of equal ones the first. */
export function later(one: Version, other: Version | null): Version {
  return other && other.revision > one.revision ? other : one;
}

/**
 * Returns how an edit stands against the latest version of the job.
 *
 * Nobody is asked where there is nothing to decide: where nothing has been typed, where the other change does not
 * touch the schedule, and where both want the same, the latest version is what the edit is based on.
 */
export function standing(editing: Editing | null, latest: Version): Standing {
  if (!editing) return { base: latest, draft: latest.schedule, theirs: null, isChanged: false };
  const { base, draft } = editing;
  const isChanged = !isSame(draft, base.schedule);
  if (latest.revision <= base.revision) return { base, draft, theirs: null, isChanged };
  if (!isChanged) return standing(null, latest);
  if (isSame(latest.schedule, base.schedule) || isSame(latest.schedule, draft)) {
    return { base: latest, draft, theirs: null, isChanged: !isSame(draft, latest.schedule) };
  }
  return { base, draft, theirs: latest, isChanged };
}

/** The fields in which two schedules differ; a MANUAL job has no cron. */
export function differing(one: Schedule, other: Schedule): (keyof Schedule)[] {
  const fields: (keyof Schedule)[] = ["type", "cron", "zone", "policy"];
  return fields.filter((field) => valueOf(one, field) !== valueOf(other, field));
}

export function isSame(one: Schedule, other: Schedule): boolean {
  return differing(one, other).length === 0;
}

/** The merge patch that makes the schedule `from` the schedule `to`: only what differs, which decides the role it needs. */
export function patchOf(from: Schedule, to: Schedule): JobPatch {
  const patch: JobPatch = {};
  for (const field of differing(from, to)) {
    if (field === "type") patch.scheduleType = to.type;
    if (field === "cron") patch.scheduleCron = valueOf(to, "cron");
    if (field === "zone") patch.timeZone = to.zone;
    if (field === "policy") patch.clockChangePolicy = to.policy;
  }
  return patch;
}

/** A field as the row has it: the space around an expression means nothing. */
function valueOf(schedule: Schedule, field: keyof Schedule): string | null {
  if (field !== "cron") return schedule[field];
  return schedule.type === "MANUAL" ? null : schedule.cron.trim();
}
