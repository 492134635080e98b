/** The state of the dialog: the job as it is now, what has been typed, and what becomes of it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../api/client";
import { jobQuery, keys } from "../../api/queries";
import { later, standing, versionOf, type Editing, type Schedule, type Version } from "./editing";
import { announce, ChangedMeanwhile, saveSchedule } from "./save";

/** Follows a job and an edit of its schedule; `onSaved` is told when it is saved. */
export function useEditing(jobId: string, onSaved: () => void) {
  const cache = useQueryClient();
  // What the page knows may be some seconds old; a change goes by what is true now.
  const { data: job, error, refetch } = useQuery({ ...jobQuery(jobId), staleTime: 0 });
  const [editing, setEditing] = useState<Editing | null>(null);
  // The server says in a refusal what the page has not heard yet.
  const [told, setTold] = useState<Version | null>(null);
  const latest = job ? later(versionOf(job), told) : null;
  const stand = latest && standing(editing, latest);

  const saving = useMutation({
    mutationFn: async ({ from, wanted }: { from: Version; wanted: Schedule }) => ({
      saved: await saveSchedule(jobId, from, wanted),
      before: from.schedule,
      wanted,
    }),
    onSuccess: ({ saved, before, wanted }) => {
      onSaved();
      announce(cache, before, wanted, saved);
    },
    onError: (fault) => {
      if (fault instanceof ChangedMeanwhile) setTold(fault.current);
      void cache.invalidateQueries({ queryKey: keys.job(jobId) });
    },
  });

  return {
    job,
    stand,
    fault: error,
    isDeleted: error instanceof ApiError && error.status === 404,
    retry: () => void refetch(),
    isSaving: saving.isPending,
    refusal: saving.error,
    /** Takes what has been typed. */
    edit: (change: Partial<Schedule>) => {
      if (!latest) return;
      saving.reset();
      setEditing((before) => {
        const { base, draft } = standing(before, latest);
        return { base, draft: { ...draft, ...change } };
      });
    },
    /** Forgets what has been typed; where somebody else has changed the schedule, theirs is taken. */
    forget: () => {
      saving.reset();
      setEditing(null);
    },
    /** Goes on with what has been typed, knowing what the others did. */
    editOn: (theirs: Version) => {
      saving.reset();
      setEditing((before) => before && { base: theirs, draft: before.draft });
    },
    /** Saves what has been typed in place of `from`. */
    save: (from: Version) => stand && saving.mutate({ from, wanted: stand.draft }),
  };
}

export type Editor = ReturnType<typeof useEditing>;
