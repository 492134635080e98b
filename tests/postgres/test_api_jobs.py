"""The calls about jobs: what they answer, and what they leave in the database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.support.api import Api, running_api

REFERENCE_FIELDS = {
    "name",
    "displayName",
    "description",
    "jobGroup",
    "status",
    "schedule",
    "scheduleType",
    "lastRunTime",
    "nextRunTime",
    "lastRunStatus",
    "lastRunDurationMs",
    "enabled",
}
OUR_FIELDS = {
    "timeZone",
    "handler",
    "revision",
    "pausedBy",
    "pausedUntil",
    "pauseReason",
    "recentOutcomes",
    "failuresInSuccession",
    "scheduleError",
    "isOverdue",
    "scheduleDescription",
    "lastExecutionId",
    "runningSince",
    "runningExecutionId",
}
DETAIL_FIELDS = {
    "recentExecutions",
    "scheduleCron",
    "params",
    "overlapPolicy",
    "misfirePolicy",
    "misfireGraceSeconds",
    "clockChangePolicy",
    "timeoutSeconds",
    "maxAttempts",
    "retryBackoffSeconds",
    "onLost",
    "overdueAfterSeconds",
    "plannedFrom",
    "createdAt",
    "updatedAt",
    "updatedBy",
    "handlerIsLive",
}
CRON_JOB = "MARKETDATA_INCREMENTAL"
MANUAL_JOB = "MARKETDATA_BACKFILL"
AT_TEN = "0 0 10 * * *"


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


def instant(text: str) -> datetime:
    """Read an instant, which must be RFC 3339 in UTC with Z."""
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


async def job(api: Api, job_id: str = CRON_JOB) -> Any:
    """One job of the list."""
    [found] = [job for job in (await api.get("")).body if job["name"] == job_id]
    return found


async def test_the_list_has_every_job_in_the_form_of_the_reference(api: Api):
    """Old clients find their fields; ours stand behind them."""
    answer = await api.get("")
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert [job["name"] for job in answer.body] == [
        "FUNDAMENTALS_BACKFILL",
        "FUNDAMENTALS_INCREMENTAL",
        "MARKETDATA_BACKFILL",
        "MARKETDATA_INCREMENTAL",
    ]
    assert all(set(job) == REFERENCE_FIELDS | OUR_FIELDS for job in answer.body)
    scheduled = answer.body[3]
    assert instant(scheduled.pop("nextRunTime")) > datetime(2026, 1, 1, tzinfo=UTC)
    # Nobody fires here, so it depends on how long ago the database was made.
    assert scheduled.pop("isOverdue") in (True, False)
    assert scheduled == {
        "name": "MARKETDATA_INCREMENTAL",
        "displayName": "Market Data Incremental",
        "description": "Latest bars of every tracked symbol: only what is newer than the last stored bar",
        "jobGroup": "MARKETDATA",
        "status": "IDLE",
        "schedule": "0 */5 * * * MON-FRI",
        "scheduleType": "CRON",
        "lastRunTime": None,
        "lastRunStatus": None,
        "lastRunDurationMs": None,
        "enabled": True,
        "timeZone": "UTC",
        "handler": "marketdata.incremental",
        "revision": 1,
        "pausedBy": None,
        "pausedUntil": None,
        "pauseReason": None,
        "recentOutcomes": [],
        "failuresInSuccession": 0,
        "scheduleError": None,
        "scheduleDescription": "Every 5 minutes, Monday to Friday",
        "lastExecutionId": None,
        "runningSince": None,
        "runningExecutionId": None,
    }


async def test_the_list_may_be_of_some_jobs(api: Api):
    """Those that there are, as they stand in the whole list; so a page finds out which are gone."""
    whole = (await api.get("")).body
    answer = await api.get("?jobId=MARKETDATA_BACKFILL,NONE,FUNDAMENTALS_BACKFILL")
    assert answer.status == 200
    assert [job["name"] for job in answer.body] == ["FUNDAMENTALS_BACKFILL", "MARKETDATA_BACKFILL"]
    assert answer.body == [whole[0], whole[2]]
    assert (await api.get("?jobId=NONE")).body == []
    for refused in ("a/b", ",".join(f"J{number}" for number in range(101))):
        answer = await api.get(f"?jobId={refused}")
        assert (answer.status, answer.body["field"]) == (400, "jobId")


async def test_a_manual_job_shows_no_schedule_and_no_next_run(api: Api):
    """The words are the reference's."""
    manual = await job(api, MANUAL_JOB)
    assert (manual["schedule"], manual["scheduleType"]) == ("Manual trigger only", "MANUAL")
    assert manual["nextRunTime"] is None


