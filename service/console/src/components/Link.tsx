/** Links inside the console; addresses are relative to /automation. */
import { Link as RouterLink, type LinkProps } from "react-router";
import type { ReactNode } from "react";

export const Link = RouterLink;

/** An address of the service that is no screen of the console, such as /docs. */
export function outside(path: string): string {
  return window.location.origin + path;
}

/** Whether an address is a whole one, with its host. */
export function isOutside(address: string): boolean {
  return /^https?:/.test(address);
}

/** The address of a job's screen. */
export function jobPath(jobId: string): string {
  return `/jobs/${encodeURIComponent(jobId)}`;
}

/** The address of an execution's screen. */
export function executionPath(executionId: string): string {
  return `/executions/${executionId}`;
}

export function JobLink({ jobId, children, ...props }: Omit<LinkProps, "to"> & { jobId: string }) {
  return (
    <RouterLink {...props} to={jobPath(jobId)}>
      {children ?? <bdi>{jobId}</bdi>}
    </RouterLink>
  );
}

export function ExecutionLink({ executionId, children }: { executionId: string; children?: ReactNode }) {
  return (
    <RouterLink to={executionPath(executionId)}>{children ?? <code>{shortId(executionId)}</code>}</RouterLink>
  );
}

/** The end of an execution's id, which differs between ids made in the same millisecond. */
export function shortId(id: string): string {
  return `…${id.slice(-8)}`;
}

/** A replica as the doctor names it, and Postgres in its list of connections. */
export function replicaName(replicaId: string): string {
  return replicaId.slice(0, 8);
}
