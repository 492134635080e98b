"""Executions asked for by people: over HTTP by `request_execution`, at the psql prompt by `trigger_job`."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from service.database.triggers import TriggerStore
from service.domain.errors import JobAlreadyRunning, JobBeingEdited, JobDisabled, JobNotFound, NoLiveHandler
from service.domain.fire import Verdict
from tests.support.executions import outcome, row_of, start, state_of
from tests.support.fleet import FakeReplica, database_now, due, insert_job
from tests.support.sql import acting_as, hearing

REQUEST = (
    "select verdict, execution_id, handler from request_execution($1, $2, $3::text::jsonb, 'MANUAL', 'desk')"
)


@pytest.fixture
async def replica(database) -> FakeReplica:
    return await FakeReplica.join(database)


@pytest.fixture
def triggers(database) -> TriggerStore:
    return TriggerStore(database)


async def request(sql, job_id="A", execution_id=None, params="{}"):
    row = await sql.fetchrow(REQUEST, job_id, execution_id or uuid4(), params)
    return row["verdict"], row["execution_id"]


async def test_a_request_is_queued_for_anybody(replica, sql):
    """With who asked, the parameters laid over the job's own, and no fire time."""
    await insert_job(sql, "A", params='{"desk": "FX", "n": 1}', schedule_cron=None)
    execution_id = uuid4()
    assert await request(sql, "A", execution_id, '{"n": 2}') == ("QUEUED", execution_id)
    x = await row_of(sql, execution_id)
    assert [x[name] for name in ("status", "triggered_by", "requested_by", "fire_time", "attempt")] == [
        "QUEUED",
        "MANUAL",
        "desk",
        None,
        1,
    ]
    assert msgspec.json.decode(x["params"]) == {"desk": "FX", "n": 2}
    assert await replica.claims.take(9) == [execution_id]
    assert (await state_of(sql))["active_executions"] == 1


@pytest.mark.parametrize(
    ("policy", "second", "third"),
    [
        ("SKIP", "OVERLAP", "OVERLAP"),
        ("QUEUE", "WAITING", "OVERLAP"),
        ("REPLACE", "WAITING", "OVERLAP"),
        ("ALLOW", "QUEUED", "QUEUED"),
    ],
)
@pytest.mark.parametrize("active", ["requested", "fired"])
async def test_the_overlap_policy_holds_for_requests_too(replica, sql, policy, second, third, active):
    """By the same rule as for fires; a refusal names what blocks, a replacement cancels what runs."""
    await insert_job(sql, "A", overlap_policy=policy)
    first = await start(replica, sql) if active == "fired" else (await request(sql))[1]
    verdict, execution_id = await request(sql)
    assert verdict == second
    if second == "OVERLAP":
        assert execution_id == first
    assert (await request(sql))[0] == third
    is_cancelled = (await row_of(sql, first))["cancel_requested_at"] is not None
    assert is_cancelled == (policy == "REPLACE")
    s = await state_of(sql)
    assert s["active_executions"] == (3 if policy == "ALLOW" else 1)
    assert s["waiting_execution_id"] == (execution_id if second == "WAITING" else None)


async def test_a_fire_overlaps_what_was_requested(replica, sql):
    """Neither kind is special."""
    await insert_job(sql, "A")
    await request(sql)
    [judgement] = await replica.claims.claim([due("A", await database_now(sql) - timedelta(seconds=1))], 9)
    assert judgement.verdict is Verdict.SKIPPED


@pytest.mark.parametrize("policy", ["SKIP", "QUEUE"])
async def test_a_repeat_finds_what_the_first_call_did(replica, sql, policy):
    """Queued, waiting, running or done: one execution, and no refusal because of itself."""
    await insert_job(sql, "A", overlap_policy=policy)
    if policy == "QUEUE":
        await start(replica, sql)
    execution_id = uuid4()
    expected = "WAITING" if policy == "QUEUE" else "QUEUED"
    for _ in range(2):
        assert await request(sql, "A", execution_id) == (expected, execution_id)
    if policy == "SKIP":
        await replica.claims.take(1)
        assert await request(sql, "A", execution_id) == ("QUEUED", execution_id)
        await replica.outcomes.close([outcome(execution_id)])
        assert await request(sql, "A", execution_id) == ("QUEUED", execution_id)
    assert (await state_of(sql))["active_executions"] == (1 if policy == "QUEUE" else 0)


async def test_repeats_under_way_at_once_are_one_execution(replica, database, sql):
    """A client that gave up waiting and asked again meets its own first call."""
    await insert_job(sql, "A")
    execution_id = uuid4()

    async def ask():
        async with database.connection() as connection:
            return await request(connection, "A", execution_id)

    assert await asyncio.gather(*(ask() for _ in range(8))) == [("QUEUED", execution_id)] * 8
    assert (await state_of(sql))["active_executions"] == 1


async def test_of_racing_requests_one_wins(replica, database, sql):
    """Eight people press the button of a SKIP job."""
    await insert_job(sql, "A")

    async def ask():
        async with database.connection() as connection:
            return await request(connection)

    answers = await asyncio.gather(*(ask() for _ in range(8)))
    assert sorted(verdict for verdict, _ in answers) == ["OVERLAP"] * 7 + ["QUEUED"]
    assert len({execution_id for _, execution_id in answers}) == 1