async def test_one_job_comes_with_its_recent_executions(api: Api):
    """The newest first, in the form of the history."""
    await api.start_replica()
    execution_id = (await api.post(f"/{MANUAL_JOB}/trigger")).body["executionId"]
    answer = await api.get(f"/{MANUAL_JOB}")
    assert answer.status == 200
    assert set(answer.body) == REFERENCE_FIELDS | OUR_FIELDS | DETAIL_FIELDS
    [recent] = answer.body["recentExecutions"]
    assert (recent["executionId"], recent["status"]) == (execution_id, "QUEUED")
    history = await api.get(f"/{MANUAL_JOB}/history")
    assert history.body["executions"] == [recent]


@pytest.mark.parametrize(
    ("change", "status", "paused_by"),
    [
        ("update jobs set enabled = false", "PAUSED", "DISABLED"),
        ("update jobs set paused_until = 'infinity'", "PAUSED", "JOB"),
        ("update jobs set paused_until = clock_timestamp() + interval '1 hour'", "PAUSED", "JOB"),
        ("update jobs set paused_until = clock_timestamp() - interval '1 hour'", "IDLE", None),
        ("update service_state set paused_until = 'infinity'", "PAUSED", "ALL"),
        ("update job_state set active_executions = 1", "RUNNING", None),
        ("update job_state set waiting_execution_id = gen_random_uuid()", "RUNNING", None),
    ],
)
async def test_the_status_says_whether_the_job_runs_or_is_kept_from_it(
    api: Api, change: str, status: str, paused_by: str | None
):
    """What keeps a job from starting by itself leaves it no next run."""
    await api.sql.execute(change)
    shown = await job(api)
    assert (shown["status"], shown["pausedBy"]) == (status, paused_by)
    assert (shown["nextRunTime"] is None) == (status == "PAUSED")


async def test_a_pause_until_an_instant_shows_it(api: Api):
    """A pause until resumed has no end to show."""
    await api.sql.execute("update jobs set paused_until = '2100-01-01T00:00Z', pause_reason = 'audit'")
    shown = await job(api)
    assert (shown["pausedUntil"], shown["pauseReason"]) == ("2100-01-01T00:00:00Z", "audit")
    await api.sql.execute("update jobs set paused_until = 'infinity'")
    assert (await job(api))["pausedUntil"] is None


async def test_the_next_run_is_the_planned_one(api: Api):
    """What the scheduler has planned from the row as it is now."""
    await api.sql.execute("update job_state set next_fire_time = '2099-01-01T00:00Z', planned_revision = 1")
    assert (await job(api))["nextRunTime"] == "2099-01-01T00:00:00Z"


async def test_the_next_run_of_a_new_schedule_is_not_the_old_plans(api: Api):
    """Right after a change the answer comes from the row, not from a plan of what it was."""
    await api.sql.execute("update job_state set next_fire_time = '2099-01-01T00:00Z', planned_revision = 1")
    await api.put(f"/{CRON_JOB}/schedule", params={"cron": AT_TEN})
    next_run = instant((await job(api))["nextRunTime"])
    assert (next_run.hour, next_run.minute) == (10, 0)
    assert next_run - datetime.now(UTC) < timedelta(days=1, seconds=10)


