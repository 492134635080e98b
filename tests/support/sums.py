"""The sums that the service keeps while it closes executions, made at once from rows that a test inserted."""

from typing import Any

BUCKETS = ", ".join(f"count(*) filter (where bucket = {bucket})" for bucket in range(1, 17))
COUNT_HOURS = f"""
    insert into job_execution_stats (job_id, hour, success_count, failed_count, timeout_count,
                                     cancelled_count, lost_count, success_duration_ms, duration_buckets)
    select job_id, hour,
           count(*) filter (where status = 'SUCCESS'), count(*) filter (where status = 'FAILED'),
           count(*) filter (where status = 'TIMEOUT'), count(*) filter (where status = 'CANCELLED'),
           count(*) filter (where status = 'LOST'),
           coalesce(sum(duration_ms) filter (where status = 'SUCCESS'), 0), array[{BUCKETS}]
      from (select x.job_id, date_trunc('hour', x.start_time, 'UTC') as hour, x.status, x.duration_ms,
                   case when x.status = 'SUCCESS' then duration_bucket(x.duration_ms) end as bucket
              from job_executions x
             where x.end_time is not null) e
     group by job_id, hour
"""
# Of each job the thirty newest by the index. Every fire so far counts as decided: none is caught up later.
SET_STATE = """
    insert into job_state as s (job_id, decided_through, active_executions, last_execution_id,
                                last_start_time, last_status, last_duration_ms, failures_in_succession,
                                recent_outcomes)
    select j.job_id, clock_timestamp(), coalesce(a.active, 0), n.last_execution_id, n.last_start_time,
           n.last_status, n.last_duration_ms, coalesce(n.failures, 0), coalesce(n.outcomes, '{}')
      from jobs j
      left join (select job_id, count(*) as active from job_executions
                  where status in ('QUEUED', 'RUNNING') group by job_id) a on a.job_id = j.job_id
     cross join lateral (
           select (array_agg(e.execution_id order by e.nr))[1] as last_execution_id,
                  max(e.start_time) as last_start_time,
                  (array_agg(e.status order by e.nr) filter (where e.end_time is not null))[1] as last_status,
                  (array_agg(e.duration_ms order by e.nr) filter (where e.end_time is not null))[1]
                      as last_duration_ms,
                  array_agg(e.status order by e.nr desc) filter (where e.end_time is not null) as outcomes,
                  count(*) filter (where e.status in ('FAILED', 'TIMEOUT', 'LOST')
                                     and e.nr < coalesce(e.latest_success, 31)) as failures
             from (select r.*, min(r.nr) filter (where r.status = 'SUCCESS') over () as latest_success
                     from (select x.*,
                                  row_number() over (order by x.start_time desc, x.execution_id desc) as nr
                             from job_executions x
                            where x.job_id = j.job_id
                            order by x.start_time desc, x.execution_id desc limit 30) r) e) n
    on conflict (job_id) do update
       set decided_through = excluded.decided_through, active_executions = excluded.active_executions,
           last_execution_id = excluded.last_execution_id, last_start_time = excluded.last_start_time,
           last_status = excluded.last_status, last_duration_ms = excluded.last_duration_ms,
           failures_in_succession = excluded.failures_in_succession,
           recent_outcomes = excluded.recent_outcomes
"""


async def sum_up_history(connection: Any) -> None:
    """Make statistics and states agree with the executions that there are; there are no statistics yet."""
    await connection.execute(COUNT_HOURS)
    await connection.execute(SET_STATE)
