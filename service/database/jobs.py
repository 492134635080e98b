"""The rows of `jobs` with their state: reading them for people, and changing schedule and enablement."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import asyncpg
import msgspec

from service.database.plans import job_from_row
from service.database.pool import Connection, Database
from service.domain.errors import JobBeingEdited, JobNotFound, StaleRevision
from service.domain.job import Job
from service.domain.overview import EnabledChange, JobDetails, JobOverview, ScheduleChange

# Somebody's open psql transaction must not hold a request. Who waits behind another waiter waits twice, for
# its turn and for the row: two seconds at most, below the statement timeout, so that the answer is a 409.
LOCK_TIMEOUT = "1s"

# Overdue by the rule of the view `job_overdue`, which would read the same rows once more. What runs is asked
# of the index of what is unfinished, once for each job that is active: nobody's history is read.
OVERVIEWS = """
    select j.job_id, j.display_name, j.description, j.job_group, j.schedule_type, j.schedule_cron,
           j.time_zone, j.clock_change_policy, j.enabled, j.handler, j.revision, j.planned_from,
           nullif(j.paused_until, 'infinity') as paused_until, j.pause_reason,
           paused_now(j.paused_until) as is_paused, paused_now(a.paused_until) as are_all_paused,
           s.next_fire_time, s.planned_revision,
           coalesce(s.active_executions > 0 or s.waiting_execution_id is not null, false) as is_active,
           coalesce(j.enabled and j.schedule_type = 'CRON'
                    and not paused_now(j.paused_until) and not paused_now(a.paused_until)
                    and case when s.planned_revision is not distinct from j.revision then s.next_fire_time
                             else j.updated_at end
                        < clock_timestamp() - j.overdue_after_seconds * interval '1 second',
                    false) as is_overdue,
           s.last_execution_id, s.last_start_time, s.last_status, s.last_duration_ms,
           coalesce(s.failures_in_succession, 0) as failures_in_succession,
           coalesce(s.recent_outcomes, '{}') as recent_outcomes, s.schedule_error,
           r.running_since, r.running_execution_id
      from jobs j
      left join job_state s on s.job_id = j.job_id
      left join service_state a on a.only_row
      left join lateral (
           select min(x.start_time) filter (where x.status = 'RUNNING') as running_since,
                  (array_agg(x.execution_id order by x.start_time, x.execution_id)
                       filter (where x.status = 'RUNNING'))[1] as running_execution_id
             from job_executions x
            where s.active_executions > 0
              and x.job_id = s.job_id and x.status in ('QUEUED', 'RUNNING')) r on true
"""
ALL_OVERVIEWS = OVERVIEWS + " order by j.job_id"
SOME_OVERVIEWS = OVERVIEWS + " where j.job_id = any ($1) order by j.job_id"
ONE_OVERVIEW = OVERVIEWS + " where j.job_id = $1"
ACT = "select set_config('cronsole.actor', $1, true), set_config('lock_timeout', $2, true)"
LOCK_JOB = "select * from jobs where job_id = $1 for no key update"
JOB_ROW = """
    select j.*, exists (select from replicas r where r.lease_expires_at > clock_timestamp()
                                                 and j.handler = any (r.handlers)) as is_handler_live
      from jobs j
     where j.job_id = $1
