"""What a trigger says beside parameters: why, and what the run has to cover."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.database.claims import ClaimStore
from service.database.outcomes import OutcomeStore
from service.database.pool import Database
from service.domain.execution import OwnedExecution
from tests.support.api import Api, running_api
from tests.support.executions import outcome

JOB = "MARKETDATA_BACKFILL"
KEY = {"Idempotency-Key": "b3c0a3e2-5b1c-4a55-8a36-7d8e5c1f2a10"}
START, END = "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"
SAID = {"reason": "a split <b>of IBM</b> \u202e", "windowStart": START, "windowEnd": END}


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


async def trigger(api: Api, body: Any = None, **more: Any) -> Any:
    """Trigger the job."""
    return await api.post(f"/{JOB}/trigger", json=body or {}, **more)


async def execution(api: Api, execution_id: Any) -> Any:
    """An execution as the API shows it."""
    answer = await api.call("GET", f"/v1/console/executions/{execution_id}")
    assert answer.status == 200
    return answer.body


async def take(database: Database, replica_id: UUID) -> OwnedExecution:
    """Let the replica take the one execution that is queued."""
    claims = ClaimStore(database, replica_id)
    [taken] = await claims.take(10)
    [owned] = await claims.owned([taken])
    return owned


async def test_the_reason_stays_with_the_execution_wherever_it_is_shown(api: Api):
    """As it was written, beside who asked; without one there is null."""
    await api.start_replica()
    execution_id = (await trigger(api, SAID)).body["executionId"]
    [in_history] = (await api.get(f"/{JOB}/history")).body["executions"]
    [recent] = (await api.get(f"/{JOB}")).body["recentExecutions"]
    for shown in (await execution(api, execution_id), in_history, recent):
        assert (shown["reason"], shown["requestedBy"]) == (SAID["reason"], "admin-token")
    other = (await api.post("/FUNDAMENTALS_BACKFILL/trigger")).body["executionId"]
    assert (await execution(api, other))["reason"] is None


async def test_the_run_has_the_window_that_the_trigger_names(api: Api, database: Database):
    """In UTC, whatever the offset that it was written with."""
    replica_id = await api.start_replica()
    written = {"windowStart": "2026-03-01T01:00:00+01:00", "windowEnd": END}
    execution_id = (await trigger(api, written)).body["executionId"]
    shown = await execution(api, execution_id)
    assert (shown["windowStart"], shown["windowEnd"], shown["fireTime"]) == (START, END, None)
    owned = await take(database, replica_id)
    assert owned.window_start is not None
    assert owned.window_end is not None
    assert (owned.window_start.isoformat(), owned.window_end.isoformat()) == (
        START.replace("Z", "+00:00"),
        END.replace("Z", "+00:00"),
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"windowStart": START}, "windowEnd"),
        ({"windowEnd": END}, "windowStart"),
        ({"windowStart": START, "windowEnd": None}, "windowEnd"),
        ({"windowStart": END, "windowEnd": START}, "windowEnd"),
        ({"windowStart": START, "windowEnd": START}, "windowEnd"),
        ({"windowStart": "2026-03-01T00:00:00", "windowEnd": END}, "windowStart"),
        ({"windowStart": START, "windowEnd": "tomorrow"}, "windowEnd"),
        ({"windowStart": 0, "windowEnd": END}, "windowStart"),
        ({"windowStart": "1969-12-31T23:59:59Z", "windowEnd": END}, "windowStart"),
        ({"windowStart": START, "windowEnd": "9999-12-31T23:59:59-12:00"}, "windowEnd"),
        ({"window_start": START, "windowEnd": END}, "windowStart"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "a\0b"}, "reason"),
    ],
)
async def test_a_bad_window_or_reason_is_named_and_nothing_is_written(
    api: Api, body: dict[str, Any], field: str
):
    """400 with the field and what is allowed; no execution, no spent key."""
    await api.start_replica()
    refused = await trigger(api, body, headers=KEY)
    assert (refused.status, refused.body["field"]) == (400, field), refused
    assert refused.body["allowed"]
    for table in ("job_executions", "idempotency_keys", "job_state where active_executions > 0"):
        assert await api.sql.fetchval("select count(*) from " + table) == 0


async def test_a_refused_trigger_says_nothing_of_the_execution_that_blocks_it(api: Api):
    """What it wanted to say is not written on the other one."""
    await api.start_replica()
    first = (await trigger(api)).body["executionId"]
    refused = await trigger(api, SAID)
    assert (refused.status, refused.body["blockingExecutionId"]) == (409, first)
    assert [(await execution(api, first))[name] for name in ("reason", "windowStart")] == [None, None]


async def test_a_key_stands_for_the_reason_and_the_window_too(api: Api):
    """The same body again is a repeat, another window another request."""
    await api.start_replica()
    first, again = await asyncio.gather(*(trigger(api, SAID, headers=KEY) for _ in range(2)))
    assert (first.status, again.body) == (200, first.body)
    for member in ({"reason": "another"}, {"windowEnd": "2026-03-03T00:00:00Z"}):
        other = await trigger(api, SAID | member, headers=KEY)
        assert (other.status, other.body["type"]) == (422, "urn:cronsole:problem:key-used-otherwise")
    assert await api.sql.fetchval("select count(*) from job_executions") == 1


async def test_further_attempts_have_the_window_and_a_persons_retry_speaks_for_itself(
    api: Api, database: Database
):
    """An attempt of the service's own keeps who asked and why; who tries again has asked anew."""
    replica_id = await api.start_replica()
    await api.sql.execute("update jobs set max_attempts = 2, retry_backoff_seconds = 0")
    first = (await trigger(api, SAID)).body["executionId"]
    outcomes = OutcomeStore(database, replica_id)
    for _ in range(2):
        owned = await take(database, replica_id)
        await outcomes.close([outcome(owned.execution_id, "FAILED")])
    await api.call("POST", f"/v1/console/executions/{first}/retry")
    attempts = (await execution(api, first))["attempts"]
    assert [each["reason"] for each in attempts] == [SAID["reason"], SAID["reason"], None]
    assert {(each["windowStart"], each["windowEnd"]) for each in attempts} == {(START, END)}


async def test_a_reason_is_bounded_whoever_writes_it(api: Api):
    """A schema's rule, and no look at the rows that were there before it."""
    constraint = "select convalidated from pg_constraint where conname = 'job_executions_reason_check'"
    assert await api.sql.fetchval(constraint) is False
    await api.start_replica()
    await trigger(api)
    with pytest.raises(asyncpg.CheckViolationError, match="job_executions_reason_check"):
        await api.sql.execute("update job_executions set reason = repeat('x', 501)")
