"""What follows an end: new attempts, the queue, take-over from dead replicas, hand-over, cancellation."""

import asyncio

import pytest

from service.database.runs import RunStore
from service.domain.fire import Verdict
from tests.support.executions import SECOND, die, outcome, owned, row_of, start, state_of
from tests.support.fleet import FakeReplica, database_now, due, insert_job

ATTEMPTS = """
    select execution_id, attempt, status, first_execution_id, triggered_by, fire_time, params, fencing_number,
           round(extract(epoch from not_before - clock_timestamp())) as seconds_left
      from job_executions where job_id = $1 order by created_at
"""


@pytest.fixture
async def replica(database) -> FakeReplica:
    return await FakeReplica.join(database)


@pytest.fixture
async def other(database) -> FakeReplica:
    return await FakeReplica.join(database)


@pytest.fixture
def runs(database) -> RunStore:
    return RunStore(database, database)


async def cancel(sql, execution_id):
    await sql.execute(
        "update job_executions set cancel_requested_at = clock_timestamp(), cancel_requested_by = 'desk'"
        " where execution_id = $1",
        execution_id,
    )


async def make_due(sql):
    await sql.execute("update job_executions set not_before = clock_timestamp() where status = 'QUEUED'")


async def test_a_failure_is_tried_again_after_a_growing_pause(replica, sql):
    """FAILED and TIMEOUT use up attempts; each is a new execution that points to the first."""
    await insert_job(sql, "A", max_attempts=4, retry_backoff_seconds=30, params='{"desk": "FX"}')
    first = latest = await start(replica, sql)
    for attempt, status, seconds in ((2, "FAILED", 30), (3, "TIMEOUT", 60), (4, "FAILED", 120)):
        fencing_number = (await row_of(sql, latest))["fencing_number"]
        await replica.outcomes.close([outcome(latest, status, fencing_number)])
        new = (await sql.fetch(ATTEMPTS, "A"))[-1]
        assert (new["attempt"], new["status"], new["triggered_by"]) == (attempt, "QUEUED", "RETRY")
        assert (new["first_execution_id"], new["params"]) == (first, '{"desk": "FX"}')
        assert new["fire_time"] == (await row_of(sql, first))["fire_time"]
        assert new["seconds_left"] in (seconds - 1, seconds)
        assert await replica.claims.take(9) == []
        await make_due(sql)
        [latest] = await replica.claims.take(9)
        assert latest == new["execution_id"]
    await replica.outcomes.close([outcome(latest, "FAILED")])
    assert len(await sql.fetch(ATTEMPTS, "A")) == 4
    s = await state_of(sql)
    assert (s["active_executions"], s["failures_in_succession"]) == (0, 4)


@pytest.mark.parametrize(
    ("backoff", "attempt", "seconds"), [(600, 9, 3600), (7200, 1, 7200), (7200, 3, 7200)]
)
async def test_the_pause_grows_to_an_hour_or_is_what_the_job_says(replica, sql, backoff, attempt, seconds):
    """A job that asks for two hours gets two hours."""
    await insert_job(sql, "A", max_attempts=20, retry_backoff_seconds=backoff)
    execution_id = await start(replica, sql)
    await sql.execute("update job_executions set attempt = $1", attempt)
    await replica.outcomes.close([outcome(execution_id, "FAILED")])
    assert (await sql.fetch(ATTEMPTS, "A"))[-1]["seconds_left"] in (seconds - 1, seconds)


async def test_a_job_keeps_its_place_while_it_waits_for_the_next_attempt(replica, sql):
    """SKIP still sees it: no fire overlaps the work that is not done yet."""
    await insert_job(sql, "A", max_attempts=2)
    await replica.outcomes.close([outcome(await start(replica, sql, seconds_ago=2), "FAILED")])
    assert (await state_of(sql))["active_executions"] == 1
    [judgement] = await replica.claims.claim([due("A", await database_now(sql) - SECOND)], 9)
    assert judgement.verdict is Verdict.SKIPPED


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("update jobs set enabled = false", "FAILED"),
        ("update jobs set max_attempts = 1", "FAILED"),
        ("update job_executions set cancel_requested_at = now()", "FAILED"),
        ("select 1", "CANCELLED"),
        ("select 1", "LOST"),
        ("select 1", "SUCCESS"),
    ],
)
async def test_what_is_not_tried_again(replica, sql, change, status):
    """Disabled since, attempts used up, cancelled, lost by its own replica, done."""
    await insert_job(sql, "A", max_attempts=3, on_lost="RETRY")
    execution_id = await start(replica, sql)
    await sql.execute(change)
    await replica.outcomes.close([outcome(execution_id, status)])
    assert await sql.fetchval("select count(*) from job_executions") == 1
    assert (await state_of(sql))["active_executions"] == 0


