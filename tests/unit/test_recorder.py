"""The recorder: outcomes in batches, again until the database answers, and one spoils no other."""

import asyncio
from datetime import timedelta

import pytest

from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus, Outcome
from service.execution.recorder import Recorder
from tests.support.clock import FakeClock, settle
from tests.support.jobs import MONDAY_9AM, an_execution


def an_outcome(**columns) -> Outcome:
    execution = an_execution()
    values = {"status": ExecutionStatus.SUCCESS, **columns}
    return Outcome(execution_id=execution.execution_id, fencing_number=1, **values)


class FakeOutcomes:
    """Stands where the database stands; refuses what has the details that the test calls poison."""

    def __init__(self) -> None:
        self.calls: list[list[Outcome]] = []
        self.faults: list[Exception] = []
        self.foreign: set[object] = set()
        self.cannot_write: set[object] = set()
        self.gate = asyncio.Event()
        self.gate.set()

    async def close(self, outcomes):
        self.calls.append(list(outcomes))
        await self.gate.wait()
        if self.faults:
            raise self.faults.pop(0)
        if any("poison" in outcome.error_details for outcome in outcomes):
            raise ValueError("cannot be encoded")
        if self.cannot_write & {outcome.execution_id for outcome in outcomes}:
            raise ValueError("cannot be written at all")
        return {outcome.execution_id for outcome in outcomes} - self.foreign


class Desk:
    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self.clock, self.outcomes, self.recorded = FakeClock(MONDAY_9AM), FakeOutcomes(), 0
        self.recorder = Recorder(self.clock, self.outcomes, self.on_recorded)
        self.tasks = tasks

    def on_recorded(self) -> None:
        self.recorded += 1

    def record(self, outcome: Outcome) -> asyncio.Task[bool]:
        return self.tasks.create_task(self.recorder.record(outcome))


@pytest.fixture
async def desk():
    async with asyncio.TaskGroup() as tasks:
        desk = Desk(tasks)
        loop = tasks.create_task(desk.recorder.run())
        yield desk
        loop.cancel()


async def test_outcomes_that_come_together_are_one_call(desk):
    """And while a call is under way, the next gathers."""
    desk.outcomes.gate.clear()
    first = desk.record(an_outcome())
    await settle()
    others = [desk.record(an_outcome()) for _ in range(40)]
    await settle()
    desk.outcomes.gate.set()
    await settle()
    assert [len(call) for call in desk.outcomes.calls] == [1, 40]
    assert all(each.result() for each in (first, *others))
    assert desk.recorded == 2


async def test_at_most_a_thousand_outcomes_are_one_call(desk):
    """A large batch is cut."""
    waiting = [desk.record(an_outcome()) for _ in range(2_500)]
    await settle()
    assert [len(call) for call in desk.outcomes.calls] == [1_000, 1_000, 500]
    assert all(each.result() for each in waiting)


async def test_an_outcome_waits_for_the_database_however_long_it_is_away(desk):
    """It is kept in memory, asked again at least every second, and recorded in the end."""
    desk.outcomes.faults = [DatabaseUnavailable("gone")] * 30
    recording = desk.record(an_outcome())
    await desk.clock.advance(seconds=12)
    assert not recording.done()
    await desk.clock.advance(seconds=25)
    assert recording.result() is True
    assert len({call[0].execution_id for call in desk.outcomes.calls}) == 1


async def test_somebody_else_s_execution_is_told_as_such(desk):
    """A stale run's outcome is refused."""
    outcome = an_outcome()
    desk.outcomes.foreign = {outcome.execution_id}
    recording = desk.record(outcome)
    await settle()
    assert recording.result() is False


async def test_an_outcome_that_cannot_be_written_spoils_no_other(desk):
    """Its status is recorded without its details."""
    good, bad = an_outcome(), an_outcome(status=ExecutionStatus.FAILED, error_details=["poison"])
    waiting = [desk.record(good), desk.record(bad)]
    await settle()
    assert [each.result() for each in waiting] == [True, True]
    [last] = desk.outcomes.calls[-1]
    assert (last.execution_id, last.status) == (bad.execution_id, ExecutionStatus.FAILED)
    assert last.error_details == ["the details of this run could not be stored"]


async def test_an_outcome_of_which_nothing_can_be_written_stops_nothing(desk):
    """It is given up, and the next one is recorded."""
    bad = an_outcome()
    desk.outcomes.cannot_write = {bad.execution_id}
    first = desk.record(bad)
    await settle()
    second = desk.record(an_outcome())
    await settle()
    assert (first.result(), second.result()) == (False, True)


async def test_an_outcome_is_recorded_although_nobody_waits_for_the_answer(desk):
    """Its run was abandoned."""
    desk.outcomes.gate.clear()
    recording = desk.record(an_outcome())
    await settle()
    recording.cancel()
    desk.outcomes.gate.set()
    await settle()
    assert desk.recorded == 1


async def test_a_recorder_that_is_started_again_takes_up_what_waits():
    """After a fault that nobody foresaw the loop is run anew."""
    clock, outcomes = FakeClock(MONDAY_9AM), FakeOutcomes()
    recorder = Recorder(clock, outcomes, lambda: None)
    outcomes.faults = [DatabaseUnavailable("gone")]
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(recorder.run())
        recording = tasks.create_task(recorder.record(an_outcome()))
        await settle()
        first.cancel()
        second = tasks.create_task(recorder.run())
        await clock.advance_to(MONDAY_9AM + timedelta(seconds=1))
        assert recording.result() is True
        second.cancel()
