"""What the list of jobs says besides the row: overdue or not, the schedule in words, the last execution."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from service.database.jobs import ALL_OVERVIEWS
from tests.support.api import Api, running_api

CRON_JOB, MANUAL_JOB = "MARKETDATA_INCREMENTAL", "MARKETDATA_BACKFILL"
SEEDED = {CRON_JOB, MANUAL_JOB, "FUNDAMENTALS_INCREMENTAL", "FUNDAMENTALS_BACKFILL"}
# Jobs that are 61 seconds late, where 60 are allowed, and what makes another case of each.
CASES = {
    "LATE": "revision = revision",
    "PAUSED": "paused_until = 'infinity'",
    "PAUSED_ONCE": "paused_until = now() - interval '1 day'",
    "DISABLED": "enabled = false",
    "PATIENT": "overdue_after_seconds = 3600",
    "MANUAL": "schedule_type = 'MANUAL', schedule_cron = null",
}
CASES_OF_THE_STATE = {
    "NOT_YET": "next_fire_time = now() - interval '40 seconds'",
    "NEVER_FIRES": "next_fire_time = null",
    "UNPLANNED": "planned_revision = null",
    "PLANNED_BEFORE": "planned_revision = 7, next_fire_time = '2100-01-01Z'",
}
OVERDUE = {"LATE", "PAUSED_ONCE", "UNPLANNED", "PLANNED_BEFORE", "WITHOUT_STATE"}
ADD = """
    insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler)
    values ($1, $1, 'CRON', '0 0 * * * *', 'noop')
"""
MAKE_LATE = """
    update jobs set updated_at = now() - interval '61 seconds';
    update job_state s set planned_revision = j.revision, next_fire_time = now() - interval '61 seconds'
      from jobs j where j.job_id = s.job_id;
    delete from job_state where job_id = 'WITHOUT_STATE';
"""


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


async def add_cases(api: Api) -> None:
    """Add a job for each case."""
    await api.sql.executemany(ADD, [(job_id,) for job_id in (*CASES, *CASES_OF_THE_STATE, "WITHOUT_STATE")])
    await api.sql.execute("insert into job_state (job_id) select job_id from jobs on conflict do nothing")
    async with api.sql.transaction():
        await api.sql.execute("set local session_replication_role = replica")  # no trigger stamps the rows
        await api.sql.execute(MAKE_LATE)
        for job_id, change in CASES.items():
            await api.sql.execute(f"update jobs set {change} where job_id = '{job_id}'")
        for job_id, change in CASES_OF_THE_STATE.items():
            await api.sql.execute(f"update job_state set {change} where job_id = '{job_id}'")


async def overdue_in(api: Api) -> set[str]:
    """The added jobs that the list shows as overdue."""
    return {job["name"] for job in (await api.get("")).body if job["isOverdue"]} - SEEDED


async def test_overdue_in_the_list_is_overdue_in_the_view(api: Api):
    """Late for a fire or for the planning of a change, and neither paused nor disabled."""
    await add_cases(api)
    in_view = {row["job_id"] for row in await api.sql.fetch("select job_id from job_overdue")}
    assert await overdue_in(api) == in_view - SEEDED == OVERDUE
    assert (await api.get("/LATE")).body["isOverdue"] is True


async def test_nothing_is_overdue_while_all_are_paused(api: Api):
    """Nothing is expected to start."""
    await add_cases(api)
    await api.sql.execute("select pause_all()")
    assert await overdue_in(api) == set()


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 0 2 * * *", "At 02:00 every day"),
        ("0 0 10 * * MON", "At 10:00 on Monday"),
        ("0 */7 * * * *", None),
    ],
)
async def test_a_schedule_is_shown_in_words(api: Api, cron: str, words: str | None):
    """In the list and alone; where words would mislead there are none."""
    await api.put(f"/{CRON_JOB}/schedule", params={"cron": cron})
    [listed] = [job for job in (await api.get("")).body if job["name"] == CRON_JOB]
    alone = (await api.get(f"/{CRON_JOB}")).body
    assert (listed["scheduleDescription"], alone["scheduleDescription"]) == (words, words)


async def test_a_job_without_a_readable_schedule_has_no_words(api: Api):
    """A manual one, and one that was stored before the grammar moved on."""
    async with api.sql.transaction():
        await api.sql.execute("set local session_replication_role = replica")
        await api.sql.execute("update jobs set schedule_cron = 'every noon' where job_id = $1", CRON_JOB)
    jobs = {job["name"]: job["scheduleDescription"] for job in (await api.get("")).body}
    assert (jobs[CRON_JOB], jobs[MANUAL_JOB]) == (None, None)


async def test_the_last_execution_is_named(api: Api):
    """The same one whose time and outcome stand beside it."""
    await api.start_replica()
    execution_id = (await api.post(f"/{MANUAL_JOB}/trigger")).body["executionId"]
    assert (await api.get(f"/{MANUAL_JOB}")).body["lastExecutionId"] is None
    await api.sql.execute("select cancel_execution($1)", execution_id)
    [listed] = [job for job in (await api.get("")).body if job["name"] == MANUAL_JOB]
    assert (listed["lastExecutionId"], listed["lastRunStatus"]) == (execution_id, "CANCELLED")


async def test_the_list_reads_no_history(api: Api):
    """However many executions there have been, it costs the same; what runs has an index of its own."""
    plan = json.loads(await api.sql.fetchval(f"explain (format json) {ALL_OVERVIEWS}"))
    assert set(relations_in(plan)) - {"job_executions"} == {"jobs", "job_state", "service_state"}


def relations_in(plan: Any) -> Iterator[str]:
    """Every table that a plan reads."""
    for part in plan.values() if isinstance(plan, dict) else plan:
        if isinstance(part, dict | list):
            yield from relations_in(part)
    if isinstance(plan, dict) and "Relation Name" in plan:
        yield plan["Relation Name"]