async def test_a_batch_of_failures_gives_each_its_own_attempt(replica, sql):
    """Also two that point to the same first execution."""
    await insert_job(sql, "A", overlap_policy="ALLOW", max_attempts=3)
    await insert_job(sql, "B")
    ids = [await start(replica, sql, seconds_ago=n) for n in (3, 2, 1)]
    done = await start(replica, sql, "B")
    await sql.execute("update job_executions set first_execution_id = $1 where execution_id <> $1", ids[0])
    ended = [outcome(ids[0], "FAILED"), outcome(done), outcome(ids[1], "TIMEOUT"), outcome(ids[2], "FAILED")]
    assert await replica.outcomes.close(ended) == {*ids, done}
    assert [each["status"] for each in await sql.fetch(ATTEMPTS, "A")].count("QUEUED") == 3
    assert ((await state_of(sql))["active_executions"], (await state_of(sql, "B"))["active_executions"]) == (
        3,
        0,
    )


async def test_the_queue_is_taken_in_order_by_who_can_run_it(database, sql):
    """By the time from which each may run; what is not due, cancelled or for another handler stays."""
    await insert_job(sql, "OTHER", handler="risk.report")
    for job_id in "ABCDEF":
        await insert_job(sql, job_id)
    replica = await FakeReplica.join(database, handlers=["noop"])
    now = await database_now(sql)
    await FakeReplica.join(database, handlers=["risk.report"])
    claims = [due(job_id, now - SECOND) for job_id in ("A", "B", "C", "D", "E", "F", "OTHER")]
    await replica.claims.claim(claims, 0)
    ids = [claim.execution_id for claim in claims]
    for n, execution_id in enumerate(ids):
        await sql.execute(
            "update job_executions set not_before = clock_timestamp() - $2 * interval '1 s'"
            " where execution_id = $1",
            execution_id,
            -60 if n == 5 else n,
        )
    await cancel(sql, ids[2])
    assert await replica.claims.take(2) == [ids[4], ids[3]]
    assert await replica.claims.take(9) == [ids[1], ids[0]]
    assert await replica.claims.take(9) == []
    x, s = await row_of(sql, ids[4]), await state_of(sql, "E")
    assert (x["status"], x["replica_id"], x["fencing_number"]) == ("RUNNING", replica.replica_id, 1)
    assert (s["last_execution_id"], s["last_start_time"], s["active_executions"]) == (
        ids[4],
        x["start_time"],
        1,
    )


@pytest.mark.parametrize("reason", ["no lease", "draining"])
async def test_a_replica_that_leaves_takes_nothing(replica, other, sql, reason):
    """Nor one whose lease ran out."""
    await insert_job(sql, "A")
    await other.claims.claim([due("A", await database_now(sql) - SECOND)], 0)
    if reason == "draining":
        await sql.execute("update replicas set draining = true where replica_id = $1", replica.replica_id)
    else:
        await die(sql, replica)
    assert await replica.claims.take(9) == []
    assert len(await other.claims.take(9)) == 1


async def test_racing_takers_never_share(database, sql):
    """Eight replicas, 200 executions: each is taken once."""
    replicas = [await FakeReplica.join(database) for _ in range(8)]
    ids = [f"J{n}" for n in range(200)]
    for job_id in ids:
        await insert_job(sql, job_id)
    now = await database_now(sql)
    await replicas[0].claims.claim([due(job_id, now - SECOND) for job_id in ids], 0)

    async def take_all(each):
        taken = []
        while more := await each.claims.take(7):
            taken += more
        return taken

    shares = await asyncio.gather(*(take_all(each) for each in replicas))
    together = [execution_id for share in shares for execution_id in share]
    assert len(together) == len(set(together)) == 200