async def test_the_last_run_is_shown(api: Api):
    """Start, outcome and duration of the last execution."""
    await api.sql.execute(
        "update job_state set last_start_time = '2026-03-02T10:00:00.25Z', last_status = 'FAILED',"
        " last_duration_ms = 1250, failures_in_succession = 2, recent_outcomes = '{SUCCESS,FAILED,FAILED}'"
    )
    shown = await job(api)
    assert shown["lastRunTime"] == "2026-03-02T10:00:00.250000Z"
    assert (shown["lastRunStatus"], shown["lastRunDurationMs"]) == ("FAILED", 1250)
    assert (shown["recentOutcomes"], shown["failuresInSuccession"]) == (["SUCCESS", "FAILED", "FAILED"], 2)


@pytest.mark.parametrize(
    "query", ["cron=0+0+10+*+*+*", "cron=0%200%2010%20*%20*%20*", "cron=%200+0+10+*+*+*+"]
)
async def test_a_schedule_is_changed_as_old_clients_change_it(api: Api, query: str):
    """The row, its revision and the audit say so; blanks may be a plus or %20."""
    answer = await api.put(f"/{CRON_JOB}/schedule?{query}")
    assert answer.status == 200
    assert isinstance(answer.body.pop("message"), str)
    assert answer.body == {
        "jobId": CRON_JOB,
        "oldSchedule": "0 */5 * * * MON-FRI",
        "newSchedule": AT_TEN,
        "revision": 2,
    }
    assert await api.sql.fetchval("select schedule_cron from jobs where job_id = $1", CRON_JOB) == AT_TEN
    audit = "select changed_by from job_changes where job_id = $1 order by change_id desc limit 1"
    assert await api.sql.fetchval(audit, CRON_JOB) == "admin-token"


async def test_the_same_schedule_again_changes_nothing(api: Api):
    """No revision, so no replica swaps its timer."""
    answer = await api.put(f"/{CRON_JOB}/schedule", params={"cron": "0 */5 * * * MON-FRI"})
    assert (answer.status, answer.body["revision"]) == (200, 1)


async def test_enabled_is_switched(api: Api):
    """The answer tells what it was."""
    answer = await api.put(f"/{CRON_JOB}/enabled?enabled=false")
    assert answer.status == 200
    assert isinstance(answer.body.pop("message"), str)
    assert answer.body == {"jobId": CRON_JOB, "enabled": False, "wasEnabled": True, "revision": 2}
    again = await api.put(f"/{CRON_JOB}/enabled?enabled=False")
    assert (again.body["wasEnabled"], again.body["revision"]) == (False, 2)
    assert (await api.put(f"/{CRON_JOB}/enabled?enabled=true")).body["enabled"] is True


async def test_a_trigger_answers_at_once_with_the_job_running(api: Api):
    """The execution is queued, in the caller's name, before anybody runs it."""
    await api.start_replica()
    answer = await api.post(f"/{MANUAL_JOB}/trigger")
    assert answer.status == 200
    assert set(answer.body) == REFERENCE_FIELDS | OUR_FIELDS | {"executionId"}
    assert (answer.body["name"], answer.body["status"]) == (MANUAL_JOB, "RUNNING")
    execution = await api.sql.fetchrow("select * from job_executions")
    assert execution is not None
    assert str(execution["execution_id"]) == answer.body["executionId"]
    assert UUID(answer.body["executionId"]).version == 7
    assert (execution["status"], execution["triggered_by"]) == ("QUEUED", "MANUAL")
    assert execution["requested_by"] == "admin-token"
    assert (await job(api, MANUAL_JOB))["status"] == "RUNNING"


