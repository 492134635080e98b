"""One execution over HTTP: all of it with its attempts, cancelling it, trying it again; and the replicas."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from service.database.claims import ClaimStore
from service.database.pool import Database
from tests.support.api import Api, running_api
from tests.support.fleet import due, insert_job
from tests.support.rows import insert_ended

JOB = "MARKETDATA_BACKFILL"
STARTED = datetime(2026, 3, 2, 10, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs, with a replica that could run them."""
    async with running_api(database_url) as api:
        yield api


async def call(api: Api, method: str, execution_id: Any, action: str = "", **more: Any) -> Any:
    """Call something of one execution."""
    return await api.call(method, f"/v1/console/executions/{execution_id}{action}", **more)


async def trigger(api: Api, **more: Any) -> str:
    """Trigger the job; returns the execution's id."""
    execution_id: str = (await api.post(f"/{JOB}/trigger", **more)).body["executionId"]
    return execution_id


async def run(api: Api, database: Database, replica_id: UUID) -> None:
    """Let the replica take what is queued."""
    assert await ClaimStore(database, replica_id).take(10)


async def test_an_execution_shows_all_of_its_row(api: Api):
    """Lateness is from the fire to the start; result, progress and parameters as the run left them."""
    fire_time = STARTED - timedelta(milliseconds=250)
    execution_id = await insert_ended(
        api.sql, JOB, STARTED, status="SUCCESS", fire_time=fire_time, params='{"symbols": ["IBM"]}'
    )
    await api.sql.execute("""update job_executions set result = '{"rows": 7}'""")
    await api.sql.execute(
        "insert into job_execution_progress (execution_id, done, total, note) values ($1, 3, 10, 'loading')",
        execution_id,
    )
    answer = await call(api, "GET", execution_id)
    assert answer.status == 200
    shown = answer.body
    assert (shown["status"], shown["startTime"], shown["durationMs"]) == (
        "SUCCESS",
        "2026-03-02T10:00:00.250000Z",
        1000,
    )
    assert (shown["fireTime"], shown["latenessMs"]) == ("2026-03-02T10:00:00Z", 250.0)
    assert (shown["params"], shown["result"]) == ({"symbols": ["IBM"]}, {"rows": 7})
    assert isinstance(shown["progress"].pop("updatedAt"), str)
    assert shown["progress"] == {"done": 3.0, "total": 10.0, "note": "loading"}
    [only] = shown.pop("attempts")
    assert only == {**shown, "progress": {**shown["progress"], "updatedAt": only["progress"]["updatedAt"]}}


async def test_an_execution_shows_every_attempt_at_its_work(api: Api):
    """Whichever of them is asked for, all are shown, the first first."""
    first = await insert_ended(api.sql, JOB, STARTED)
    later = [
        await insert_ended(
            api.sql,
            JOB,
            STARTED + timedelta(minutes=number),
            status="FAILED" if number < 3 else "SUCCESS",
            triggered_by="RETRY",
            attempt=number,
            first=first,
        )
        for number in (2, 3)
    ]
    await insert_ended(api.sql, JOB, STARTED + timedelta(hours=1))
    for execution_id in (first, *later):
        attempts = (await call(api, "GET", execution_id)).body["attempts"]
        assert [attempt["executionId"] for attempt in attempts] == [str(each) for each in (first, *later)]
        assert [attempt["attempt"] for attempt in attempts] == [1, 2, 3]


async def test_an_execution_that_has_not_started_is_not_late(api: Api):
    """Its start is the time of the request until then."""
    await api.start_replica()
    shown = (await call(api, "GET", await trigger(api))).body
    assert (shown["status"], shown["latenessMs"], shown["progress"]) == ("QUEUED", None, None)


@pytest.mark.parametrize(("method", "action"), [("GET", ""), ("POST", "/cancel"), ("POST", "/retry")])
async def test_an_execution_that_is_not_there_is_not_found(api: Api, method: str, action: str):
    """404; what is no id at all is 400."""
    missing = await call(api, method, uuid4(), action)
    assert (missing.status, missing.body["type"]) == (404, "urn:cronsole:problem:execution-not-found")
    for text in ("latest", "7", "x" * 500, "%00"):
        bad = await call(api, method, text, action)
        assert (bad.status, bad.body["field"]) == (400, "executionId")


