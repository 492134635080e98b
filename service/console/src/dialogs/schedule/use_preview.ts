/** The server's preview of what is being typed: asked for when the typing pauses, the last one kept meanwhile. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { previewQuery } from "../../api/schedules";
import type { Preview } from "../../api/types";
import { LONGEST_EXPRESSION } from "./cron_text";
import type { Schedule, Standing } from "./editing";

const PAUSE_MS = 150;

export interface PreviewState {
  /** The latest preview that there is; null before the first. */
  preview: Preview | null;
  /** The zone that it was asked for. */
  zone: string;
  /** Another one is on its way: this one is of what was typed before. */
  isOld: boolean;
  /** Why there is none, where the server did not say so in a preview. */
  fault: unknown;
  /** What is wrong with the schedule: as the server said last, or because it is not worth asking. */
  error: Preview["error"];
  retry: () => void;
}

const NOTHING: Schedule = { type: "MANUAL", cron: "", zone: "UTC", policy: "ONCE" };

/** Follows what has been typed; before that is known there is no preview, and none of a job without a schedule. */
export function usePreview(jobId: string, stand: Standing | null): PreviewState {
  const { type, zone, policy, ...draft } = stand?.draft ?? NOTHING;
  const cron = draft.cron.trim();
  const revision = stand?.base.revision ?? 0;
  const own = type === "CRON" ? ownError(cron) : null;
  const wanted = JSON.stringify([cron, zone, policy]);
  const settled = useSettled(wanted, PAUSE_MS);
  const [settledCron, settledZone, settledPolicy] = JSON.parse(settled) as [
    string,
    string,
    Schedule["policy"],
  ];
  const { data, isPlaceholderData, error, refetch } = useQuery({
    ...previewQuery({ jobId, revision, cron: settledCron, zone: settledZone, policy: settledPolicy }),
    enabled: type === "CRON" && ownError(settledCron) === null,
  });
  const isOld = type === "CRON" && own === null && (settled !== wanted || isPlaceholderData);
  return {
    preview: own === null ? (data?.preview ?? null) : null,
    zone: data?.zone ?? zone,
    isOld,
    fault: error,
    error: own ?? data?.preview.error ?? null,
    retry: () => void refetch(),
  };
}

/** What is wrong without asking: the server would take an empty text for the job's own. */
function ownError(cron: string): Preview["error"] {
  if (cron === "") {
    return {
      field: "cron",
      message: "there is no expression yet",
      hint: "write one, or choose a common schedule",
    };
  }
  if (cron.length <= LONGEST_EXPRESSION) return null;
  const message = `the cron expression has more than ${LONGEST_EXPRESSION} characters`;
  return { field: "cron", message, hint: "shorten it, or spread it over two jobs" };
}

/** A value, once it has been the same for so long. */
function useSettled(value: string, pauseMs: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return settled;
}
