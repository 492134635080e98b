"""The work of one execution: a handler called, in a task or in a thread, and what it did as an outcome."""

import asyncio
import inspect
import threading
import traceback
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import structlog

from service.domain.execution import ExecutionStatus, Outcome, OwnedExecution

log = structlog.get_logger(__name__)

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
    except BaseException as fault:
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

    try:
        threading.Thread(target=work, name=name, daemon=True).start()
    except RuntimeError:  # the system has no more threads
        ended.set()
        raise
    return await result


def failed(execution: OwnedExecution, fault: BaseException, work: Work | None = None) -> Outcome:
    """Return the outcome FAILED, with the fault as the last of its messages."""
    return outcome_from(execution, ExecutionStatus.FAILED, work, describe(fault))


def describe(fault: BaseException) -> str:
    """Say what a fault was; its own text may be empty, or fail itself."""
    try:
        text = str(fault)
    except Exception as second:
        text = f"without a text, {type(second).__name__}"
    return f"{type(fault).__name__}: {text}" if text else type(fault).__name__


def outcome_from(
    execution: OwnedExecution, status: ExecutionStatus, work: Work | None, message: str | None = None
) -> Outcome:
    """Return an outcome with what the run counted, and one more message where there is one.

    A handler may have put anything into its counters and its result: what cannot be stored is left out, and
    the last message says so.
    """
    known = {"execution_id": execution.execution_id, "fencing_number": execution.fencing_number}
    redact = work.redact if work else unchanged
    messages = [redact(message)] if message else []  # before any cut: a cut secret would not be found
    try:
        left_behind = what_is_left(work) if work else {}
        return outcome(status, left_behind, messages, **known)
    except Exception as fault:
        messages.append(f"what the run left behind cannot be stored: {redact(describe(fault))}")
        return outcome(status, {}, messages, **known)


def what_is_left(work: Work) -> dict[str, Any]:
    """Return the effects of a run by the names of the outcome's fields, its secrets hidden."""
    effects, redact = work.effects, work.redact
    msgspec.json.encode(effects.result)
    return {
        "symbols_processed": effects.symbols_processed,
        "data_points_stored": effects.data_points_stored,
        "error_count": effects.error_count,
        "error_details": [redact(detail) for detail in effects.error_details],
        "timeframes": redact(effects.timeframes),
        "result": redact(effects.result),
    }


def outcome(
    status: ExecutionStatus, left_behind: dict[str, Any], messages: list[str], **known: Any
) -> Outcome:
    """Put an outcome together, its types checked."""
    texts = [*left_behind.get("error_details", ()), *messages]
    fields = {
        **known,
        **left_behind,
        "status": status,
        "error_count": left_behind.get("error_count", 0) + len(messages),
        # A lone surrogate is no text that could be stored.
        "error_details": [text[:LONGEST_ERROR].encode(errors="replace").decode() for text in texts],
    }
    return msgspec.convert(fields, Outcome)