async def test_a_queued_execution_is_cancelled_at_once(api: Api):
    """200, and the job is idle again."""
    await api.start_replica()
    execution_id = await trigger(api)
    cancelled = await call(api, "POST", execution_id, "/cancel")
    assert (cancelled.status, cancelled.body["status"]) == (200, "CANCELLED")
    assert cancelled.body["cancelRequestedBy"] == "admin-token"
    assert cancelled.body["errorDetails"] == ["cancelled before it started, by admin-token"]
    assert (await api.get(f"/{JOB}")).body["status"] == "IDLE"


async def test_a_running_execution_is_asked_to_stop(api: Api, database: Database):
    """202, a hint to its replica, and the first who asked stays on record."""
    replica_id = await api.start_replica()
    execution_id = await trigger(api)
    await run(api, database, replica_id)
    heard: asyncio.Queue[Any] = asyncio.Queue()
    await api.sql.add_listener("cronsole_events", lambda *hint: heard.put_nowait(json.loads(hint[3])))
    asked = await call(api, "POST", execution_id, "/cancel")
    assert (asked.status, asked.body["status"]) == (202, "RUNNING")
    assert asked.body["cancelRequestedBy"] == "admin-token"
    assert await asyncio.wait_for(heard.get(), 5) == {"type": "cancel", "executionId": execution_id}
    again = await call(api, "POST", execution_id, "/cancel")
    assert again.body["cancelRequestedAt"] == asked.body["cancelRequestedAt"]


async def test_what_has_ended_is_not_cancelled(api: Api):
    """409, naming the job."""
    execution_id = await insert_ended(api.sql, JOB, STARTED, status="SUCCESS")
    refused = await call(api, "POST", execution_id, "/cancel")
    assert (refused.status, refused.body["type"]) == (409, "urn:cronsole:problem:execution-ended")
    assert refused.body["jobId"] == JOB
    assert "SUCCESS" in refused.body["detail"]


async def test_an_execution_held_in_psql_is_a_conflict(api: Api, database_url: str):
    """409 within a second or so."""
    await api.start_replica()
    execution_id = await trigger(api)
    operator = await asyncpg.connect(database_url)
    await operator.execute("begin; update job_executions set requested_by = 'lunch'")
    refused = await call(api, "POST", execution_id, "/cancel")
    await operator.close()
    assert (refused.status, refused.body["jobId"]) == (409, JOB)


async def test_a_retry_is_a_new_attempt_with_the_same_parameters_and_window(api: Api):
    """Not what the job's parameters have become; it counts on from the last attempt there was."""
    await api.start_replica()
    fire_time = STARTED.replace(microsecond=0)
    first = await insert_ended(api.sql, JOB, STARTED, fire_time=fire_time, params='{"symbols": ["IBM"]}')
    second = await insert_ended(
        api.sql, JOB, STARTED + timedelta(minutes=1), triggered_by="RETRY", attempt=2, first=first
    )
    await api.sql.execute("update job_executions set window_start = $1, window_end = $2", STARTED, STARTED)
    await api.sql.execute("""update jobs set params = '{"symbols": ["AAPL"], "pages": 2}'""")
    retried = await call(api, "POST", first, "/retry")
    assert retried.status == 201, retried
    shown = retried.body
    assert UUID(shown["executionId"]).version == 7
    assert retried.headers["Location"] == f"/v1/console/executions/{shown['executionId']}"
    assert (shown["status"], shown["triggeredBy"], shown["requestedBy"]) == (
        "QUEUED",
        "RETRY",
        "admin-token",
    )
    assert (shown["attempt"], shown["firstExecutionId"]) == (3, str(first))
    assert (shown["params"], shown["fireTime"]) == ({"symbols": ["IBM"]}, "2026-03-02T10:00:00Z")
    assert shown["windowStart"] == shown["windowEnd"] == "2026-03-02T10:00:00.250000Z"
    assert [attempt["executionId"] for attempt in shown["attempts"]] == [
        str(first),
        str(second),
        shown["executionId"],
    ]


