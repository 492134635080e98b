/** Saves a schedule unless somebody else has changed it, says where it is in force, and takes it back. */
import type { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../../api/client";
import { keys } from "../../api/queries";
import { patchJob } from "../../api/job_patch";
import type { JobDetail } from "../../api/types";
import { wordsOf } from "../../api/words";
import { inForceWords } from "../../components/in_force";
import { notify } from "../../components/toast_queue";
import { isSame, patchOf, versionOf, type Schedule, type Version } from "./editing";
import { policyWords } from "./policies";

/** Somebody else has changed the schedule; `current` is what it is now. */
export class ChangedMeanwhile extends Error {
  constructor(readonly current: Version) {
    super(`${current.updatedBy} has changed the schedule`);
    this.name = "ChangedMeanwhile";
  }
}

const MOST_ATTEMPTS = 3;

/**
 * Makes the schedule of a job `to`, if it is still what it was at `from`.
 *
 * A change by somebody else that leaves the schedule alone, such as a description, is no reason to refuse: it is
 * asked again with the revision that there is now. Throws ChangedMeanwhile, ApiError.
 */
export async function saveSchedule(jobId: string, from: Version, to: Schedule): Promise<JobDetail> {
  const patch = patchOf(from.schedule, to);
  let { revision } = from;
  for (let attempt = 1; ; attempt++) {
    try {
      return await patchJob(jobId, patch, revision);
    } catch (fault) {
      const row = fault instanceof ApiError && fault.status === 412 ? fault.problem?.current : null;
      if (!row) throw fault;
      const current = versionOf(row);
      if (attempt === MOST_ATTEMPTS || !isSame(current.schedule, from.schedule)) {
        throw new ChangedMeanwhile(current);
      }
      revision = current.revision;
    }
  }
}

/** Says that a schedule is saved, and offers the way back to `before`. */
export function announce(cache: QueryClient, before: Schedule, wanted: Schedule, saved: JobDetail): void {
  refresh(cache, saved.name);
  const after = versionOf(saved);
  // Somebody may have been quicker than the answer; what is theirs is not for us to take back.
  const isOurs = isSame(after.schedule, wanted);
  notify({
    tone: "success",
    title: inForce(saved),
    text: `${saved.name}: ${inWords(before)} → ${inWords(wanted)}`,
    ...(isOurs && { action: { name: "Undo", onAction: () => void undo(cache, saved.name, after, before) } }),
  });
}

async function undo(cache: QueryClient, jobId: string, from: Version, before: Schedule): Promise<void> {
  try {
    const saved = await saveSchedule(jobId, from, before);
    notify({ tone: "success", title: `Undone. ${inForce(saved)}`, text: `${jobId}: ${inWords(before)}` });
  } catch (fault) {
    const text =
      fault instanceof ChangedMeanwhile
        ? `${fault.message} of ${jobId} meanwhile: ${inWords(fault.current.schedule)}`
        : `${jobId}: ${wordsOf(fault)}`;
    notify({ tone: "failed", title: "Not undone", text });
  } finally {
    refresh(cache, jobId);
  }
}

/** "Schedule in force on 3 of 3 replicas after 12 ms". */
function inForce({ inForce: found }: JobDetail): string {
  const words = inForceWords(found);
  return found?.of ? `Schedule ${words.charAt(0).toLowerCase()}${words.slice(1)}` : words;
}

/** A schedule in one line. */
export function inWords({ type, cron, zone, policy }: Schedule): string {
  if (type === "MANUAL") return "no schedule";
  return `${cron.trim()} in ${zone}${policy === "WALL" ? `, ${policyWords(policy)}` : ""}`;
}

function refresh(cache: QueryClient, jobId: string): void {
  for (const queryKey of [keys.job(jobId), keys.jobs, keys.changes, keys.timeline]) {
    void cache.invalidateQueries({ queryKey });
  }
}