async def test_only_what_dead_replicas_ran_is_reaped(replica, other, sql):
    """LOST, with the reason; whoever lives keeps its runs, and the dead cannot record an outcome any more."""
    await insert_job(sql, "A")
    await insert_job(sql, "B", on_lost="RETRY")
    await insert_job(sql, "LIVE")
    lost, taken_over, live = [
        await start(each, sql, job) for each, job in ((other, "A"), (other, "B"), (replica, "LIVE"))
    ]
    assert await replica.outcomes.reap(9) == []
    await die(sql, other)
    assert await other.outcomes.reap(9) == []
    orphans = await replica.outcomes.reap(9)
    assert {(each.execution_id, each.is_taken_over) for each in orphans} == {
        (lost, False),
        (taken_over, True),
    }
    assert {each.dead_replica_id for each in orphans} == {other.replica_id}
    x = await row_of(sql, lost)
    assert (x["status"], x["error_count"]) == ("LOST", 1)
    assert "stopped renewing its lease" in x["error_details"]
    assert [(await state_of(sql, job))["active_executions"] for job in ("A", "B", "LIVE")] == [0, 1, 1]
    assert (await state_of(sql))["last_status"] == "LOST"
    assert await other.outcomes.close([outcome(lost), outcome(taken_over)]) == set()
    assert await replica.outcomes.reap(9) == []
    assert (await row_of(sql, live))["status"] == "RUNNING"


async def test_a_replica_that_gave_up_its_lease_is_dead_too(replica, other, sql):
    """Its row is gone: what it left is found all the same, at most so many at a time."""
    for job_id in "ABC":
        await insert_job(sql, job_id)
        await start(other, sql, job_id)
    await sql.execute("delete from replicas where replica_id = $1", other.replica_id)
    assert [len(await replica.outcomes.reap(2)) for _ in range(3)] == [2, 1, 0]


async def test_a_take_over_continues_from_the_last_checkpoint(replica, other, runs, sql):
    """The same attempt, as a new execution: that of the last owner who stored one, through two deaths."""
    await insert_job(sql, "A", on_lost="RETRY")
    first = await owned(other, await start(other, sql))
    await runs.record_checkpoint(first, {"page": 3})
    await die(sql, other)
    [orphan] = await replica.outcomes.reap(9)
    assert orphan.is_taken_over
    [second_id] = await replica.claims.take(9)
    second = await owned(replica, second_id)
    assert (second.attempt, second.checkpoint, second.fencing_number) == (1, {"page": 3}, 1)
    await runs.record_checkpoint(second, {"page": 5})
    await runs.record_progress(second, 5, 9, "half\0way \udce9")
    await die(sql, replica)
    third_replica = await FakeReplica.join(replica.database)
    await third_replica.outcomes.reap(9)
    [third_id] = await third_replica.claims.take(9)
    third = await owned(third_replica, third_id)
    assert (third.attempt, third.checkpoint) == (1, {"page": 5})
    assert (await row_of(sql, third_id))["first_execution_id"] == first.execution_id
    notes = await sql.fetch("select note from job_execution_progress where note is not null")
    assert [row["note"] for row in notes] == ["half\ufffdway ?"]


async def test_a_disabled_job_is_not_taken_over(replica, other, sql):
    """An operator who disables a job whose replica died means it."""
    await insert_job(sql, "A", on_lost="RETRY")
    await start(other, sql)
    await die(sql, other)
    await sql.execute("update jobs set enabled = false where job_id = 'A'")
    [orphan] = await replica.outcomes.reap(9)
    assert not orphan.is_taken_over
    assert (await state_of(sql))["active_executions"] == 0


async def test_a_run_inside_its_own_transaction_is_reaped_after_it(replica, other, runs, sql):
    """The reaper waits for nobody, and what the run wrote before its lease ended is whole or nothing."""
    await insert_job(sql, "A")
    execution = await owned(other, await start(other, sql))
    async with runs.transaction(execution) as connection:
        await connection.execute("create table written (n int)")
        await die(sql, other)
        assert await replica.outcomes.reap(9) == []
    assert [each.execution_id for each in await replica.outcomes.reap(9)] == [execution.execution_id]
    assert await sql.fetchval("select to_regclass('written') is not null")


async def test_queued_executions_that_are_cancelled_are_closed(replica, sql):
    """Those for anybody and the waiting one; the job's places are free again, and a running one runs on."""
    await insert_job(sql, "A", overlap_policy="QUEUE")
    await insert_job(sql, "B")
    running, waiting = await start(replica, sql, seconds_ago=2), await start(replica, sql, seconds_ago=1)
    queued = due("B", await database_now(sql) - SECOND)
    await replica.claims.claim([queued], 0)
    for execution_id in (running, waiting, queued.execution_id):
        await cancel(sql, execution_id)
    assert set(await replica.outcomes.close_cancelled(9)) == {waiting, queued.execution_id}
    assert await replica.outcomes.close_cancelled(9) == []
    a, b = await state_of(sql), await state_of(sql, "B")
    assert (a["active_executions"], a["waiting_execution_id"], b["active_executions"]) == (1, None, 0)
    x = await row_of(sql, waiting)
    assert (x["status"], x["duration_ms"]) == ("CANCELLED", 0)
    assert x["error_details"] == '["cancelled before it started, by desk"]'
    assert await replica.outcomes.to_cancel([running, waiting]) == {running: "desk"}


