"""The claim: one decision per fire, by the row as it stands."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from service.database.pool import Database
from service.domain.fire import FireKind, Verdict
from tests.support.fleet import FakeReplica, database_now, due, insert_job, move_plan

SECOND = timedelta(seconds=1)


async def verdicts(replica, *claims, free_slots=50):
    return [judgement.verdict for judgement in await replica.claims.claim(claims, free_slots)]


@pytest.fixture
async def replica(database: Database) -> FakeReplica:
    return await FakeReplica.join(database)


@pytest.fixture
async def now(database: Database):
    async with database.connection() as connection:
        return await database_now(connection)


async def execute(database, sql, *values):
    async with database.connection() as connection:
        return await connection.execute(sql, *values)


async def fetch(database, sql, *values):
    async with database.connection() as connection:
        return await connection.fetch(sql, *values)


async def test_one_fire_is_won_by_exactly_one_of_eight_replicas(database, now):
    """Racing replicas: one RUN, seven TAKEN or BUSY, one row in the ledger."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
    replicas = [await FakeReplica.join(database) for _ in range(8)]
    answers = await asyncio.gather(*(verdicts(each, due("A", now - SECOND)) for each in replicas))
    assert [answer for [answer] in answers].count(Verdict.RUN) == 1
    assert {answer for [answer] in answers} <= {Verdict.RUN, Verdict.TAKEN, Verdict.BUSY}
    [row] = await fetch(database, "select outcome from job_fires")
    assert row["outcome"] == "STARTED"


async def test_a_repeated_claim_recognises_itself(replica, database, now):
    """The same execution id gets OWN, and the execution is found to be owned."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
    claim = due("A", now - SECOND)
    assert await verdicts(replica, claim) == [Verdict.RUN]
    assert await verdicts(replica, claim) == [Verdict.OWN]
    [owned] = await replica.claims.owned([claim.execution_id])
    assert (owned.job_id, owned.fencing_number, owned.fire_time) == ("A", 1, now - SECOND)


async def test_nothing_starts_before_its_time(replica, database, now):
    """A fire of the future is EARLY by what is left, and leaves no trace."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
    [judgement] = await replica.claims.claim([due("A", now + timedelta(hours=1))], 50)
    assert judgement.verdict is Verdict.EARLY
    assert judgement.early_by_ms == pytest.approx(3_600_000, abs=5_000)
    assert await fetch(database, "select 1 from job_fires union all select 1 from job_executions") == []


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ("update jobs set schedule_cron = '0 0 3 * * *'", Verdict.STALE),
        ("update jobs set description = 'other'", Verdict.STALE),
        ("update jobs set enabled = false", Verdict.DISABLED),
        ("delete from jobs", Verdict.UNKNOWN),
    ],
)
async def test_a_claim_after_a_change_starts_nothing_on_the_old_row(replica, database, now, change, verdict):
    """The last word is the row."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
        await connection.execute(f"{change} where job_id = 'A'")
    assert await verdicts(replica, due("A", now - SECOND)) == [verdict]
    assert await fetch(database, "select 1 from job_fires union all select 1 from job_executions") == []


async def test_no_fire_at_or_before_the_edit_is_started(replica, database, now):
    """planned_from guards the new revision against the past."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
        await move_plan(connection, "A", 0)
    assert await verdicts(replica, due("A", now - SECOND)) == [Verdict.STALE]


async def test_a_row_held_by_an_open_transaction_is_answered_at_once(replica, database, now):
    """An operator's BEGIN; UPDATE makes its job BEING_EDITED, and delays no other job of the batch."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
        await insert_job(connection, "B")
    async with database.transaction() as operator:
        await operator.execute("update jobs set description = 'x' where job_id = 'A'")
        assert await verdicts(replica, due("A", now - SECOND), due("B", now - SECOND)) == [
            Verdict.BEING_EDITED,
            Verdict.RUN,
        ]


async def test_a_state_row_that_is_held_is_busy(replica, database, now):
    """A decision about the same job under way elsewhere makes it BUSY."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
    async with database.transaction() as other:
        await other.execute("select from job_state where job_id = 'A' for update")
        assert await verdicts(replica, due("A", now - SECOND)) == [Verdict.BUSY]


async def test_a_decided_fire_is_not_decided_again_when_the_ledger_was_pruned(replica, database, now):
    """decided_through outlives the ledger's rows."""
    async with database.connection() as connection:
        await insert_job(connection, "A", overlap_policy="ALLOW")
    assert await verdicts(replica, due("A", now - SECOND)) == [Verdict.RUN]
    await execute(database, "delete from job_fires")
    assert await verdicts(replica, due("A", now - SECOND), due("A", now - 2 * SECOND)) == [
        Verdict.TAKEN,
        Verdict.TAKEN,
    ]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("SKIP", [Verdict.RUN, Verdict.SKIPPED, Verdict.SKIPPED]),
        ("QUEUE", [Verdict.RUN, Verdict.WAITING, Verdict.SKIPPED]),
        ("ALLOW", [Verdict.RUN, Verdict.RUN, Verdict.RUN]),
        ("REPLACE", [Verdict.RUN, Verdict.WAITING, Verdict.SKIPPED]),
    ],
)
@pytest.mark.parametrize("together", [True, False])
async def test_overlap_policies(replica, database, now, policy, expected, together):
    """Three fires of a job whose first execution does not end, in one call and in three."""
    if policy == "REPLACE" and together:
        expected = [Verdict.RUN, Verdict.SKIPPED, Verdict.SKIPPED]
    async with database.connection() as connection:
        await insert_job(connection, "A", overlap_policy=policy)
    claims = [due("A", now - n * SECOND) for n in (3, 2, 1)]
    if together:
        answers = await verdicts(replica, *claims)
    else:
        answers = [(await verdicts(replica, claim))[0] for claim in claims]
    assert answers == expected
    ledger = await fetch(database, "select outcome, reason, execution_id from job_fires order by fire_time")
    for answer, row in zip(expected, ledger, strict=True):
        assert row["outcome"] == ("SKIPPED_OVERLAP" if answer is Verdict.SKIPPED else "STARTED")
        assert (row["reason"] is not None) == (answer is Verdict.SKIPPED)
        assert (row["execution_id"] is None) == (answer is Verdict.SKIPPED)


