"""Reading what a timeline shows: jobs, their executions or counts of them, and the gaps in the leases."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from service.database.pool import Connection, Database
from service.domain.timeline import (
    LaneBucket,
    LaneChoice,
    LaneExecution,
    LaneFire,
    LaneJob,
    Outage,
    TimelineRows,
)

MOST_LANES = 200
MOST_EXECUTIONS = 4_800
FEWEST_EXECUTIONS_OF_A_LANE, MOST_EXECUTIONS_OF_A_LANE = 60, 500
MOST_FIRES_OF_A_LANE = 60
MOST_RUNNING = 500
MOST_OUTAGES = 200
BUCKETS_OF_A_LANE = 48

# Jobs that did something first. A job that is gone has a lane for its history, if no group is asked for.
LANES = """
    with done as (
        select t.job_id from job_execution_stats t
         where t.hour >= date_trunc('hour', $2::timestamptz, 'UTC') and t.hour < $3
           and ($5::text[] is null or t.job_id = any ($5))
         group by t.job_id
    ), jobs_there as (
        select j.job_id, j.display_name, j.job_group, false as is_deleted, j.enabled as is_enabled,
               j.schedule_cron, j.time_zone, j.clock_change_policy, j.planned_from,
               p.paused_until is not null as is_paused, nullif(p.paused_until, 'infinity') as paused_until,
               d.job_id is not null or coalesce(s.active_executions, 0) > 0 as is_busy
          from jobs j
          left join job_state s on s.job_id = j.job_id
          left join service_state a on a.only_row
          left join done d on d.job_id = j.job_id
         cross join lateral (
               select greatest(case when paused_now(j.paused_until) then j.paused_until end,
                               case when paused_now(a.paused_until) then a.paused_until end)
               ) p (paused_until)
         where ($1::text is null or j.job_group = $1)
           and ($5::text[] is null or j.job_id = any ($5)) and not $6
    ), jobs_gone as (
        select d.job_id, d.job_id, null::text, true, false, null::text, 'UTC', 'ONCE',
               null::timestamptz, false, null::timestamptz, true
          from done d
         where $1::text is null and not exists (select from jobs j where j.job_id = d.job_id)
    ), lanes as (
        select * from jobs_there union all select * from jobs_gone
    )
    select l.*, count(*) over () as job_count
      from lanes l
     order by l.is_busy desc, l.is_deleted, l.job_id
     limit $4
"""
# By the index, job by job; with them the one that was under way when the timeline begins.
EXECUTIONS = """
    select e.execution_id, e.job_id, e.status, e.start_time, e.end_time, e.triggered_by, e.fire_time,
           e.attempt
      from unnest($1::text[]) as l (job_id)
     cross join lateral (
           (select x.* from job_executions x
             where x.job_id = l.job_id and x.start_time >= $2 and x.start_time < $3
             order by x.start_time desc, x.execution_id desc limit $4)
           union all
           select b.* from (
                  select x.* from job_executions x
                   where x.job_id = l.job_id and x.start_time < $2
                   order by x.start_time desc, x.execution_id desc limit 1) b
            where b.end_time is null or b.end_time > $2) e
     order by e.start_time, e.execution_id
"""
BUCKETS = """
    select t.job_id, date_bin($4::interval, t.hour, date_trunc('hour', $2::timestamptz, 'UTC')) as start_time,
           sum(t.success_count)::bigint as success_count,
           sum(t.failed_count + t.timeout_count + t.lost_count)::bigint as failure_count,
           sum(t.cancelled_count)::bigint as cancelled_count
      from job_execution_stats t
     where t.job_id = any ($1) and t.hour >= date_trunc('hour', $2::timestamptz, 'UTC') and t.hour < $3
     group by 1, 2
     order by 1, 2
"""
# By the index of those that started nothing.
FIRES = """
    select f.job_id, f.fire_time, f.outcome, f.fires_covered, f.covers_from
      from unnest($1::text[]) as l (job_id)
     cross join lateral (
           select x.* from job_fires x
            where x.job_id = l.job_id and x.outcome <> 'STARTED' and x.fire_time >= $2 and x.fire_time < $3
            order by x.fire_time desc limit $4) f
     order by f.fire_time
