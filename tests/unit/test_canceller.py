"""The canceller: what somebody wants cancelled stops, and so does what is not this replica's any more."""

import asyncio
from uuid import UUID, uuid4

import pytest

from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus, OwnedExecution
from service.execution.canceller import Canceller
from tests.support.clock import FakeClock
from tests.support.jobs import MONDAY_9AM, an_execution


class Desk:
    """Stands where the database and the runner stand."""

    def __init__(self) -> None:
        self.clock = FakeClock(MONDAY_9AM)
        self.active: list[OwnedExecution] = []
        self.stopped: list[tuple[UUID, ExecutionStatus, str]] = []
        self.handed_over: list[UUID] = []
        self.wanted: dict[UUID, str] = {}
        self.not_ours: set[UUID] = set()
        self.cancelled_in_the_queue: list[UUID] = []
        self.faults: list[Exception] = []
        self.looks = self.queued = 0
        self.ends_meanwhile = False
        self.canceller = Canceller(self.clock, self, self, self.announce)

    async def close_cancelled(self, limit):
        self.looks += 1
        if self.faults:
            raise self.faults.pop(0)
        closed, self.cancelled_in_the_queue = self.cancelled_in_the_queue, []
        return closed

    async def to_cancel(self, execution_ids):
        return {execution_id: by for execution_id, by in self.wanted.items() if execution_id in execution_ids}

    async def disowned(self, executions):
        if self.ends_meanwhile:
            self.active = []
        return self.not_ours

    def stop(self, execution_id, status, reason):
        self.stopped.append((execution_id, status, reason))

    def hand_over(self, execution_id):
        self.handed_over.append(execution_id)

    def announce(self):
        self.queued += 1


@pytest.fixture
async def desk():
    desk = Desk()
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(desk.canceller.run())
        yield desk
        loop.cancel()


async def test_a_hint_stops_what_somebody_wants_cancelled(desk):
    """At once, and with who it was as the reason; the others go on."""
    mine, other = an_execution(), an_execution()
    desk.active, desk.wanted = [mine, other], {mine.execution_id: "ada"}
    for _ in range(100):
        desk.canceller.look_soon()
    await desk.clock.advance(milliseconds=20)
    assert desk.stopped == [(mine.execution_id, ExecutionStatus.CANCELLED, "cancelled by ada")]
    assert (desk.looks, desk.handed_over) == (1, [])


async def test_a_lost_hint_delays_a_cancellation_by_a_second(desk):
    """It looks by itself."""
    mine = an_execution()
    desk.active, desk.wanted = [mine], {mine.execution_id: "ada"}
    await desk.clock.advance(seconds=1)
    assert len(desk.stopped) == 1


async def test_a_run_that_is_not_ours_any_more_stops_without_an_outcome(desk):
    """Declared lost while its replica was frozen, say."""
    lost, kept = an_execution(), an_execution()
    desk.active, desk.not_ours = [lost, kept], {lost.execution_id}
    await desk.clock.advance(seconds=1)
    assert (desk.handed_over, desk.stopped) == ([lost.execution_id], [])


async def test_a_run_that_ends_while_the_database_is_asked_is_left_alone(desk):
    """It is nobody's because it is done."""
    done = an_execution()
    desk.active, desk.not_ours, desk.ends_meanwhile = [done], {done.execution_id}, True
    await desk.clock.advance(seconds=1)
    assert desk.handed_over == []


async def test_what_was_cancelled_in_the_queue_lets_the_next_one_be_taken(desk):
    """Also where nothing runs."""
    desk.cancelled_in_the_queue = [uuid4()]
    desk.canceller.look_soon()
    await desk.clock.advance(milliseconds=20)
    assert desk.queued == 1


async def test_a_lost_database_only_delays_it(desk):
    """The next look is a second later."""
    desk.faults, desk.active, desk.wanted = [DatabaseUnavailable("gone")], [an_execution()], {}
    desk.wanted = {desk.active[0].execution_id: "ada"}
    await desk.clock.advance(seconds=1)
    assert desk.stopped == []
    await desk.clock.advance(seconds=1)
    assert len(desk.stopped) == 1