async def test_a_pause_does_not_block_a_request(replica, sql):
    """Neither the job's own nor that of all."""
    await insert_job(sql, "A")
    await sql.execute(
        "update jobs set paused_until = 'infinity'; update service_state set paused_until = 'infinity'"
    )
    assert (await request(sql))[0] == "QUEUED"


async def test_the_refusals_are_errors_of_their_own(replica, triggers, sql):
    """Unknown, disabled, overlap, no handler; nothing is stored."""
    await insert_job(sql, "OFF", enabled=False)
    await insert_job(sql, "NOWHERE", handler="no.such")
    await insert_job(sql, "BUSY")
    running = await start(replica, sql, "BUSY")
    for job_id, error in (("NO_SUCH_JOB", JobNotFound), ("OFF", JobDisabled), ("NOWHERE", NoLiveHandler)):
        with pytest.raises(error):
            await triggers.request_execution(job_id, uuid4(), {}, "desk")
    with pytest.raises(JobAlreadyRunning) as caught:
        await triggers.request_execution("BUSY", uuid4(), {}, "desk")
    assert caught.value.blocking_execution_id == running
    assert await sql.fetchval("select count(*) from job_executions") == 1
    assert await sql.fetchval("select count(*) from job_state where job_id = 'NO_SUCH_JOB'") == 0


async def test_a_request_does_not_wait_for_an_open_edit(replica, triggers, database, sql):
    """Somebody's BEGIN; UPDATE at a psql prompt is named as what it is."""
    await insert_job(sql, "A")
    async with database.transaction() as operator:
        await operator.execute("update jobs set description = 'x' where job_id = 'A'")
        with pytest.raises(JobBeingEdited):
            await triggers.request_execution("A", uuid4(), {}, "desk")


@pytest.mark.parametrize(
    ("call", "sqlstate", "message"),
    [
        ("trigger_job('NO_SUCH_JOB')", "CR404", "there is no job 'NO_SUCH_JOB'"),
        ("trigger_job(null)", "CR404", "there is no job"),
        ("trigger_job('OFF')", "CR409", "job 'OFF' is disabled"),
        ("trigger_job('NOWHERE')", "CR409", "no live replica knows the handler 'no.such'"),
        ("trigger_job('BUSY')", "CR409", "job 'BUSY' has an unfinished execution, "),
        ("trigger_job('FREE', '[]')", "CR400", "params: params must be a JSON object"),
        ("trigger_job('FREE', 'null')", "CR400", "params: params must be a JSON object"),
        ("trigger_job('FREE', null)", "CR400", "params: params must be a JSON object"),
    ],
)
async def test_at_the_psql_prompt_a_refusal_comes_with_a_hint(replica, sql, call, sqlstate, message):
    """And stores nothing."""
    await insert_job(sql, "OFF", enabled=False)
    await insert_job(sql, "NOWHERE", handler="no.such")
    for job_id in ("BUSY", "FREE"):
        await insert_job(sql, job_id)
    await start(replica, sql, "BUSY")
    with pytest.raises(asyncpg.PostgresError) as caught:
        await sql.execute(f"select {call}")
    assert caught.value.sqlstate == sqlstate
    assert str(caught.value).startswith(message)
    assert caught.value.hint
    assert await sql.fetchval("select count(*) from job_executions") == 1


async def test_at_the_psql_prompt_a_request_is_queued_and_announced(replica, database_url, sql):
    """By the session's role, whatever it calls itself."""
    await insert_job(sql, "A", params='{"a": 1}')
    await sql.execute("""update replicas set overridable = '{"noop": ["b"]}'""")
    async with hearing(database_url, "cronsole_events") as heard:
        execution_id = await sql.fetchval("select trigger_job('A', '{\"b\": 2}')")
        queued, told = map(msgspec.json.decode, await heard.all())
    assert queued == {"type": "queued"}
    execution = {"executionId": str(execution_id), "jobId": "A", "status": "QUEUED"}
    assert told == {"type": "executions", "executions": [execution]}
    x = await row_of(sql, execution_id)
    assert (x["triggered_by"], x["requested_by"]) == ("SQL", "postgres")
    assert msgspec.json.decode(x["params"]) == {"a": 1, "b": 2}
    assert (execution_id.version, execution_id.variant) == (7, "specified in RFC 4122")


async def test_ids_made_in_sql_are_in_the_order_of_their_making(sql):
    """UUIDv7: milliseconds first, as those that Python makes."""
    rows = await sql.fetch("select new_execution_id() as id, pg_sleep(0.002) from generate_series(1, 20)")
    ids = [row["id"] for row in rows]
    assert ids == sorted(ids)
    milliseconds = await sql.fetchval("select extract(epoch from clock_timestamp()) * 1000")
    assert 0 <= milliseconds - (ids[-1].int >> 80) < 10_000


async def test_a_role_without_the_right_requests_nothing(replica, sql):
    """Reading is not enough."""
    await insert_job(sql, "A")
    async with acting_as(sql, "select on all tables in schema public"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute("select trigger_job('A')")
