/** What a new job is, and what it runs. */
import { useQuery } from "@tanstack/react-query";
import { handlersQuery, jobsQuery } from "../../api/queries";
import { TextField } from "../../components/fields";
import { groupsOf } from "../../components/groups";
import { PARAMS_HINT } from "../params";
import { declaredNames } from "../run/parameters";
import { idOf, type Faults, type NewJob } from "./new_job";
import { SuggestField } from "./SuggestField";

interface JobFieldsProps {
  job: NewJob;
  faults: Faults;
  onChange: (some: Partial<NewJob>) => void;
}

export function JobFields({ job, faults, onChange }: JobFieldsProps) {
  const { data: jobs } = useQuery(jobsQuery);
  const groups = groupsOf(jobs ?? []);
  return (
    <>
      <TextField
        label="Name"
        value={job.displayName}
        error={faults.displayName}
        onChange={(displayName) => onChange({ displayName })}
        autoFocus
        maxLength={100}
      />
      <TextField
        label="Id"
        hint="Stays for ever: history, links and other programs go by it."
        value={idOf(job)}
        error={faults.jobId}
        onChange={(jobId) => onChange({ jobId })}
        isCode
        spellCheck="false"
        maxLength={50}
      />
      <SuggestField
        label="Group"
        placeholder="DEFAULT"
        value={job.jobGroup}
        error={faults.jobGroup}
        suggestions={groups.map((id) => ({ id }))}
        onChange={(jobGroup) => onChange({ jobGroup })}
      />
      <TextField
        label="Description"
        value={job.description}
        error={faults.description}
        onChange={(description) => onChange({ description })}
        rows={2}
        maxLength={4000}
      />
      <HandlerField job={job} faults={faults} onChange={onChange} />
      <TextField
        label="Parameters"
        hint={PARAMS_HINT}
        value={job.params}
        error={faults.params}
        onChange={(params) => onChange({ params })}
        isCode
        rows={4}
        spellCheck="false"
      />
    </>
  );
}

/** A handler that a replica knows, or any other: a row may come before the deployment. */
function HandlerField({ job, faults, onChange }: JobFieldsProps) {
  const { data: handlers } = useQuery(handlersQuery);
  const chosen = handlers?.find(({ name }) => name === job.handler.trim());
  const isUnknown = handlers !== undefined && chosen === undefined && job.handler.trim() !== "";
  const takes = declaredNames(chosen?.paramsSchema);
  return (
    <SuggestField
      label="Handler"
      value={job.handler}
      error={faults.handler}
      hint={
        isUnknown
          ? "No live replica knows it. The job can be made, and does not run until one does."
          : [chosen?.description, takes.length > 0 && `Takes the parameters ${takes.join(", ")}.`]
              .filter(Boolean)
              .join(" ")
      }
      suggestions={(handlers ?? []).map(({ name, description }) => ({ id: name, about: description }))}
      onChange={(handler) => onChange({ handler })}
      isCode
    />
  );
}
