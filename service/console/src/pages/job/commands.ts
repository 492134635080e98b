/** The same actions as commands for a shell and for psql. */
import type { JobDetail } from "../../api/types";

interface Command {
  what: string;
  curl: string;
  psql: string;
}

/** Returns what a user may do with a job here, as commands; `origin` is the address of this service. */
export function commandsFor(job: JobDetail, origin: string): Command[] {
  const path = `${origin}/v1/console/jobs/${encodeURIComponent(job.name)}`;
  const id = literal(job.name);
  const cron = job.scheduleCron ?? "0 0 3 * * *";
  return [
    {
      what: "Run now",
      curl: curl("POST", `${path}/trigger`),
      psql: `SELECT trigger_job(${id});`,
    },
    {
      what: "Change the schedule",
      curl: curl("PUT", `${path}/schedule?wait=2000&cron=${encodeURIComponent(cron)}`),
      psql: `UPDATE jobs SET schedule_cron = ${literal(cron)} WHERE job_id = ${id};`,
    },
    {
      what: job.enabled ? "Disable" : "Enable",
      curl: curl("PUT", `${path}/enabled?wait=2000&enabled=${!job.enabled}`),
      psql: `UPDATE jobs SET enabled = ${!job.enabled} WHERE job_id = ${id};`,
    },
    {
      what: "Pause",
      curl: curl("POST", `${path}/pause`, { reason: "maintenance" }),
      psql: `SELECT pause_job(${id}, 'maintenance');`,
    },
    {
      what: "Resume",
      curl: curl("POST", `${path}/resume`),
      psql: `SELECT resume_job(${id});`,
    },
    {
      what: "Why did it run, or not",
      curl: curl("GET", `${path}/why`),
      psql: `SELECT why_not(${id}, now());`,
    },
  ];
}

/** The token is read when the command runs: it stands on no screen. */
function curl(method: string, url: string, body?: unknown): string {
  const parts = [`curl -X ${method} ${quoted(url)}`, '-H "Authorization: Bearer $TOKEN"'];
  if (body !== undefined)
    parts.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`);
  return parts.join(" \\\n  ");
}

/** A word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A string of SQL. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