"""
SET_SCHEDULE = "update jobs set schedule_cron = $2 where job_id = $1 returning schedule_cron, revision"
SET_ENABLED = "update jobs set enabled = $2 where job_id = $1 returning enabled, revision"


class JobStore:
    """Jobs as people look at them and change them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def overviews(self, job_ids: Collection[str] | None = None) -> list[JobOverview]:
        """All jobs, by their id, or those of `job_ids` that there are.

        Raises:
            DatabaseUnavailable: no answer in time; so do all methods here.
        """
        async with self._database.connection() as connection:
            if job_ids is None:
                rows = await connection.fetch(ALL_OVERVIEWS)
            else:
                rows = await connection.fetch(SOME_OVERVIEWS, list(job_ids))
        return [overview_from_row(row) for row in rows]

    async def overview(self, job_id: str) -> JobOverview:
        """One job.

        Raises:
            JobNotFound: there is none of this id.
        """
        async with self._database.connection() as connection:
            row = await connection.fetchrow(ONE_OVERVIEW, job_id)
        if row is None:
            raise JobNotFound(job_id)
        return overview_from_row(row)

    async def details(self, job_id: str) -> JobDetails:
        """One job with all of its columns.

        Raises:
            JobNotFound: there is none of this id.
        """
        async with self._database.connection() as connection:
            return await job_details(connection, job_id)

    async def set_schedule(
        self, job_id: str, schedule_cron: str, actor: str, expected_revision: int | None = None
    ) -> ScheduleChange:
        """Give a CRON job another expression; the same one again changes nothing.

        Raises:
            JobNotFound: there is none of this id.
            JobBeingEdited: somebody keeps the row in an open transaction.
            StaleRevision: the job is not at the expected revision.
            InvalidInput: the schema refuses the expression, or the job is MANUAL.
        """
        async with acting(self._database, job_id, actor, expected_revision) as (connection, old):
            new = await connection.fetchrow(SET_SCHEDULE, job_id, schedule_cron)
            assert new is not None
            return ScheduleChange(old.schedule_cron, new["schedule_cron"], new["revision"])

    async def set_enabled(
        self, job_id: str, enabled: bool, actor: str, expected_revision: int | None = None
    ) -> EnabledChange:
        """Enable or disable a job; what it is already changes nothing.

        Raises:
            JobNotFound, JobBeingEdited, StaleRevision: as for `set_schedule`.
        """
        async with acting(self._database, job_id, actor, expected_revision) as (connection, old):
            new = await connection.fetchrow(SET_ENABLED, job_id, enabled)
            assert new is not None
            return EnabledChange(old.enabled, new["enabled"], new["revision"])


@asynccontextmanager
async def acting_alone(database: Database, job_id: str, actor: str) -> AsyncIterator[Connection]:
    """Open a short transaction in the name of `actor`, who is about to touch the job.

    Raises:
        JobBeingEdited: somebody keeps the row in an open transaction.
    """
    try:
        async with database.transaction() as connection:
            await connection.execute(ACT, actor, LOCK_TIMEOUT)
            yield connection
    except asyncpg.LockNotAvailableError as fault:
        raise JobBeingEdited(job_id, f"somebody is changing job {job_id!r} in an open transaction") from fault


@asynccontextmanager
async def acting(
    database: Database, job_id: str, actor: str, expected_revision: int | None = None
) -> AsyncIterator[tuple[Connection, Job]]:
    """Open a short transaction in the name of `actor` that holds the job's row, and yield what the row was.

    Raises:
        JobNotFound: there is none of this id.
        JobBeingEdited: somebody keeps the row in an open transaction.
        StaleRevision: the row is not at the expected revision; None expects nothing.
    """
    async with acting_alone(database, job_id, actor) as connection:
        yield connection, await locked_job(connection, job_id, expected_revision)


async def locked_job(connection: Connection, job_id: str, expected_revision: int | None) -> Job:
    """Lock the row of a job and return it; errors as `acting`."""
    row = await connection.fetchrow(LOCK_JOB, job_id)
    if row is None:
        raise JobNotFound(job_id)
    job = job_from_row(row)
    if expected_revision not in (None, job.revision):
        raise StaleRevision(job, expected_revision or 0)
    return job


async def job_details(connection: Connection, job_id: str) -> JobDetails:
    """Read a job as it is for this transaction.

    Raises:
        JobNotFound: there is none of this id.
    """
    overview = await connection.fetchrow(ONE_OVERVIEW, job_id)
    row = await connection.fetchrow(JOB_ROW, job_id)
    if overview is None or row is None:
        raise JobNotFound(job_id)
    return JobDetails(overview_from_row(overview), job_from_row(row), row["is_handler_live"])


def overview_from_row(row: asyncpg.Record) -> JobOverview:
    """Return the overview that a row of OVERVIEWS holds."""
    return msgspec.convert(dict(row), JobOverview)
