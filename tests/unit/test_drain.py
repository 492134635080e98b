"""Draining: runs end, are given back or closed, in bounded time, with the database or without."""

import asyncio

import pytest

from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus
from service.execution import drain as drain_module
from service.execution.drain import drain
from tests.support.jobs import an_execution


class FakeRunner:
    """Holds runs that end when they are told to, unless they are stubborn."""

    def __init__(self, *executions, is_stubborn=False):
        self.running = list(executions)
        self.is_stubborn = is_stubborn
        self.stopped: dict[object, object] = {}
        self.handed_over: list[object] = []
        self.idle = asyncio.Event()
        if not executions:
            self.idle.set()

    def stop(self, execution_id, status, reason):
        self.stopped[execution_id] = (status, reason)
        self.end(execution_id)

    def hand_over(self, execution_id):
        self.handed_over.append(execution_id)
        self.end(execution_id)

    def end(self, execution_id):
        if not self.is_stubborn:
            self.running = [each for each in self.running if each.execution_id != execution_id]
        if not self.running:
            self.idle.set()

    async def wait_until_idle(self):
        await self.idle.wait()


class FakeOutcomes:
    """The database: knows which jobs want their lost runs done again."""

    def __init__(self, *resumable, fault=None, is_frozen=False):
        self.fault, self.is_frozen = fault, is_frozen
        self.to_resume = {execution.execution_id for execution in resumable}
        self.given_back: list[object] = []

    async def answer(self):
        if self.is_frozen:
            await asyncio.Event().wait()
        if self.fault:
            raise self.fault

    async def resumable(self, executions):
        await self.answer()
        return self.to_resume & {execution.execution_id for execution in executions}

    async def hand_over(self, executions):
        await self.answer()
        self.given_back += [execution.execution_id for execution in executions]
        return set(self.given_back)


@pytest.fixture(autouse=True)
def short_spans(monkeypatch):
    for name in ("PATIENCE_SECONDS", "FAREWELL_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(drain_module, name, 0.03)


async def test_an_idle_replica_leaves_at_once():
    """The database is not asked."""
    assert await drain(FakeRunner(), FakeOutcomes(fault=AssertionError())) == 0


async def test_a_run_that_ends_in_time_is_left_alone():
    """It is recorded as any other."""
    execution = an_execution()
    runner = FakeRunner(execution)
    asyncio.get_running_loop().call_later(0.01, runner.end, execution.execution_id)
    assert await drain(runner, FakeOutcomes(execution)) == 0
    assert (runner.stopped, runner.handed_over) == ({}, [])


async def test_runs_are_given_back_or_closed_by_what_their_job_wants():
    """RETRY goes back to the queue, FAIL ends as LOST."""
    resumed, closed = an_execution(), an_execution()
    runner, outcomes = FakeRunner(resumed, closed), FakeOutcomes(resumed)
    assert await drain(runner, outcomes) == 1
    assert outcomes.given_back == runner.handed_over == [resumed.execution_id]
    assert runner.stopped == {closed.execution_id: (ExecutionStatus.LOST, "interrupted by shutdown")}


@pytest.mark.parametrize("trouble", [{"fault": DatabaseUnavailable("gone")}, {"is_frozen": True}])
async def test_without_the_database_all_are_stopped_and_left_to_the_reaper(trouble):
    """In bounded time; nothing can be recorded."""
    executions = [an_execution(), an_execution()]
    runner = FakeRunner(*executions)
    async with asyncio.timeout(1):
        assert await drain(runner, FakeOutcomes(executions[0], **trouble)) == 0
    assert len(runner.handed_over) == 2


async def test_a_run_that_does_not_stop_holds_nobody_up():
    """It is given back all the same: its fencing number keeps it from writing."""
    execution = an_execution()
    runner, outcomes = FakeRunner(execution, is_stubborn=True), FakeOutcomes(execution)
    async with asyncio.timeout(1):
        assert await drain(runner, outcomes) == 1
    assert outcomes.given_back == [execution.execution_id]
