"""Idempotency keys: a repeat finds what the first request did, and does nothing more."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from service.database.pool import open_database
from service.database.stores import Stores
from service.domain.idempotency import KeyedCall
from tests.support.api import Api, running_api
from tests.support.logins import login
from tests.support.rows import insert_ended
from tests.support.tokens import PASETO_KEY, claims_at, paseto_of

JOB = "/MARKETDATA_BACKFILL"
NEW = {"jobId": "EOD_RISK", "displayName": "End of day risk", "handler": "noop"}
KEY = {"Idempotency-Key": "b3c0a3e2-5b1c-4a55-8a36-7d8e5c1f2a10"}


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs, with a replica that could run them."""
    async with running_api(database_url, paseto_key=PASETO_KEY) as api:
        await api.start_replica()
        yield api


async def count(api: Api, table: str) -> Any:
    """How many rows a table has."""
    return await api.sql.fetchval("select count(*) from " + table)


async def test_a_repeated_trigger_finds_the_same_execution(api: Api):
    """The same answer to the letter, though the job has moved on meanwhile."""
    first = await api.post(JOB + "/trigger", headers=KEY)
    await api.sql.execute("update jobs set description = 'changed since'")
    again = await api.post(JOB + "/trigger", headers=KEY)
    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body
    assert await count(api, "job_executions") == 1


async def test_a_repeat_is_answered_after_the_job_is_gone(api: Api):
    """What was done is done; the answer is kept, not made again."""
    first = await api.post(JOB + "/trigger", headers=KEY)
    await api.sql.execute("delete from jobs")
    assert (await api.post(JOB + "/trigger", headers=KEY)).body == first.body


async def test_without_a_key_or_with_another_the_trigger_is_another(api: Api):
    """The overlap policy has its say then."""
    await api.post(JOB + "/trigger", headers=KEY)
    assert (await api.post(JOB + "/trigger")).status == 409
    assert (await api.post(JOB + "/trigger", headers={"Idempotency-Key": "other"})).status == 409


async def test_of_many_repeats_at_once_one_does_it_and_all_get_its_answer(api: Api):
    """Twelve clients that time out together."""
    answers = await asyncio.gather(*(api.post(JOB + "/trigger", headers=KEY) for _ in range(12)))
    assert {answer.status for answer in answers} == {200}
    assert len({str(answer.body) for answer in answers}) == 1
    assert await count(api, "job_executions") == 1


async def test_a_job_is_created_once(api: Api):
    """201 both times, with the same place, tag and body; without the key it is there already."""
    answers = await asyncio.gather(*(api.post("", json=NEW, headers=KEY) for _ in range(6)))
    assert {answer.status for answer in answers} == {201}
    assert len({str(answer.body) for answer in answers}) == 1
    assert {answer.headers["Location"] for answer in answers} == {"/v1/console/jobs/EOD_RISK"}
    assert {answer.headers["ETag"] for answer in answers} == {'"1"'}
    assert await count(api, "job_changes where job_id = 'EOD_RISK'") == 1
    assert (await api.post("", json=NEW)).status == 409


async def test_a_retry_is_made_once(api: Api):
    """The same new attempt, as often as it is asked for under one key."""
    ended = await insert_ended(api.sql, JOB[1:], datetime(2026, 3, 2, tzinfo=UTC))
    path = f"/v1/console/executions/{ended}/retry"
    answers = [await api.call("POST", path, headers=KEY) for _ in range(3)]
    assert {answer.status for answer in answers} == {201}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert await count(api, "job_executions") == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (JOB + "/trigger", {"reason": "another body"}),
        (JOB + "/trigger?x=1", {"reason": "first"}),
        ("/MARKETDATA_INCREMENTAL/trigger", {"reason": "first"}),
        ("", NEW),
    ],
)
async def test_a_key_under_another_request_is_refused(api: Api, path: str, body: dict[str, str]):
    """422, and nothing happens; the query alone makes no other request."""
    await api.post(JOB + "/trigger", json={"reason": "first"}, headers=KEY)
    other = await api.post(path, json=body, headers=KEY)
    if "?" in path:
        assert other.status == 200
    else:
        assert (other.status, other.body["type"]) == (422, "urn:cronsole:problem:key-used-otherwise")
        assert "/MARKETDATA_BACKFILL/trigger" in other.body["detail"]
    assert await count(api, "job_executions") == 1
    assert await count(api, "jobs") == 4


