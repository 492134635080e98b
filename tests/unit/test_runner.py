"""The runner: whatever a handler does, its execution comes to exactly one outcome, and no other is hurt."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from service.domain.clock import SystemClock
from service.domain.execution import ExecutionStatus, Outcome
from service.execution import runner as runner_module
from service.execution.runner import Runner
from service.execution.work import Work
from tests.support.clock import settle
from tests.support.jobs import an_execution


class Effects:
    """What a handler's run leaves behind."""

    def __init__(self) -> None:
        self.symbols_processed = 0
        self.data_points_stored = 0
        self.error_count = 0
        self.error_details: list[str] = []
        self.timeframes: list[str] | None = None
        self.result: Any = None


class Bench:
    """A runner whose handlers are functions of the test; the outcomes that it reports are kept."""

    def __init__(self, tasks: asyncio.TaskGroup, slots: int) -> None:
        self.outcomes: list[Outcome] = []
        self.effects = Effects()
        self.recorded = asyncio.Event()
        self.freed = 0
        self.call: Callable[[], Any] = lambda: None
        self.is_blocking = False
        self.is_refused = False
        self.runner = Runner(
            SystemClock(),
            slots=slots,
            prepare=self.prepare,
            record=self.record,
            on_slot_freed=self.on_slot_freed,
            tasks=tasks,
        )

    def prepare(self, execution):
        return Work(self.call, self.is_blocking, self.effects)

    async def record(self, outcome):
        self.outcomes.append(outcome)
        self.recorded.set()
        return not self.is_refused

    def on_slot_freed(self) -> None:
        self.freed += 1

    async def run(self, call: Callable[[], Any], *, is_blocking: bool = False, **columns: Any) -> Outcome:
        """Run one execution to its end, and return its outcome."""
        self.call, self.is_blocking = call, is_blocking
        self.runner.start(an_execution(**columns))
        await self.idle()
        [outcome] = self.outcomes
        return outcome

    async def idle(self) -> None:
        async with asyncio.timeout(5):
            await self.runner.wait_until_idle()

    async def until_recorded(self) -> Outcome:
        async with asyncio.timeout(5):
            await self.recorded.wait()
        return self.outcomes[0]


@pytest.fixture
async def bench(monkeypatch):
    monkeypatch.setattr(runner_module, "FAREWELL_SECONDS", 0.05)
    async with asyncio.TaskGroup() as tasks:
        yield Bench(tasks, slots=2)


async def test_a_run_that_returns_is_a_success_with_what_it_counted(bench):
    """Counters, context and result go into the outcome."""

    async def work():
        bench.effects.symbols_processed, bench.effects.data_points_stored = 3, 120
        bench.effects.timeframes, bench.effects.result = ["1Day"], {"page": 3}

    outcome = await bench.run(work, fencing_number=4)
    assert outcome.status is ExecutionStatus.SUCCESS
    assert (outcome.symbols_processed, outcome.data_points_stored, outcome.fencing_number) == (3, 120, 4)
    assert (outcome.timeframes, outcome.result, outcome.error_count) == (["1Day"], {"page": 3}, 0)


async def test_a_run_that_raises_has_failed_with_its_message_last(bench):
    """Errors that it reported before are kept."""

    async def work():
        bench.effects.error_count, bench.effects.error_details = 1, ["IBM: no data"]
        raise ValueError("the provider is gone")

    outcome = await bench.run(work)
    assert outcome.status is ExecutionStatus.FAILED
    assert outcome.error_details == ["IBM: no data", "ValueError: the provider is gone"]
    assert outcome.error_count == 2


class Wordless(Exception):
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("is_blocking", [False, True])
@pytest.mark.parametrize(
    "fault",
    [
        StopIteration("x"),
        StopAsyncIteration("x"),
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        asyncio.CancelledError("x"),
        BaseExceptionGroup("x", [KeyboardInterrupt()]),
        ExceptionGroup("x", [ValueError("y")]),
        Wordless(),
        ValueError("\ud800 is no text"),
        TimeoutError(),
    ],
    ids=lambda fault: type(fault).__name__,
)
async def test_nothing_that_a_handler_raises_gets_past_its_own_execution(bench, fault, is_blocking):
    """Not even what ends a process elsewhere."""

    def blocking():
        raise fault

    async def work():
        raise fault

    outcome = await bench.run(blocking if is_blocking else work, is_blocking=is_blocking)
    assert outcome.status is ExecutionStatus.FAILED
    assert len(outcome.error_details) == 1
    assert outcome.error_details[0].encode()


@pytest.mark.parametrize(
    "mischief",
    [
        {"result": object()},
        {"error_details": None},
        {"error_count": "many"},
        {"symbols_processed": "3"},
        {"timeframes": 5},
        {"error_details": [1, 2]},
    ],
    ids=lambda mischief: "-".join(mischief),
)
async def test_what_cannot_be_stored_costs_a_run_its_details_and_not_its_status(bench, mischief):
    """A handler may put anything into its counters; the outcome says that it was left out."""

    async def work():
        for name, value in mischief.items():
            setattr(bench.effects, name, value)

    outcome = await bench.run(work)
    assert outcome.status is ExecutionStatus.SUCCESS
    assert outcome.error_count == 1
    assert "cannot be stored" in outcome.error_details[0]


async def test_a_blocking_handler_runs_in_a_thread_of_its_own(bench):
    """The event loop goes on meanwhile."""
    gate, names = threading.Event(), []

    def work():
        names.append(threading.current_thread().name)
        gate.wait(5)

    bench.call, bench.is_blocking = work, True
    execution = an_execution()
    bench.runner.start(execution)
    await settle()
    assert bench.runner.is_running(execution.execution_id)
    gate.set()
    await bench.idle()
    assert names == [f"execution {execution.execution_id}"]
    assert bench.outcomes[0].status is ExecutionStatus.SUCCESS