async def test_a_trigger_may_override_what_the_handler_allows(api: Api):
    """The job's own parameters stay beneath."""
    await api.start_replica()
    await api.sql.execute("""update jobs set params = '{"symbols": ["IBM"], "pages": 3}'""")
    body = {"params": {"symbols": ["AAPL"]}, "reason": "a split"}
    answer = await api.post(f"/{MANUAL_JOB}/trigger", json=body)
    assert answer.status == 200
    stored = await api.sql.fetchval("select params from job_executions")
    assert stored in ('{"pages": 3, "symbols": ["AAPL"]}', '{"symbols": ["AAPL"], "pages": 3}')


async def test_the_replicas_hear_of_a_trigger_after_its_commit(api: Api):
    """Who reads the table on the hint finds the execution."""
    await api.start_replica()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    await api.sql.add_listener("cronsole_events", lambda *hint: heard.put_nowait(hint[3]))
    await api.post(f"/{MANUAL_JOB}/trigger")
    assert await asyncio.wait_for(heard.get(), 5) == '{"type":"queued"}'
    assert await api.sql.fetchval("select count(*) from job_executions") == 1


async def test_a_pause_does_not_block_a_trigger(api: Api):
    """Whoever triggers by hand means it."""
    await api.start_replica()
    await api.sql.execute("update service_state set paused_until = 'infinity'")
    assert (await api.post(f"/{CRON_JOB}/trigger")).status == 200


async def test_a_running_job_names_the_execution_that_blocks(api: Api):
    """409, and nothing is queued twice."""
    await api.start_replica()
    first = (await api.post(f"/{MANUAL_JOB}/trigger")).body["executionId"]
    refused = await api.post(f"/{MANUAL_JOB}/trigger")
    assert (refused.status, refused.content_type) == (409, "application/problem+json")
    assert refused.body == {
        "type": "urn:cronsole:problem:job-already-running",
        "title": "Job already running",
        "status": 409,
        "detail": f"job '{MANUAL_JOB}' has an unfinished execution",
        "jobId": MANUAL_JOB,
        "blockingExecutionId": first,
    }
    assert await api.sql.fetchval("select count(*) from job_executions") == 1


async def test_of_many_triggers_at_once_one_wins(api: Api):
    """Already running is a fact of the database, not of one process's memory."""
    await api.start_replica()
    answers = await asyncio.gather(*(api.post(f"/{MANUAL_JOB}/trigger") for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 11


async def test_a_disabled_job_is_not_triggered(api: Api):
    """409, with the reason."""
    await api.start_replica()
    await api.put(f"/{MANUAL_JOB}/enabled?enabled=false")
    refused = await api.post(f"/{MANUAL_JOB}/trigger")
    assert (refused.status, refused.body["type"]) == (409, "urn:cronsole:problem:job-disabled")


async def test_a_job_without_code_to_run_is_not_triggered(api: Api):
    """409: no live replica knows the handler."""
    refused = await api.post(f"/{MANUAL_JOB}/trigger")
    assert (refused.status, refused.body["type"]) == (409, "urn:cronsole:problem:no-live-handler")
    assert "marketdata.backfill" in refused.body["detail"]


async def test_a_row_held_in_psql_is_a_conflict_and_no_hanging_request(api: Api, database_url: str):
    """Somebody went to lunch inside BEGIN; UPDATE jobs …"""
    await api.start_replica()
    operator = await asyncpg.connect(database_url)
    await operator.execute("begin; update jobs set description = 'lunch'")
    refusals = await asyncio.wait_for(
        asyncio.gather(
            api.put(f"/{CRON_JOB}/schedule", params={"cron": AT_TEN}),
            api.put(f"/{CRON_JOB}/enabled?enabled=false"),
            api.post(f"/{CRON_JOB}/trigger"),
        ),
        4,
    )
    await operator.execute("rollback")
    await operator.close()
    assert [refused.status for refused in refusals] == [409] * 3
    assert {refused.body["type"] for refused in refusals} == {"urn:cronsole:problem:job-being-edited"}
    assert await api.sql.fetchval("select revision from jobs where job_id = $1", CRON_JOB) == 1
