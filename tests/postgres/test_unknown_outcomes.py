"""Answers that never come: what was asked has happened or not, and asking again with the same ids tells."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from service.database.claims import ClaimStore
from service.database.outcomes import OutcomeStore
from service.database.pool import Database, open_database
from service.domain.clock import SystemClock
from service.domain.execution import OwnedExecution
from service.domain.fire import Fire
from service.execution.claimer import Claimer
from service.execution.recorder import Recorder
from tests.support.executions import SECOND, outcome, row_of, start, state_of
from tests.support.fleet import FakeReplica, database_now, insert_job
from tests.support.jobs import a_job
from tests.support.processes import free_port
from tests.support.stalling_proxy import StallingProxy


class Slots:
    """Stands where the runner stands; nothing ends."""

    def __init__(self) -> None:
        self.free_slots = 50
        self.running: list[OwnedExecution] = []
        self.started: list[UUID] = []
        self.has_started = asyncio.Event()

    def start(self, execution: OwnedExecution) -> None:
        self.running.append(execution)
        self.started.append(execution.execution_id)
        self.has_started.set()


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[StallingProxy]:
    proxy = StallingProxy(database_url, free_port())
    await proxy.open()
    yield proxy
    await proxy.close()


@pytest.fixture
async def far_database(proxy: StallingProxy) -> AsyncIterator[Database]:
    """The database behind the proxy, by one connection."""
    async with open_database(proxy.url, application_name="cronsole test", size=1) as opened:
        yield opened


@pytest.fixture
async def replica(database: Database) -> FakeReplica:
    return await FakeReplica.join(database)


@pytest.fixture
def slots() -> Slots:
    return Slots()


@pytest.fixture
async def claimer(far_database: Database, replica: FakeReplica, slots: Slots) -> AsyncIterator[Claimer]:
    """A running claimer that has spoken to the database: its next statement is answered in one piece."""
    store = ClaimStore(far_database, replica.replica_id)
    claimer = Claimer(SystemClock(), store, slots, on_queued=lambda: None, on_replaced=lambda: None)
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(claimer.run())
        yield claimer
        loop.cancel()


def a_due_fire(fire_time: datetime) -> Fire:
    return Fire(job=a_job("A"), fire_time=fire_time, following=None)


async def test_a_claim_whose_answer_was_lost_is_recognised_and_starts_once(sql, claimer, proxy, slots):
    """The database has decided; the repeat finds its own execution."""
    await insert_job(sql, "A", overlap_policy="ALLOW")
    now = await database_now(sql)
    assert await claimer.decide([a_due_fire(now - 2 * SECOND)])
    proxy.lose_next_answer()
    assert await claimer.decide([a_due_fire(now - SECOND)])
    assert proxy.lost_answers == 1
    fire = await sql.fetchrow("select * from job_fires where fire_time = $1", now - SECOND)
    assert (fire["outcome"], slots.started[1:]) == ("STARTED", [fire["execution_id"]])
    assert await sql.fetchval("select count(*) from job_executions") == 2
    assert (await state_of(sql))["active_executions"] == 2


async def test_executions_that_were_taken_without_an_answer_are_found_and_start_once(
    sql, claimer, proxy, slots, replica
):
    """They run under this replica's name, which asks what it owns."""
    await insert_job(sql, "A", schedule_cron=None)
    for _ in range(8):
        await sql.execute("select request_execution('A', $1, '{}', 'MANUAL', 'ada')", uuid4())
        proxy.lose_next_answer()
        claimer.take_soon()
        async with asyncio.timeout(5):
            await slots.has_started.wait()
        [started] = slots.started
        x = await row_of(sql, started)
        assert (x["status"], x["fencing_number"], x["replica_id"]) == ("RUNNING", 1, replica.replica_id)
        slots.started.clear()
        slots.has_started.clear()
        await replica.outcomes.close([outcome(started)])
    assert proxy.lost_answers == 8


async def test_an_outcome_whose_answer_was_lost_stands_and_counts_once(sql, far_database, proxy, replica):
    """The repeat is told that it is recorded; also where it had not been."""
    await insert_job(sql, "A", overlap_policy="ALLOW")
    first, second = await start(replica, sql, seconds_ago=2), await start(replica, sql, seconds_ago=1)
    store = OutcomeStore(far_database, replica.replica_id)
    recorder = Recorder(SystemClock(), store, on_recorded=lambda: None)
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(recorder.run())
        assert await recorder.record(outcome(first))
        proxy.lose_next_answer()
        assert await recorder.record(outcome(second, "FAILED"))
        loop.cancel()
    assert proxy.lost_answers == 1
    state = await state_of(sql)
    assert (state["recent_outcomes"], state["active_executions"]) == (["SUCCESS", "FAILED"], 0)
    counts = await sql.fetchrow("select sum(success_count), sum(failed_count) from job_execution_stats")
    assert tuple(counts) == (1, 1)