async def test_what_was_refused_may_be_asked_again_under_the_same_key(api: Api):
    """A key is spent by an effect, not by a refusal."""
    await api.put(JOB + "/enabled?enabled=false")
    assert (await api.post(JOB + "/trigger", headers=KEY)).status == 409
    await api.put(JOB + "/enabled?enabled=true")
    assert (await api.post(JOB + "/trigger", headers=KEY)).status == 200
    assert (await api.post("", json=NEW | {"scheduleCron": "often"}, headers=KEY)).status == 422
    assert await count(api, "idempotency_keys") == 1


async def test_two_callers_may_use_the_same_key(api: Api):
    """A key belongs to its caller."""
    now = await api.sql.fetchval("select clock_timestamp()")
    other = paseto_of(claims_at(now, "admin"))
    await api.post(JOB + "/trigger", headers=KEY)
    assert (await api.post(JOB + "/trigger", headers=KEY, token=other)).status == 409


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "käse"])
async def test_a_bad_key_is_refused(api: Api, key: str):
    """400, naming the header."""
    refused = await api.post(JOB + "/trigger", headers={"Idempotency-Key": key})
    assert (refused.status, refused.body["field"]) == (400, "Idempotency-Key")
    assert await count(api, "job_executions") == 0


async def test_a_key_that_another_transaction_holds_is_asked_for_again(api: Api, database_url: str):
    """409 with Retry-After, when the first request takes longer than anybody waits."""
    other = await asyncpg.connect(database_url)
    await other.execute(
        "begin; insert into idempotency_keys (subject, key, call, request_hash)"
        " values ('admin-token', $$" + KEY["Idempotency-Key"] + "$$, 'POST /', '')"
    )
    refused = await api.post(JOB + "/trigger", headers=KEY)
    await other.close()
    assert (refused.status, refused.body["type"]) == (409, "urn:cronsole:problem:request-in-progress")
    assert refused.headers["Retry-After"] == "1"
    assert (await api.post(JOB + "/trigger", headers=KEY)).status == 200


async def test_a_key_is_new_again_after_a_day(api: Api):
    """The same key triggers once more, and the new answer is the one that is kept."""
    first = await api.post(JOB + "/trigger", headers=KEY)
    await api.sql.execute("update idempotency_keys set created_at = created_at - interval '24 hours'")
    await api.sql.execute("update jobs set overlap_policy = 'ALLOW'")
    second = await api.post(JOB + "/trigger", headers=KEY)
    assert second.status == 200
    assert second.body["executionId"] != first.body["executionId"]
    assert (await api.post(JOB + "/trigger", headers=KEY)).body == second.body


async def test_the_services_role_may_keep_and_delete_keys(api: Api, database_url: str):
    """A replica need not own the tables."""
    async with (
        login(database_url, "cronsole_service") as url,
        open_database(url, application_name="cronsole api test", size=1) as database,
    ):
        stores = Stores.over(database)
        call = KeyedCall("maria", "key", "POST /v1/console/jobs", b"")
        columns = {"display_name": "By the role", "handler": "noop"}
        now = datetime(2026, 3, 2, tzinfo=UTC)
        assert await stores.job_edits.create("A", columns, actor="maria", now=now, keyed=call) is None
        assert await stores.idempotency.keep(call, "{}") == "{}"
        kept = await stores.job_edits.create("A", columns, actor="maria", now=now, keyed=call)
        assert kept is not None
        assert (kept.job_id, kept.response) == ("A", "{}")
    assert (await api.get("/A")).body["updatedBy"] == "maria"