async def test_a_retry_obeys_the_overlap_policy(api: Api):
    """409 names what blocks; of many at once one wins."""
    await api.start_replica()
    ended = await insert_ended(api.sql, JOB, STARTED)
    answers = await asyncio.gather(*(call(api, "POST", ended, "/retry") for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5
    [won] = [answer for answer in answers if answer.status == 201]
    assert {answer.body["blockingExecutionId"] for answer in answers if answer.status == 409} == {
        won.body["executionId"]
    }


async def test_what_cannot_be_tried_again_says_why(api: Api):
    """Unfinished, without code, disabled, deleted."""
    replica_id = await api.start_replica()
    unfinished = await trigger(api)
    refused = await call(api, "POST", unfinished, "/retry")
    assert (refused.status, refused.body["type"]) == (409, "urn:cronsole:problem:execution-unfinished")
    assert refused.body["blockingExecutionId"] == unfinished
    await call(api, "POST", unfinished, "/cancel")
    await api.sql.execute("delete from replicas where replica_id = $1", replica_id)
    assert (await call(api, "POST", unfinished, "/retry")).body["type"].endswith("no-live-handler")
    await api.sql.execute("update jobs set enabled = false")
    assert (await call(api, "POST", unfinished, "/retry")).body["type"].endswith("job-disabled")
    await api.sql.execute("delete from jobs")
    assert (await call(api, "POST", unfinished, "/retry")).body["type"].endswith("job-not-found")


async def test_the_replicas_hear_of_a_retry(api: Api):
    """As of a trigger, after its commit."""
    await api.start_replica()
    ended = await insert_ended(api.sql, JOB, STARTED)
    heard: asyncio.Queue[Any] = asyncio.Queue()
    await api.sql.add_listener("cronsole_events", lambda *hint: heard.put_nowait(hint[3]))
    await call(api, "POST", ended, "/retry")
    assert await asyncio.wait_for(heard.get(), 5) == '{"type":"queued"}'


async def test_the_ledger_shows_what_became_of_each_fire(api: Api, database: Database):
    """The newest first, with the state of its execution."""
    replica_id = await api.start_replica()
    await insert_job(api.sql, "A")
    now: datetime = await api.sql.fetchval("select date_trunc('second', clock_timestamp())")
    claims = ClaimStore(database, replica_id)
    earlier, later = due("A", now - timedelta(seconds=20)), due("A", now - timedelta(seconds=10))
    await claims.claim([earlier], 5)
    await claims.claim([later], 5)
    answer = await api.get("/A/fires")
    assert answer.status == 200
    assert (answer.body["page"], answer.body["nextCursor"]) == (0, None)
    skipped, started = answer.body["fires"]
    assert (started["outcome"], started["executionStatus"]) == ("STARTED", "RUNNING")
    assert started["executionId"] == str(earlier.execution_id)
    assert (skipped["outcome"], skipped["executionId"]) == ("SKIPPED_OVERLAP", None)
    assert "SKIP" in skipped["reason"]
    assert skipped["replicaId"] == str(replica_id)
    for query, count in [
        ("?outcome=started", 1),
        ("?outcome=SKIPPED_OVERLAP,MISSED", 1),
        ("?outcome=MISSED", 0),
        (f"?since={later.fire.fire_time:%Y-%m-%dT%H:%M:%SZ}", 1),
        (f"?until={later.fire.fire_time:%Y-%m-%dT%H:%M:%SZ}", 1),
    ]:
        assert len((await api.get("/A/fires" + query)).body["fires"]) == count, query
    refused = await api.get("/A/fires?outcome=LATE")
    assert (refused.status, refused.body["field"]) == (400, "outcome")


async def test_the_replicas_are_shown_with_their_leases_and_work(api: Api, database: Database):
    """Held, draining, expired; and what each runs now."""
    working, draining, gone = [await api.start_replica() for _ in range(3)]
    await api.sql.execute("update replicas set draining = true where replica_id = $1", draining)
    await api.sql.execute(
        "update replicas set lease_expires_at = clock_timestamp() - interval '5 seconds'"
        " where replica_id = $1",
        gone,
    )
    await trigger(api)
    await run(api, database, working)
    answer = await api.call("GET", "/v1/console/replicas")
    shown = {replica["replicaId"]: replica for replica in answer.body}
    assert [shown[str(each)]["leaseState"] for each in (working, draining, gone)] == [
        "HELD",
        "DRAINING",
        "EXPIRED",
    ]
    assert [shown[str(each)]["runningExecutions"] for each in (working, draining, gone)] == [1, 0, 0]
    assert shown[str(gone)]["leaseLeftMs"] < -4900
    assert shown[str(working)]["leaseExpiresAt"].endswith("Z")
    assert "noop" in shown[str(working)]["handlers"]