async def test_a_handler_that_cannot_be_prepared_has_failed(bench):
    """An unknown handler, or parameters that do not fit."""

    def prepare(_):
        raise LookupError("this replica has no handler 'x'")

    bench.runner._prepare = prepare
    outcome = await bench.run(lambda: None)
    assert outcome.error_details == ["LookupError: this replica has no handler 'x'"]


async def test_a_thread_that_cannot_be_started_fails_the_run_and_frees_its_slot(bench, monkeypatch):
    """The system may have no more of them."""

    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    outcome = await bench.run(lambda: None, is_blocking=True)
    assert outcome.error_details == ["RuntimeError: can't start new thread"]
    assert bench.runner.free_slots == 2


async def test_a_run_past_its_time_limit_is_stopped(bench):
    """TIMEOUT, with the limit in words."""
    outcome = await bench.run(lambda: asyncio.sleep(60), timeout_seconds=0.02)
    assert outcome.status is ExecutionStatus.TIMEOUT
    assert outcome.error_details == ["timed out after 0.02 s"]


async def test_a_run_is_cancelled_with_the_reason_that_was_given(bench):
    """And the handler gets its chance to tidy up."""
    tidied = []

    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            tidied.append(True)

    bench.call = work
    execution = an_execution()
    bench.runner.start(execution)
    await settle()
    bench.runner.stop(execution.execution_id, ExecutionStatus.CANCELLED, "cancelled by alice")
    bench.runner.stop(execution.execution_id, ExecutionStatus.LOST, "too late")
    await bench.idle()
    assert (bench.outcomes[0].status, bench.outcomes[0].error_details) == (
        ExecutionStatus.CANCELLED,
        ["cancelled by alice"],
    )
    assert tidied == [True]


async def test_a_run_stopped_before_its_first_step_frees_its_slot(bench):
    """A cancellation may come at once."""
    for is_blocking, call in ((False, lambda: asyncio.sleep(60)), (True, lambda: None)):
        bench.call, bench.is_blocking = call, is_blocking
        execution = an_execution()
        bench.runner.start(execution)
        bench.runner.stop(execution.execution_id, ExecutionStatus.CANCELLED, "at once")
        await bench.idle()
    assert bench.runner.free_slots == 2


async def test_a_handler_that_swallows_its_cancellation_keeps_its_slot_but_is_on_record(bench):
    """Its outcome does not wait for it; its slot does."""
    gate = asyncio.Event()

    async def work():
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                continue

    bench.call = work
    execution = an_execution(timeout_seconds=0.02)
    bench.runner.start(execution)
    outcome = await bench.until_recorded()
    assert outcome.status is ExecutionStatus.TIMEOUT
    assert bench.runner.free_slots == 1
    gate.set()
    await bench.idle()
    assert len(bench.outcomes) == 1


async def test_a_thread_that_does_not_stop_keeps_its_slot_but_is_on_record(bench):
    """Nobody can stop a thread."""
    gate = threading.Event()
    bench.call, bench.is_blocking = lambda: gate.wait(5), True
    bench.runner.start(an_execution(timeout_seconds=0.02))
    outcome = await bench.until_recorded()
    assert outcome.status is ExecutionStatus.TIMEOUT
    assert bench.runner.free_slots == 1
    gate.set()
    await bench.idle()


async def test_a_run_that_is_handed_over_records_nothing(bench):
    """Another replica resumes it."""
    bench.call = lambda: asyncio.sleep(60)
    execution = an_execution()
    bench.runner.start(execution)
    await settle()
    bench.runner.hand_over(execution.execution_id)
    await bench.idle()
    assert bench.outcomes == []


async def test_a_run_that_had_ended_before_it_was_handed_over_is_recorded(bench):
    """Its work is done: nobody has to do it again."""
    bench.call = lambda: asyncio.sleep(0)
    execution = an_execution()
    bench.runner.start(execution)
    for _ in range(3):  # the work has ended, and its outcome is not recorded yet
        await asyncio.sleep(0)
    bench.runner.hand_over(execution.execution_id)
    await bench.idle()
    assert [outcome.status for outcome in bench.outcomes] == [ExecutionStatus.SUCCESS]


async def test_the_same_execution_is_started_once(bench):
    """A repeated answer of the database starts nothing."""
    calls = []

    async def work():
        calls.append(1)

    bench.call = work
    execution = an_execution()
    bench.runner.start(execution)
    bench.runner.start(execution)
    await bench.idle()
    assert calls == [1]


async def test_slots_are_counted_and_the_first_free_one_is_announced(bench):
    """Only when there was none does anybody wait for one."""
    gate = asyncio.Event()
    bench.call = gate.wait
    bench.runner.start(an_execution())
    assert bench.runner.free_slots == 1
    bench.runner.start(an_execution())
    bench.runner.start(an_execution())  # adopted beyond the limit
    assert bench.runner.free_slots == 0
    gate.set()
    await bench.idle()
    assert bench.runner.free_slots == 2
    assert bench.freed == 1


async def test_work_that_is_abandoned_holds_nobody_up(bench):
    """At the end of the process it is left behind."""
    gate = threading.Event()
    bench.call, bench.is_blocking = lambda: gate.wait(5), True
    bench.runner.start(an_execution())
    await settle()
    bench.runner.abandon()
    await bench.idle()
    assert bench.outcomes == []
    gate.set()


async def test_an_outcome_that_is_refused_changes_nothing_here(bench):
    """Somebody else owns the execution: the slot is free again."""
    bench.is_refused = True
    await bench.run(lambda: asyncio.sleep(0))
    assert bench.runner.free_slots == 2