async def test_a_replacement_asks_the_running_execution_to_stop(replica, database, now):
    """REPLACE marks the active execution for cancellation and waits behind it."""
    async with database.connection() as connection:
        await insert_job(connection, "A", overlap_policy="REPLACE")
    first, second = due("A", now - 2 * SECOND), due("A", now - SECOND)
    await verdicts(replica, first)
    await verdicts(replica, second)
    rows = await fetch(
        database, "select execution_id, status, cancel_requested_at from job_executions order by fire_time"
    )
    assert [(r["execution_id"], r["status"], r["cancel_requested_at"] is None) for r in rows] == [
        (first.execution_id, "RUNNING", False),
        (second.execution_id, "QUEUED", True),
    ]
    assert await replica.claims.take(10) == []


async def test_a_replica_without_a_lease_decides_nothing(database, now):
    """An expired lease, and none at all, give NO_LEASE."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
    expired = await FakeReplica.join(database, lease_seconds=-1)
    stranger = FakeReplica(database, uuid4())
    assert await verdicts(expired, due("A", now - SECOND)) == [Verdict.NO_LEASE]
    assert await verdicts(stranger, due("A", now - SECOND)) == [Verdict.NO_LEASE]


async def test_starts_beyond_the_free_slots_are_queued_for_anybody(replica, database, now):
    """Of four due jobs two run here, two stay QUEUED, and another replica takes those."""
    async with database.connection() as connection:
        for job_id in "ABCD":
            await insert_job(connection, job_id)
    answers = await verdicts(replica, *(due(job_id, now - SECOND) for job_id in "ABCD"), free_slots=2)
    assert answers == [Verdict.RUN, Verdict.RUN, Verdict.QUEUED, Verdict.QUEUED]
    other = await FakeReplica.join(database)
    taken = await other.claims.take(10)
    assert {owned.job_id for owned in await other.claims.owned(taken)} == {"C", "D"}
    assert {owned.fencing_number for owned in await other.claims.owned(taken)} == {1}


async def test_a_handler_known_elsewhere_is_queued_and_one_known_nowhere_is_recorded(replica, database, now):
    """A replica starts only what it can run."""
    async with database.connection() as connection:
        await insert_job(connection, "ELSEWHERE", handler="risk.report")
        await insert_job(connection, "NOWHERE", handler="no.such")
    await FakeReplica.join(database, handlers=["risk.report"])
    assert await verdicts(replica, due("ELSEWHERE", now - SECOND), due("NOWHERE", now - SECOND)) == [
        Verdict.QUEUED,
        Verdict.NO_HANDLER,
    ]
    assert await replica.claims.take(10) == []


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "update jobs set paused_until = 'infinity', pause_reason = 'month end' where job_id = 'A'",
            "the job is paused: month end",
        ),
        (
            "update service_state set paused_until = 'infinity', pause_reason = 'upgrade'",
            "all jobs are paused: upgrade",
        ),
    ],
)
async def test_a_paused_fire_is_on_record_with_its_reason(replica, database, now, sql, reason):
    """A pause of the job, or of all."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
        await connection.execute(sql)
        revision = await connection.fetchval("select revision from jobs where job_id = 'A'")
    assert await verdicts(replica, due("A", now - SECOND, revision=revision)) == [Verdict.PAUSED]
    [row] = await fetch(database, "select outcome, reason, execution_id from job_fires")
    assert tuple(row.values()) == ("PAUSED", reason, None)


async def test_a_caught_up_fire_carries_the_window_that_it_covers(replica, database, now):
    """Missed fires and the one execution for them are decided in one call."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
    start, last = now - timedelta(minutes=10), now - SECOND
    missed = due(
        "A",
        last - SECOND,
        kind=FireKind.COALESCED,
        reason="caught up later",
        covers_from=start,
        fires_covered=599,
    )
    caught_up = due("A", last, kind=FireKind.CATCH_UP, window_start=start)
    assert await verdicts(replica, missed, caught_up) == [Verdict.RECORDED, Verdict.RUN]
    [execution] = await fetch(database, "select triggered_by, window_start, window_end from job_executions")
    assert tuple(execution.values()) == ("CATCH_UP", start, last)
    ledger = await fetch(
        database, "select outcome, fires_covered, covers_from from job_fires order by fire_time"
    )
    assert [tuple(row.values()) for row in ledger] == [("COALESCED", 599, start), ("STARTED", None, None)]


async def test_the_state_row_tells_what_comes_next(replica, database, now):
    """decided_through, next_fire_time and the count of active executions move with the claim."""
    async with database.connection() as connection:
        await insert_job(connection, "A")
    await verdicts(replica, due("A", now - SECOND, following=now + SECOND))
    [state] = await fetch(
        database,
        "select decided_through, next_fire_time, planned_revision, active_executions from job_state"
        " where job_id = 'A'",
    )
    assert tuple(state.values()) == (now - SECOND, now + SECOND, 1, 1)
