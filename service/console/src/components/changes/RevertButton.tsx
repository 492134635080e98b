/** The way back to before a change: shows what it would do to the job as it is now, and asks. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { revert } from "../../api/changes";
import { jobIfAnyQuery, keys } from "../../api/queries";
import type { Change } from "../../api/types";
import { wordsOf } from "../../api/words";
import { Button } from "../Button";
import { Confirm, DialogAlert } from "../Dialog";
import { Failure } from "../Failure";
import { Loading } from "../Loading";
import { notify } from "../toast_queue";
import { inForceWords } from "../in_force";
import { Difference } from "./Difference";
import { differences } from "./values";

export function RevertButton({ change }: { change: Change }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button isSmall onPress={() => setIsOpen(true)}>
        {change.operation === "DELETE" ? "Bring back …" : "Revert …"}
      </Button>
      {isOpen && <RevertDialog change={change} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function RevertDialog({ change, onClose }: { change: Change; onClose: () => void }) {
  const { jobId, before } = change;
  const cache = useQueryClient();
  const { data: job, error, isPending } = useQuery({ ...jobIfAnyQuery(jobId), staleTime: 0 });
  const isDeleted = job === null;
  const mutation = useMutation({
    mutationFn: () => revert(change, job?.revision ?? null),
    onSuccess: (after) => {
      onClose();
      void cache.invalidateQueries({ queryKey: keys.changes });
      void cache.invalidateQueries({ queryKey: keys.job(jobId) });
      void cache.invalidateQueries({ queryKey: keys.jobs });
      notify({ tone: "success", title: `${jobId} is as it was before`, text: inForceWords(after.inForce) });
    },
  });
  const altered = job && before ? differences(job, before) : [];
  return (
    <Confirm
      title={
        <>
          Back to before this change of <bdi>{jobId}</bdi>?
        </>
      }
      isOpen
      look="primary"
      confirm={isDeleted ? "Bring the job back" : "Revert"}
      isBusy={mutation.isPending || job === undefined || (job !== null && altered.length === 0)}
      onConfirm={() => mutation.mutate()}
      onClose={onClose}
    >
      {isPending && <Loading what="the job as it is now" />}
      {isDeleted && <p>The job has been deleted. It comes back as it was before this change.</p>}
      {error && <Failure fault={error} what="the job as it is now" />}
      {job && altered.length === 0 && <p>The job is already as it was before this change.</p>}
      {altered.length > 0 && (
        <>
          <p>
            The job becomes what it was before this change; what was changed since then is taken back, too.
            This alters:
          </p>
          <Difference changes={altered} />
        </>
      )}
      {mutation.error && (
        <DialogAlert>
          <strong>Not reverted.</strong> <bdi>{wordsOf(mutation.error)}</bdi>
        </DialogAlert>
      )}
    </Confirm>
  );
}