async def test_cancelling_the_queued_one_is_the_turn_of_the_one_that_waits(replica, sql):
    """It need not wait for a run that never comes; and at most so many are closed at a time."""
    await insert_job(sql, "A", overlap_policy="QUEUE")
    now = await database_now(sql)
    queued, waiting = due("A", now - 2 * SECOND), due("A", now - SECOND)
    await replica.claims.claim([queued], 0)
    await replica.claims.claim([waiting], 0)
    await cancel(sql, queued.execution_id)
    assert await replica.outcomes.close_cancelled(1) == [queued.execution_id]
    assert await replica.claims.take(9) == [waiting.execution_id]


async def test_the_limit_of_closing_cancelled_ones_is_kept(replica, sql):
    """Three are cancelled, two may be closed."""
    for job_id in "ABC":
        await insert_job(sql, job_id)
    now = await database_now(sql)
    await replica.claims.claim([due(job_id, now - SECOND) for job_id in "ABC"], 0)
    await sql.execute("update job_executions set cancel_requested_at = clock_timestamp()")
    assert [len(await replica.outcomes.close_cancelled(2)) for _ in range(3)] == [2, 1, 0]


async def test_a_handed_over_run_goes_on_elsewhere_under_the_next_number(replica, other, runs, sql):
    """The same attempt from its checkpoint; the old owner can write nothing any more."""
    await insert_job(sql, "A", on_lost="RETRY")
    mine = await owned(replica, await start(replica, sql))
    await runs.record_checkpoint(mine, [7])
    assert await other.outcomes.hand_over([mine]) == set()
    assert await replica.outcomes.hand_over([mine]) == {mine.execution_id}
    assert await replica.outcomes.hand_over([mine]) == set()
    x = await row_of(sql, mine.execution_id)
    assert (x["status"], x["attempt"], x["fencing_number"], x["replica_id"]) == ("QUEUED", 1, 1, None)
    assert await replica.outcomes.close([outcome(mine.execution_id)]) == set()
    assert await other.claims.take(9) == [mine.execution_id]
    theirs = await owned(other, mine.execution_id)
    assert (theirs.fencing_number, theirs.attempt, theirs.checkpoint) == (2, 1, [7])
    assert await replica.outcomes.close([outcome(mine.execution_id)]) == set()
    assert await other.outcomes.close([outcome(mine.execution_id, fencing_number=2)]) == {mine.execution_id}
    assert (await state_of(sql))["active_executions"] == 0


async def test_a_replacement_cancels_a_run_that_is_inside_its_own_transaction(replica, runs, sql):
    """The row that the run holds leaves room for the request."""
    await insert_job(sql, "A", overlap_policy="REPLACE")
    running = await owned(replica, await start(replica, sql, seconds_ago=2))
    async with runs.transaction(running):
        waiting = await start(replica, sql, seconds_ago=1)
        assert await replica.outcomes.to_cancel([running.execution_id]) == {
            running.execution_id: "overlap policy REPLACE"
        }
    await replica.outcomes.close([outcome(running.execution_id, "CANCELLED")])
    assert await replica.claims.take(9) == [waiting]


async def test_a_fire_that_stands_twice_in_a_call_is_decided_once(replica, sql):
    """A timer that was swapped while its fire was being asked for; the others of the call are not harmed."""
    await insert_job(sql, "A", overlap_policy="ALLOW")
    await insert_job(sql, "B")
    fire_time = await database_now(sql) - SECOND
    claims = [due("A", fire_time), due("B", fire_time), due("A", fire_time), due("A", fire_time - SECOND)]
    verdicts = [judgement.verdict for judgement in await replica.claims.claim(claims, 9)]
    assert sorted(verdicts) == [Verdict.RUN] * 3 + [Verdict.TAKEN]
    assert (await state_of(sql))["active_executions"] == 2
    assert await sql.fetchval("select count(*) from job_executions") == 3
