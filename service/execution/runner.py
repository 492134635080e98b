"""Runs executions: each under its timeout, in a slot, to exactly one outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from service.domain.clock import Clock
from service.domain.execution import ExecutionStatus, Outcome, OwnedExecution
from service.domain.hint import ExecutionChange
from service.execution.work import Work, failed, outcome_from, outcome_of

log = structlog.get_logger(__name__)

# What a cancelled handler may take to tidy up; then its outcome is recorded, and only its slot waits for it.
FAREWELL_SECONDS = 2.0


Prepare = Callable[[OwnedExecution], Work]
"""Find the handler and read the parameters; raises what is wrong with either."""


class Running:
    """An execution that holds a slot here."""

    def __init__(self, execution: OwnedExecution) -> None:
        self.execution = execution
        self.stop = asyncio.Event()
        self.stop_status = ExecutionStatus.CANCELLED
        self.stop_reason = ""
        self.is_handed_over = False
        self.task: asyncio.Task[None] | None = None


class Runner:
    """Owns the tasks of all executions of this replica.

    A handler may refuse to end, and a task group would wait for it for ever: the handlers' own tasks stand
    outside of it, and at the end of the process they are left behind.

    `record` stores an outcome and says whether it stands; `on_slot_freed` is told when, all slots having been
    taken, another execution may start, `on_changed` when one has started or ended.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        slots: int,
        prepare: Prepare,
        record: Callable[[Outcome], Awaitable[bool]],
        on_slot_freed: Callable[[], None],
        tasks: asyncio.TaskGroup,
        on_changed: Callable[[ExecutionChange], None] = lambda _: None,
    ) -> None:
        self._on_changed = on_changed
        self._clock, self._slots, self._prepare = clock, slots, prepare
        self._record, self._on_slot_freed, self._tasks = record, on_slot_freed, tasks
        self._running: dict[UUID, Running] = {}
        self._works: set[asyncio.Task[Outcome]] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def free_slots(self) -> int:
        """How many more executions may start."""
        return max(0, self._slots - len(self._running))

    @property
    def running(self) -> list[OwnedExecution]:
        """The executions that hold a slot."""
        return [each.execution for each in self._running.values()]

    @property
    def active(self) -> list[OwnedExecution]:
        """The executions whose work goes on, and that nobody has told to stop."""
        return [each.execution for each in self._running.values() if not each.stop.is_set()]

    def is_running(self, execution_id: UUID) -> bool:
        """Whether the execution holds a slot here."""
        return execution_id in self._running

    def start(self, execution: OwnedExecution) -> None:
        """Run an execution that this replica owns; a second call for the same one changes nothing."""
        if execution.execution_id in self._running:
            return
        running = self._running[execution.execution_id] = Running(execution)
        self._idle.clear()
        running.task = self._tasks.create_task(self._run(running), name=f"execution {execution.execution_id}")

    def stop(self, execution_id: UUID, status: ExecutionStatus, reason: str) -> None:
        """Cancel the work of an execution; `status` and `reason` are its outcome if it does not end first."""
        if (running := self._running.get(execution_id)) is not None and not running.stop.is_set():
            running.stop_status, running.stop_reason = status, reason
            running.stop.set()

    def hand_over(self, execution_id: UUID) -> None:
        """Cancel the work of an execution that another replica will resume; nothing is recorded."""
        if (running := self._running.get(execution_id)) is not None and not running.stop.is_set():
            running.is_handed_over = True
            running.stop.set()

    def abandon(self) -> None:
        """Wait no longer for any work: what still runs is left behind, fenced off in the database."""
        for running in self._running.values():
            if running.task is not None:
                running.task.cancel()

    async def wait_until_idle(self) -> None:
        """Return when no execution holds a slot."""
        await self._idle.wait()

    async def _run(self, running: Running) -> None:
        execution = running.execution
        facts = {"job_id": execution.job_id, "execution_id": str(execution.execution_id)}
        log.info(
            "execution_started",
            message="Recording job start",
            handler=execution.handler,
            attempt=execution.attempt,
            triggered_by=execution.triggered_by,
            **facts,
        )
        started = self._clock.monotonic()
        self._on_changed(ExecutionChange(execution.execution_id, execution.job_id, ExecutionStatus.RUNNING))
        ended: asyncio.Event | None = None
        try:
            outcome, ended = await self._work(running)
            running.stop.set()  # there is nothing left to stop
            if outcome is None:
                log.info("execution_handed_over", **facts)
            elif await self._record(outcome):
                self._on_changed(ExecutionChange(execution.execution_id, execution.job_id, outcome.status))
                log.info(
                    "execution_" + outcome.status.lower(),
                    message="Recording job completion",
                    status=outcome.status,
                    duration_ms=round((self._clock.monotonic() - started) * 1000),
                    symbols_processed=outcome.symbols_processed,
                    data_points_stored=outcome.data_points_stored,
                    error_count=outcome.error_count,
                    **facts,
                )
            else:
                log.warning("outcome_refused", status=outcome.status, **facts)
            if not ended.is_set():
                log.warning("execution_stuck", reason="its work does not stop; its slot stays taken", **facts)
                await ended.wait()
        except Exception:
            log.exception("execution_mishandled", **facts)
        finally:
            del self._running[execution.execution_id]
            if not self._running:
                self._idle.set()
            if len(self._running) == self._slots - 1:
                self._on_slot_freed()  # there was none: somebody may be waiting for it

    async def _work(self, running: Running) -> tuple[Outcome | None, asyncio.Event]:
        """Do the work until it ends, its time is up or it is stopped; returns when the outcome is known.

        No outcome means that the execution goes to another replica. The event is set when the work itself has
        ended, which a stuck thread may delay for ever.
        """
        execution, ended = running.execution, asyncio.Event()
        try:
            work = self._prepare(execution)
        except Exception as fault:
            ended.set()
            return failed(execution, fault), ended
        task = asyncio.get_running_loop().create_task(
            outcome_of(execution, work, ended), name=f"work {execution.execution_id}"
        )
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        stop = self._tasks.create_task(running.stop.wait(), name=f"stop {execution.execution_id}")
        try:
            await asyncio.wait(
                {task, stop}, timeout=execution.timeout_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if task.done() and not task.cancelled():
                return task.result(), ended
            is_stopped = running.stop.is_set()
            task.cancel()
            await asyncio.wait({task}, timeout=FAREWELL_SECONDS)
        finally:
            task.cancel()
            stop.cancel()
        if is_stopped and running.is_handed_over:
            return None, ended
        status = running.stop_status if is_stopped else ExecutionStatus.TIMEOUT
        reason = running.stop_reason if is_stopped else f"timed out after {execution.timeout_seconds} s"
        return outcome_from(execution, status, work, reason), ended
