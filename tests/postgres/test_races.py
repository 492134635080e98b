"""Four replicas, editors, an operator, manual triggers and lost answers at once: what must hold holds."""

import asyncio
import random

import structlog

from tests.support.race import Race

log = structlog.get_logger(__name__)

# Each finds what must not be; see section 1 of the design for the promises.
VIOLATIONS = {
    "a fire that was decided twice, or started without being decided": """
        select job_id, fire_time from job_executions where fire_time is not null and triggered_by = 'SCHEDULE'
         group by 1, 2 having count(*) > 1
        union all
        select x.job_id, x.fire_time from job_executions x
         where x.triggered_by = 'SCHEDULE' and not exists (
               select from job_fires f where f.execution_id = x.execution_id and f.outcome = 'STARTED'
                                         and (f.job_id, f.fire_time) = (x.job_id, x.fire_time))
    """,
    "a fire that is said to be started and has no execution, or the reverse": """
        select f.job_id, f.fire_time from job_fires f left join job_executions x using (execution_id)
         where (f.outcome = 'STARTED') <> (x.execution_id is not null)
    """,
    "a fire that did not start, without a reason": """
        select job_id, fire_time from job_fires where outcome <> 'STARTED' and reason is null
    """,
    "two executions of a SKIP job that overlap from decision to end": """
        select a.job_id, a.execution_id from job_executions a join job_executions b using (job_id)
          join jobs j using (job_id)
         where j.overlap_policy = 'SKIP' and a.execution_id <> b.execution_id and a.created_at <= b.created_at
           and coalesce(a.end_time, 'infinity') > b.created_at
    """,
    "two runs of a job that allows one, at once": """
        select a.job_id, a.execution_id from job_executions a join job_executions b using (job_id)
          join jobs j using (job_id)
         where j.overlap_policy <> 'ALLOW' and a.fencing_number > 0 and b.fencing_number > 0
           and a.execution_id <> b.execution_id and a.start_time <= b.start_time
           and coalesce(a.end_time, 'infinity') > b.start_time
    """,
    "a fire accepted under an old revision after an edit was in force": """
        select f.job_id, f.fire_time from job_fires f join edits e using (job_id)
         where e.revision > f.revision and e.in_force_at < f.decided_at
    """,
    "a fire accepted that is not later than its revision's plan, or of a disabled job": """
        select f.job_id, f.fire_time from job_fires f join job_changes c using (job_id, revision)
         where c.operation = 'UPDATE'
           and (not (c.after ->> 'enabled')::boolean
                or c.moves_plan and f.fire_time <= (c.after ->> 'planned_from')::timestamptz)
    """,
    "a decision before its time": "select job_id, fire_time from job_fires where decided_at < fire_time",
    "a count of active executions, or a waiting one, that is wrong": """
        select s.job_id, s.active_executions from job_state s
          left join job_executions x on x.job_id = s.job_id and x.status in ('QUEUED', 'RUNNING')
         group by s.job_id
        having s.active_executions
               <> count(x) filter (where x.execution_id is distinct from s.waiting_execution_id)
            or s.waiting_execution_id is not null
               and (s.active_executions = 0 or 1 <> count(x) filter (
                    where x.execution_id = s.waiting_execution_id and x.status = 'QUEUED'))
    """,
    "statistics that do not count every end once": """
        select count(*), null from job_executions where end_time is not null
        having count(*) <> (select coalesce(sum(success_count + failed_count + timeout_count + cancelled_count
                                                + lost_count), 0) from job_execution_stats)
    """,
    "an unfinished transaction of an edit": "select transaction_id, null from job_change_transactions",
    "a deadlock": """
        select datname, deadlocks from pg_stat_database where datname = current_database() and deadlocks > 0
    """,
}


async def test_whatever_happens_at_once_the_promises_hold(database_url, sql):
    """Two hundred jobs, and a bounded number of rounds; a failure is repeated with the seed in its log."""
    seed = random.randrange(10**6)
    log.info("race", seed=seed)
    race = Race(database_url, jobs=200, rounds=14, seed=seed)
    await race.prepare(sql)
    async with asyncio.timeout(60):
        await race.run()
    log.info("race_over", verdicts=dict(race.verdicts), lost_answers=race.lost_answers)
    found = {promise: await sql.fetch(query) for promise, query in VIOLATIONS.items()}
    assert {promise: rows[:5] for promise, rows in found.items() if rows} == {}
    # And it was a race: everybody met everybody.
    assert race.verdicts.keys() >= {
        "RUN",
        "QUEUED",
        "WAITING",
        "SKIPPED",
        "TAKEN",
        "STALE",
        "DISABLED",
        "BUSY",
    }
    assert race.verdicts.keys() >= {"request QUEUED", "request WAITING", "request OVERLAP"}
    assert race.lost_answers > 0
    assert await sql.fetchval("select count(*) from job_executions where status = 'LOST'") > 0
