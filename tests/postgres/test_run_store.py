"""What a run may write: only while it is owned here, under its fencing number, and the lease lasts."""

import asyncio
from contextlib import suppress

import pytest

from service.database.pool import Database
from service.database.runs import RunStore
from service.domain.errors import LeaseLost
from tests.support.executions import die, outcome, owned, start
from tests.support.fleet import FakeReplica, insert_job


@pytest.fixture
async def replica(database: Database) -> FakeReplica:
    return await FakeReplica.join(database)


@pytest.fixture
def runs(database: Database) -> RunStore:
    return RunStore(database, database)


@pytest.fixture
async def execution(replica, sql):
    await insert_job(sql, "A", on_lost="RETRY")
    await sql.execute("create table written (n int)")
    return await owned(replica, await start(replica, sql))


async def write(runs, execution):
    async with runs.transaction(execution) as connection:
        await connection.execute("insert into written values (1)")


async def close(replica, sql, execution):
    await replica.outcomes.close([outcome(execution.execution_id)])


async def hand_over(replica, sql, execution):
    await replica.outcomes.hand_over([execution])


async def hand_over_and_take_again(replica, sql, execution):
    await replica.outcomes.hand_over([execution])
    assert await replica.claims.take(1) == [execution.execution_id]


async def lose_the_lease(replica, sql, execution):
    await die(sql, replica)


async def be_reaped(replica, sql, execution):
    await die(sql, replica)
    other = await FakeReplica.join(replica.database)
    assert len(await other.outcomes.reap(1)) == 1


ENDS = [close, hand_over, hand_over_and_take_again, be_reaped]


@pytest.mark.parametrize("end", [*ENDS, lose_the_lease])
async def test_a_stale_run_cannot_write(replica, runs, execution, sql, end):
    """Its transaction is refused on entering, and nothing of it is stored."""
    await write(runs, execution)
    await end(replica, sql, execution)
    with pytest.raises(LeaseLost):
        await write(runs, execution)
    assert await sql.fetchval("select count(*) from written") == 1


@pytest.mark.parametrize("end", ENDS)
async def test_what_a_stale_run_reports_is_dropped(replica, runs, execution, sql, end):
    """Progress without a word, since nobody waits for it; a checkpoint with an error."""
    await runs.record_progress(execution, 1, 9, "one")
    await runs.record_checkpoint(execution, 1)
    await end(replica, sql, execution)
    await runs.record_progress(execution, 2, 9, "two")
    with pytest.raises(LeaseLost):
        await runs.record_checkpoint(execution, 2)
    [row] = await sql.fetch("select done, note, checkpoint from job_execution_progress")
    assert tuple(row) == (1, "one", "1")


async def test_reports_do_not_wait_for_the_runs_own_transaction(runs, execution, sql):
    """Progress and checkpoint are stored while it is open, and stay when it is rolled back."""
    with suppress(ZeroDivisionError):
        async with asyncio.timeout(5), runs.transaction(execution):
            await runs.record_progress(execution, 0.5, None, None)
            await runs.record_checkpoint(execution, {"page": 1})
            raise ZeroDivisionError
    [row] = await sql.fetch("select done, total, note, checkpoint from job_execution_progress")
    assert tuple(row) == (0.5, None, None, '{"page": 1}')


async def test_progress_and_checkpoint_do_not_overwrite_each_other(runs, execution, sql):
    """Each keeps what the other said."""
    await runs.record_checkpoint(execution, [1])
    await runs.record_progress(execution, 1, 2, "x")
    await runs.record_checkpoint(execution, [2])
    [row] = await sql.fetch("select done, note, checkpoint from job_execution_progress")
    assert tuple(row) == (1, "x", "[2]")


async def test_an_outcome_waits_for_the_runs_open_transaction(replica, runs, execution, sql):
    """Nothing is written after the outcome is on record, not even by a thread that was given up."""
    async with runs.transaction(execution) as connection:
        process_id = await connection.fetchval("select pg_backend_pid()")
        ending = asyncio.create_task(replica.outcomes.close([outcome(execution.execution_id, "TIMEOUT")]))
        async with asyncio.timeout(5):
            while not await sql.fetchval(
                "select exists (select from pg_stat_activity a where $1 = any (pg_blocking_pids(a.pid)))",
                process_id,
            ):
                pass
        await connection.execute("insert into written values (1)")
    assert await ending == {execution.execution_id}
    written, ended = await sql.fetchrow("select (select count(*) from written), status from job_executions")
    assert (written, ended) == (1, "TIMEOUT")
