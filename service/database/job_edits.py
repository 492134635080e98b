"""Creating, patching, deleting and reverting jobs; the schema validates, audits and announces each change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from service.database.idempotency import claim_key
from service.database.jobs import acting, acting_alone, locked_job
from service.database.plans import job_from_row
from service.database.pool import Connection, Database
from service.domain.editing import EDITABLE, merge_patch, new_job_columns, require_schedule_that_fires
from service.domain.errors import (
    ChangeNotFound,
    JobAlreadyRunning,
    JobExists,
    JobNotFound,
    NothingToRevert,
)
from service.domain.idempotency import KeptCall, KeyedCall
from service.domain.job import Job

# All of EDITABLE, four times; what the object does not name keeps the row's value.
INSERT_JOB = """
    insert into jobs (
           job_id, display_name, description, job_group, schedule_type, schedule_cron, time_zone, enabled,
           handler, params, overlap_policy, misfire_policy, misfire_grace_seconds, clock_change_policy,
           timeout_seconds, max_attempts, retry_backoff_seconds, on_lost, overdue_after_seconds,
           paused_until, pause_reason)
    select job_id, display_name, description, job_group, schedule_type, schedule_cron, time_zone, enabled,
           handler, params, overlap_policy, misfire_policy, misfire_grace_seconds, clock_change_policy,
           timeout_seconds, max_attempts, retry_backoff_seconds, on_lost, overdue_after_seconds,
           paused_until, pause_reason
      from jsonb_populate_record(null::jobs, $1)
        on conflict (job_id) do nothing
    returning *
"""
UPDATE_JOB = """
    update jobs j set (
           display_name, description, job_group, schedule_type, schedule_cron, time_zone, enabled,
           handler, params, overlap_policy, misfire_policy, misfire_grace_seconds, clock_change_policy,
           timeout_seconds, max_attempts, retry_backoff_seconds, on_lost, overdue_after_seconds,
           paused_until, pause_reason) = (
    select display_name, description, job_group, schedule_type, schedule_cron, time_zone, enabled,
           handler, params, overlap_policy, misfire_policy, misfire_grace_seconds, clock_change_policy,
           timeout_seconds, max_attempts, retry_backoff_seconds, on_lost, overdue_after_seconds,
           paused_until, pause_reason
      from jsonb_populate_record(j, $2))
     where j.job_id = $1
    returning *
"""
DELETE_JOB = "delete from jobs where job_id = $1"
# The state knows whether there is any; only then is the history looked at.
UNFINISHED = """
    select (select x.execution_id from job_executions x
             where x.job_id = s.job_id and x.status in ('QUEUED', 'RUNNING')
             order by x.start_time desc limit 1) as execution_id
      from job_state s
     where s.job_id = $1 and (s.active_executions > 0 or s.waiting_execution_id is not null)
"""
BEFORE = "select before from job_changes where change_id = $1 and job_id = $2"
IS_THERE = "select exists (select from jobs where job_id = $1)"


class JobEditStore:
    """Changes of whole jobs; every method raises DatabaseUnavailable when there is no answer in time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        job_id: str,
        columns: Mapping[str, Any],
        *,
        actor: str,
        now: datetime,
        keyed: KeyedCall | None = None,
    ) -> KeptCall | None:
        """Insert a job; columns that are not given have their defaults.

        Where an earlier request under the same key did it, nothing happens, and the answer is what it did.

        Raises:
            JobExists: there is one of this id.
            InvalidInput: the schema refuses a column, or the schedule never fires.
            KeyUsedOtherwise, RequestInProgress: as `claim_key`.
        """
        async with acting_alone(self._database, job_id, actor) as connection:
            if keyed and (kept := await claim_key(connection, keyed, job_id=job_id)):
                return kept
            await insert_job(connection, job_id, columns, now)
            return None

    async def patch(
        self,
        job_id: str,
        changes: Mapping[str, Any],
        *,
        actor: str,
        now: datetime,
        expected_revision: int | None,
    ) -> int | None:
        """Set the columns given, `params` by merge patch; the same values again change nothing.

        Returns the new revision, None where nothing changed.

        Raises:
            JobNotFound, JobBeingEdited, StaleRevision: as `acting`.
            InvalidInput: the schema refuses a column, or a new schedule never fires.
        """
        async with acting(self._database, job_id, actor, expected_revision) as (connection, old):
            if "params" in changes:
                changes = {**changes, "params": merge_patch(old.params, changes["params"])}
            return changed_revision(old, await update_job(connection, old, changes, now))

    async def delete(
        self, job_id: str, *, actor: str, is_forced: bool, expected_revision: int | None
    ) -> None:
        """Delete a job; its history stays, and executions already queued or running go on.

        Raises:
            JobNotFound, JobBeingEdited, StaleRevision: as `acting`.
            JobAlreadyRunning: it has an unfinished execution, and `is_forced` is not set.
        """
        async with acting(self._database, job_id, actor, expected_revision) as (connection, _):
            # Whoever starts an execution has to share the lock of the row that we hold.
            unfinished = None if is_forced else await connection.fetchrow(UNFINISHED, job_id)
            if unfinished is not None:
                message = f"job {job_id!r} has an unfinished execution; force=true deletes it all the same"
                raise JobAlreadyRunning(job_id, message, unfinished["execution_id"])
            await connection.execute(DELETE_JOB, job_id)

    async def revert(
        self, job_id: str, change_id: int, *, actor: str, now: datetime, expected_revision: int | None
    ) -> int | None:
        """Make every column that can be edited what it was before a change; a deleted job comes back.

        Returns the new revision, None where nothing changed.

        Raises:
            ChangeNotFound: the job has no such change.
            NothingToRevert: the change created the job.
            JobNotFound: the job is gone, though a revision is expected.
            JobBeingEdited, StaleRevision, InvalidInput: as `patch`.
        """
        async with acting_alone(self._database, job_id, actor) as connection:
            change = await connection.fetchrow(BEFORE, change_id, job_id)
            if change is None:
                raise ChangeNotFound(job_id, change_id)
            if change["before"] is None:
                message = f"change {change_id} created job {job_id!r}: there is nothing before it"
                raise NothingToRevert(job_id, message)
            columns = {name: value for name, value in change["before"].items() if name in EDITABLE}
            if not await connection.fetchval(IS_THERE, job_id):
                if expected_revision is not None:
                    raise JobNotFound(job_id)
                return (await insert_job(connection, job_id, columns, now)).revision
            old = await locked_job(connection, job_id, expected_revision)
            return changed_revision(old, await update_job(connection, old, columns, now))


def changed_revision(old: Job, new: Job) -> int | None:
    """Return the revision that a change made; None where it changed nothing."""
    return new.revision if new.revision != old.revision else None


async def insert_job(connection: Connection, job_id: str, columns: Mapping[str, Any], now: datetime) -> Job:
    """Insert a job in this transaction, and return it; errors as `JobEditStore.create`."""
    row = await connection.fetchrow(INSERT_JOB, {"job_id": job_id, **new_job_columns(columns)})
    if row is None:
        raise JobExists(job_id, f"there is a job {job_id!r} already")
    job = job_from_row(row)
    require_schedule_that_fires(job, now)
    return job


async def update_job(connection: Connection, old: Job, columns: Mapping[str, Any], now: datetime) -> Job:
    """Set columns of a job whose row this transaction holds, and return it; errors as `patch`."""
    row = await connection.fetchrow(UPDATE_JOB, old.job_id, dict(columns))
    if row is None:
        raise JobNotFound(old.job_id)
    new = job_from_row(row)
    require_schedule_that_fires(new, now, before=old)
    return new
