"""What the scheduler reads and writes: jobs with what was decided about them, and their next fire."""

from collections.abc import Sequence

import asyncpg

from service.database.pool import Database
from service.domain.job import (
    ClockChangePolicy,
    Job,
    MisfirePolicy,
    OnLost,
    OverlapPolicy,
    ScheduleType,
)
from service.domain.plan import Plan, PlannedJob

REVISIONS = "select job_id, revision from jobs"
# In key order: after an outage every replica asks for the missed fires in this order, so that the limit of
# starts a second that the first one keeps is that of the fleet.
PLANNED_JOBS = """
    select j.*, s.decided_through
      from jobs j left join job_state s on s.job_id = j.job_id
     where $1::text[] is null or j.job_id = any ($1)
     order by j.job_id
"""
# Rows that came past the triggers, by a restore or by replication, have no state yet: nothing could fire.
ADD_STATES = """
    insert into job_state (job_id)
    select j.job_id from jobs j
     where j.job_id = any ($1) and not exists (select from job_state s where s.job_id = j.job_id)
    on conflict do nothing
"""
# Every replica writes its plan; only the first for a revision changes the row, and a lagging one changes
# nothing. Locked in key order, as everywhere; the update then looks at each row once more.
RECORD_PLANS = """
    with locked as materialized (
        select p.job_id, p.revision, p.next_fire_time, p.schedule_error
          from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[])
               as p (job_id, revision, next_fire_time, schedule_error)
          join jobs j on j.job_id = p.job_id and j.revision = p.revision
          join job_state s on s.job_id = p.job_id
         where coalesce(s.planned_revision, 0) < p.revision
         order by s.job_id for update of s
    )
    update job_state s
       set next_fire_time = l.next_fire_time, planned_revision = l.revision,
           schedule_error = l.schedule_error
      from locked l
     where s.job_id = l.job_id
       and coalesce(s.planned_revision, 0) < l.revision
       and (l.next_fire_time is null or s.decided_through is null
            or l.next_fire_time > s.decided_through)
"""
ACKNOWLEDGE = "select pg_notify('cronsole_events', $1)"


class PlanStore:
    """The scheduler's view of `jobs` and `job_state`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def revisions(self) -> dict[str, int]:
        """The revision of every job."""
        async with self._database.connection() as connection:
            return {row["job_id"]: row["revision"] for row in await connection.fetch(REVISIONS)}

    async def planned_jobs(self, job_ids: Sequence[str] | None = None) -> list[PlannedJob]:
        """Those of the jobs that exist, all where none are named."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(PLANNED_JOBS, None if job_ids is None else list(job_ids))
        return [PlannedJob(job_from_row(row), row["decided_through"]) for row in rows]

    async def record_plans(self, plans: Sequence[Plan]) -> None:
        """Store next fire times and unreadable schedules, where nobody did for this revision."""
        ordered = sorted(plans, key=lambda plan: plan.job_id)
        job_ids = [plan.job_id for plan in ordered]
        async with self._database.connection() as connection:
            await connection.execute(ADD_STATES, job_ids)
            await connection.execute(
                RECORD_PLANS,
                job_ids,
                [plan.revision for plan in ordered],
                [plan.next_fire_time for plan in ordered],
                [plan.schedule_error for plan in ordered],
            )

    async def announce(self, payload: str) -> None:
        """Send a hint to everybody, in a statement of its own that holds no lock across a disk write."""
        async with self._database.connection() as connection:
            await connection.execute(ACKNOWLEDGE, payload)


def job_from_row(row: asyncpg.Record) -> Job:
    """Read a `Job` from a row of `jobs`."""
    return Job(
        job_id=row["job_id"],
        display_name=row["display_name"],
        description=row["description"],
        job_group=row["job_group"],
        schedule_type=ScheduleType(row["schedule_type"]),
        schedule_cron=row["schedule_cron"],
        time_zone=row["time_zone"],
        enabled=row["enabled"],
        handler=row["handler"],
        params=row["params"],
        overlap_policy=OverlapPolicy(row["overlap_policy"]),
        misfire_policy=MisfirePolicy(row["misfire_policy"]),
        misfire_grace_seconds=row["misfire_grace_seconds"],
        clock_change_policy=ClockChangePolicy(row["clock_change_policy"]),
        timeout_seconds=row["timeout_seconds"],
        max_attempts=row["max_attempts"],
        retry_backoff_seconds=row["retry_backoff_seconds"],
        on_lost=OnLost(row["on_lost"]),
        overdue_after_seconds=row["overdue_after_seconds"],
        paused_until=row["paused_until"],
        pause_reason=row["pause_reason"],
        revision=row["revision"],
        planned_from=row["planned_from"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        updated_by=row["updated_by"],
    )