"""
RUNNING = """
    select execution_id, job_id, status, start_time, end_time, triggered_by, fire_time, attempt
      from job_executions
     where status = 'RUNNING' and ($1::text[] is null or job_id = any ($1))
     order by start_time, execution_id
     limit $2
"""
# The last gap goes on unrecorded until a replica is back: nobody is there to write it.
OUTAGES = """
    select g.from_time, nullif(g.to_time, 'infinity') as to_time
      from lease_gaps g
     where g.to_time > $1 and g.from_time < $2
    union all
    select max(r.lease_expires_at), null
      from replicas r
    having max(r.lease_expires_at) < least(clock_timestamp(), $2)
       and not exists (select from lease_gaps g where g.to_time = 'infinity')
     order by from_time
     limit $3
"""


class TimelineStore:
    """Reads timelines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rows(self, since: datetime, until: datetime, choice: LaneChoice) -> TimelineRows:
        """What happened in [since, until) to the chosen jobs.

        Of a job with many executions there are counts instead; the fewer the lanes, the more are many. Of
        very many jobs there are those that did something; of fires that started nothing, each job's last.

        Raises:
            DatabaseUnavailable: no answer in time.
        """
        async with self._database.connection() as connection:
            lanes = await connection.fetch(
                LANES,
                choice.job_group,
                since,
                until,
                MOST_LANES,
                None if choice.job_ids is None else sorted(choice.job_ids),
                choice.is_deleted,
            )
            ids = [lane["job_id"] for lane in lanes]
            limit = most_executions_of_a_lane(len(lanes))
            executions = await connection.fetch(EXECUTIONS, ids, since, until, limit + 1)
            crowded = crowded_lanes(executions, limit)
            buckets = await self._buckets(connection, crowded, since, until) if crowded else []
            fires = await connection.fetch(FIRES, ids, since, until, MOST_FIRES_OF_A_LANE)
            running = await connection.fetch(RUNNING, None if choice == LaneChoice() else ids, MOST_RUNNING)
            outages = await connection.fetch(OUTAGES, since, until, MOST_OUTAGES)
        return TimelineRows(
            jobs=[lane_from_row(lane) for lane in lanes],
            job_count=lanes[0]["job_count"] if lanes else 0,
            executions=[execution_from_row(row) for row in executions if row["job_id"] not in crowded],
            buckets=buckets,
            fires=[msgspec.convert(dict(row), LaneFire) for row in fires],
            running=[execution_from_row(row) for row in running],
            outages=[msgspec.convert(dict(row), Outage) for row in outages],
        )

    async def _buckets(
        self, connection: Connection, job_ids: set[str], since: datetime, until: datetime
    ) -> list[LaneBucket]:
        hours = -(-(until - since) // timedelta(hours=BUCKETS_OF_A_LANE))
        width = timedelta(hours=max(1, hours))
        rows = await connection.fetch(BUCKETS, sorted(job_ids), since, until, width)
        return [
            msgspec.convert({**dict(row), "end_time": row["start_time"] + width}, LaneBucket) for row in rows
        ]


def most_executions_of_a_lane(lane_count: int) -> int:
    """Return how many executions a lane shows one by one, beside so many other lanes."""
    fair_share = MOST_EXECUTIONS // max(1, lane_count)
    return max(FEWEST_EXECUTIONS_OF_A_LANE, min(MOST_EXECUTIONS_OF_A_LANE, fair_share))


def crowded_lanes(executions: list[asyncpg.Record], limit: int) -> set[str]:
    """Return the jobs that have more executions than that."""
    counts: dict[str, int] = {}
    for row in executions:
        counts[row["job_id"]] = counts.get(row["job_id"], 0) + 1
    return {job_id for job_id, count in counts.items() if count > limit}


def lane_from_row(row: asyncpg.Record) -> LaneJob:
    """Return the job that a row of LANES holds."""
    columns: dict[str, Any] = dict(row)
    return msgspec.convert(columns, LaneJob)


def execution_from_row(row: asyncpg.Record) -> LaneExecution:
    """Return the execution that a row of EXECUTIONS or RUNNING holds."""
    return msgspec.convert(dict(row), LaneExecution)
