"""A database as it looks after a busy week: 1,000 jobs and 1,000,000 executions, made set-wise."""

from typing import Any

import asyncpg

from tests.support.sums import sum_up_history

JOBS, EXECUTIONS_OF_A_JOB = 1_000, 1_000
INDEXES = """
    select c.relname as name, pg_get_indexdef(i.indexrelid) as definition
      from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = 'job_executions'::regclass and not i.indisprimary
"""

# Once a day, each at a minute of its own, so that few fire while somebody looks; one in ten has a problem.
INSERT_JOBS = """
    insert into jobs (job_id, display_name, description, job_group, schedule_type, schedule_cron, time_zone,
                      enabled, handler, max_attempts, created_at, planned_from, updated_at, updated_by)
    select 'JOB_' || lpad(n::text, 4, '0'), 'Job number ' || n, 'One of a thousand', 'GROUP_' || n % 20,
           'CRON', format('0 %s %s * * *', n % 60, n / 60 % 24),
           (array['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo'])[1 + n % 4], n % 50 <> 7,
           'noop', 1 + n % 3, t.began, t.began, t.began, 'psql'
      from generate_series(0, $1 - 1) n
     cross join (select clock_timestamp() - interval '8 days') t (began)
"""
# Ten minutes apart or less, so that a job's thousand fill the week; ids in the order of time, as UUIDv7 are.
INSERT_EXECUTIONS = """
    insert into job_executions (execution_id, job_id, job_name, handler, start_time, end_time, duration_ms,
                                status, error_count, error_details, created_at, triggered_by, fire_time,
                                fencing_number, replica_id)
    select (lpad(to_hex(extract(epoch from x.start_time)::bigint * 1000), 12, '0') || '70008000'
            || lpad(to_hex(x.nr), 12, '0'))::uuid,
           x.job_id, x.job_name, 'noop', x.start_time,
           x.start_time + x.duration_ms * interval '1 millisecond', x.duration_ms, x.status,
           case when x.status = 'FAILED' then 1 else 0 end,
           case when x.status = 'FAILED' then '["the source answered 503"]'::jsonb else '[]' end,
           x.start_time, 'SCHEDULE', x.start_time, 1, '00000000-0000-7000-8000-000000000001'
      from (select k::bigint * $1 + n as nr, 'JOB_' || lpad(n::text, 4, '0') as job_id,
                   'Job number ' || n as job_name,
                   t.newest - (k * (300 + n % 300) + n % 60) * interval '1 second' as start_time,
                   (200 + (n * 7919 + k * 104729) % 4000 * (1 + n % 5))::bigint as duration_ms,
                   case when (n * 31 + k * 17) % 97 = 0 then 'FAILED' when (n + k) % 499 = 0 then 'CANCELLED'
                        when (n + k) % 997 = 0 then 'TIMEOUT' else 'SUCCESS' end as status
              from generate_series($2 - 1, 0, -1) k, generate_series(0, $1 - 1) n,
                   (select date_trunc('second', clock_timestamp() - interval '10 minutes')) t (newest)
            offset 0) x
"""


async def insert_many(connection: Any) -> None:
    """Fill a database without jobs; the connection is a superuser's."""
    async with connection.transaction():
        # Unchecked and untold, as a restore does: one audit row for each job would be the least of it.
        await connection.execute("set local session_replication_role = replica")
        await connection.execute("set local maintenance_work_mem = '256MB'; set local work_mem = '64MB'")
        await connection.execute(INSERT_JOBS, JOBS)
        # To build an index on a million rows takes a tenth of what keeping it meanwhile would.
        indexes = await connection.fetch(INDEXES)
        for index in indexes:
            await connection.execute(f"drop index {index['name']}")
        await connection.execute(INSERT_EXECUTIONS, JOBS, EXECUTIONS_OF_A_JOB)
        for index in indexes:
            await connection.execute(index["definition"])
        await connection.execute("analyze")
        await sum_up_history(connection)
    await connection.execute("vacuum analyze")


async def insert_many_at(database_url: str) -> None:
    """Fill the database at that address."""
    connection = await asyncpg.connect(database_url)
    try:
        await insert_many(connection)
    finally:
        await connection.close()
