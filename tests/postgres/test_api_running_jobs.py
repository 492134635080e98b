"""What the list of jobs says of a run that is under way, and what it costs to know."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from service.database.jobs import ALL_OVERVIEWS
from service.database.pool import Database
from tests.support.api import Api, running_api
from tests.support.executions import outcome
from tests.support.fleet import FakeReplica, insert_job
from tests.support.rows import insert_executions

HUNDRED_JOBS = """
    insert into jobs (job_id, display_name, schedule_type, handler)
    select 'JOB-' || i, 'Job ' || i, 'MANUAL', 'noop' from generate_series(1, 100) i
"""


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


@pytest.fixture
async def replica(database: Database) -> FakeReplica:
    """A live replica that knows `noop`."""
    return await FakeReplica.join(database)


async def running(api: Api, job_id: str = "A") -> tuple[str | None, str | None]:
    """Since when a job runs, and as which execution; the list and the job's own page agree."""
    [listed] = [each for each in (await api.get("")).body if each["name"] == job_id]
    shown = (await api.get(f"/{job_id}")).body
    assert [listed[name] for name in listed] == [shown[name] for name in listed]
    return listed["runningSince"], listed["runningExecutionId"]


async def trigger(api: Api, job_id: str = "A") -> str:
    """Trigger a job; returns the execution's id."""
    execution_id: str = (await api.post(f"/{job_id}/trigger")).body["executionId"]
    return execution_id


async def start_of(api: Api, execution_id: str) -> Any:
    """When an execution started."""
    return (await api.call("GET", f"/v1/console/executions/{execution_id}")).body["startTime"]


async def test_a_job_shows_what_runs_now_from_its_start_to_its_end(api: Api, replica: FakeReplica):
    """While it waits for a slot nothing runs; the status is RUNNING already."""
    await insert_job(api.sql, "A", schedule_cron=None)
    assert await running(api) == (None, None)
    execution_id = await trigger(api)
    assert await running(api) == (None, None)
    await replica.claims.take(1)
    assert await running(api) == (await start_of(api, execution_id), execution_id)
    await replica.outcomes.close([outcome(UUID(execution_id))])
    assert await running(api) == (None, None)


async def test_of_several_that_run_the_earliest_is_shown(api: Api, replica: FakeReplica):
    """One that is stuck is not hidden by those that come after it; the last start is beside it."""
    await insert_job(api.sql, "A", schedule_cron=None, overlap_policy="ALLOW")
    first, second = await trigger(api), await trigger(api)
    for _ in range(2):
        await replica.claims.take(1)
    assert await running(api) == (await start_of(api, first), first)
    assert (await api.get("/A")).body["lastExecutionId"] == second
    await replica.outcomes.close([outcome(UUID(first))])
    assert await running(api) == (await start_of(api, second), second)


async def test_between_two_attempts_nothing_runs(api: Api, replica: FakeReplica):
    """The job stays RUNNING, since its work is not done."""
    await insert_job(api.sql, "A", schedule_cron=None, max_attempts=2)
    execution_id = await trigger(api)
    await replica.claims.take(1)
    await replica.outcomes.close([outcome(UUID(execution_id), "FAILED")])
    assert (await api.get("/A")).body["status"] == "RUNNING"
    assert await running(api) == (None, None)


async def test_nobodys_history_is_read_to_know_what_runs(api: Api, replica: FakeReplica):
    """The index of what is unfinished is asked, once for each job that is active: two run, one is queued."""
    await api.sql.execute(HUNDRED_JOBS)
    for number in range(1, 11):
        await insert_executions(api.sql, f"JOB-{number}", 1_000, datetime(2026, 3, 2, tzinfo=UTC))
    for number in range(1, 4):
        await trigger(api, f"JOB-{number}")
    await replica.claims.take(2)
    await api.sql.execute("analyze")
    [[plan]] = await api.sql.fetch("explain (analyze, format json) " + ALL_OVERVIEWS)
    scans = list(scans_of_executions(json.loads(plan)[0]["Plan"]))
    assert {each.get("Index Name") for each in scans} == {"job_executions_unfinished"}
    assert sum(each["Actual Loops"] for each in scans) == 3


def scans_of_executions(plan: dict[str, Any]) -> Any:
    """Every scan of the executions in a plan."""
    if plan.get("Relation Name") == "job_executions" or "job_executions" in plan.get("Index Name", ""):
        yield plan
    for each in plan.get("Plans", []):
        yield from scans_of_executions(each)
