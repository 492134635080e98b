"""Runs executions: each under its timeout, in a slot, to exactly one outcome."""

import asyncio
import inspect
import threading
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

import msgspec
import structlog

from service.domain.clock import Clock
from service.domain.execution import ExecutionStatus, Outcome, OwnedExecution

log = structlog.get_logger(__name__)

# What a cancelled handler may take to tidy up; then its outcome is recorded, and only its slot waits for it.
FAREWELL_SECONDS = 2.0
LONGEST_ERROR = 2_000


class Effects(Protocol):
    """What a run leaves behind besides its end."""

    symbols_processed: int
    data_points_stored: int
    error_count: int
    error_details: list[str]
    timeframes: list[str] | None
    result: Any


def unchanged(value: Any) -> Any:
    """Return the value: a run without secrets has nothing to hide."""
    return value


class Work(msgspec.Struct, frozen=True):
    """A handler made ready for one execution. A blocking one is called in a thread of its own.

    `redact` hides the run's secrets in a JSON value.
    """

    call: Callable[[], Any]
    is_blocking: bool
    effects: Effects
    redact: Callable[[Any], Any] = unchanged


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


class Runner:
    """Owns the tasks of all executions of this replica.

    `record` stores an outcome and says whether it stands; `on_slot_freed` is told when another may start.
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
    ) -> None:
        self._clock, self._slots, self._prepare = clock, slots, prepare
        self._record, self._on_slot_freed, self._tasks = record, on_slot_freed, tasks
        self._running: dict[UUID, Running] = {}
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

    def is_running(self, execution_id: UUID) -> bool:
        """Whether the execution holds a slot here."""
        return execution_id in self._running

    def start(self, execution: OwnedExecution) -> None:
        """Run an execution that this replica owns; a second call for the same one changes nothing."""
        if execution.execution_id in self._running:
            return
        running = self._running[execution.execution_id] = Running(execution)
        self._idle.clear()
        self._tasks.create_task(self._run(running), name=f"execution {execution.execution_id}")

    def stop(self, execution_id: UUID, status: ExecutionStatus, reason: str) -> None:
        """Cancel the work of an execution; `status` and `reason` are its outcome if it does not end first."""
        if (running := self._running.get(execution_id)) is not None and not running.stop.is_set():
            running.stop_status, running.stop_reason = status, reason
            running.stop.set()

    def hand_over(self, execution_id: UUID) -> None:
        """Cancel the work of an execution that another replica will resume; nothing is recorded."""
        if (running := self._running.get(execution_id)) is not None:
            running.is_handed_over = True
            running.stop.set()

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
        ended: asyncio.Event | None = None
        try:
            outcome, ended = await self._work(running)
            if outcome is None:
                log.info("execution_handed_over", **facts)
            elif await self._record(outcome):
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
        finally:
            del self._running[execution.execution_id]
            if not self._running:
                self._idle.set()
            self._on_slot_freed()

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
        task = self._tasks.create_task(
            outcome_of(execution, work, ended), name=f"work {execution.execution_id}"
        )
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


async def outcome_of(execution: OwnedExecution, work: Work, ended: asyncio.Event) -> Outcome:
    """Do the work; what it raises is its outcome, not ours."""
    try:
        if work.is_blocking:
            answer = await in_thread(work.call, ended, f"execution {execution.execution_id}")
            if inspect.iscoroutine(answer):
                answer.close()
                raise TypeError("the handler returned a coroutine, but is no async def: it did nothing")
        else:
            await work.call()
    except asyncio.CancelledError:
        if (current := asyncio.current_task()) is not None and current.cancelling():
            raise
        return failed(execution, RuntimeError("the handler cancelled itself"), work)
    except (Exception, SystemExit, KeyboardInterrupt, GeneratorExit) as fault:
        log.info(
            "execution_raised",
            execution_id=str(execution.execution_id),
            exception=work.redact(traceback.format_exc()),
        )
        return failed(execution, fault, work)
    finally:
        if not work.is_blocking:
            ended.set()
    return outcome_from(execution, ExecutionStatus.SUCCESS, work)


async def in_thread(call: Callable[[], Any], ended: asyncio.Event, name: str) -> Any:
    """Call a blocking function in a daemon thread of its own, which shutdown does not wait for."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Any] = loop.create_future()

    def finish(value: Any, fault: BaseException | None) -> None:
        ended.set()
        if result.done():
            return
        if fault is not None:
            result.set_exception(fault)
        else:
            result.set_result(value)

    def work() -> None:
        value: Any = None
        fault: BaseException | None = None
        try:
            value = call()
        except StopIteration as stop:  # a future refuses to carry it
            fault = RuntimeError(f"the handler raised StopIteration: {stop}")
        except BaseException as raised:
            fault = raised
        try:
            loop.call_soon_threadsafe(finish, value, fault)
        except RuntimeError:
            log.debug("thread_outlived_the_service", thread=name)

    threading.Thread(target=work, name=name, daemon=True).start()
    return await result


def failed(execution: OwnedExecution, fault: BaseException, work: Work | None = None) -> Outcome:
    """Return the outcome FAILED, with the fault as the last of its messages."""
    text = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
    return outcome_from(execution, ExecutionStatus.FAILED, work, text)


def outcome_from(
    execution: OwnedExecution, status: ExecutionStatus, work: Work | None, message: str | None = None
) -> Outcome:
    """Return an outcome with what the run counted, and one more message where there is one."""
    effects, redact = (work.effects, work.redact) if work else (None, unchanged)
    details = [redact(detail) for detail in effects.error_details] if effects else []
    if message:
        details.append(redact(message)[:LONGEST_ERROR])  # in this order: a cut secret would not be found
    return Outcome(
        execution_id=execution.execution_id,
        fencing_number=execution.fencing_number,
        status=status,
        symbols_processed=effects.symbols_processed if effects else 0,
        data_points_stored=effects.data_points_stored if effects else 0,
        error_count=(effects.error_count if effects else 0) + bool(message),
        error_details=details,
        timeframes=redact(effects.timeframes) if effects else None,
        result=redact(effects.result) if effects else None,
    )
