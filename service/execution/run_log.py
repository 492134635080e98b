"""The log that a handler writes to: into the service's own log, and into a buffer for the database."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import structlog

from service.domain.clock import Clock
from service.domain.execution import OwnedExecution
from service.domain.run_log import LogLine
from service.execution.log_buffer import Allowance, Line, LogBuffer, Memory
from service.execution.log_fields import (
    LARGEST_FIELDS,
    Redact,
    clean,
    encode,
    end_of,
    redacted,
    shortened,
    text_of,
    traceback_of,
)

# A line costs 25 µs in the service's own log, which therefore takes fewer.
MOST_SERVICE_LINES_AT_ONCE, SERVICE_LINES_A_SECOND = 500, 50
LONGEST_MESSAGE, LONGEST_TRACEBACK = 8_000, 10_000
LINE_BYTES = 400  # what a line takes in memory without its texts, about
SMALL_TEXT, SMALL_LINE_BYTES = 200, 2_000
TICK = timedelta(microseconds=1)
UNCHANGING = {int, float, bool, type(None), datetime}


class RunLog:
    """Takes lines from any thread, and waits for nothing; the replica's `RunLogs` store them.

    As a context it goes round the handler's work: it notes what the work raised, and closes. `redact` removes
    secrets from a text before anybody else sees it.
    """

    def __init__(
        self,
        clock: Clock,
        execution: OwnedExecution,
        *,
        lock: threading.Lock,
        memory: Memory,
        on_waiting: "Callable[[RunLog], None]",
        redact: Redact | None = None,
    ) -> None:
        self._clock, self._execution, self._redact = clock, execution, redact
        self._lock, self._on_waiting = lock, on_waiting
        now = clock.monotonic()
        self._buffer = LogBuffer(memory, now)
        self._service_allowance = Allowance(MOST_SERVICE_LINES_AT_ONCE, SERVICE_LINES_A_SECOND, now)
        self._left_out_of_service_log = 0
        self._service_log: Any = structlog.get_logger("cronsole.run").bind(
            job_id=execution.job_id, execution_id=str(execution.execution_id)
        )
        self._last_logged_at = clock.now()
        self._taken = 0

    @property
    def logger(self) -> Any:
        """A structlog logger that writes here."""
        return RunLogger(self, [], {})

    @property
    def has_more(self) -> bool:
        """Whether lines can be taken."""
        return bool(self._buffer)

    @property
    def is_stored(self) -> bool:
        """Whether all lines that could be taken have been stored."""
        return not self._taken and not self._buffer

    def write(self, level: str, event: Any, fields: dict[str, Any]) -> None:
        """Take a line; `fields` are ours from now on. Never raises: a handler does not fail by logging."""
        try:
            if self._buffer.is_thinning and self._held(level, event, fields):
                return
            line, shown = self._line(level, event, fields)
            if self._keep(line):
                getattr(self._service_log, level)(line.message, **shown)
        except Exception as fault:  # the handler's objects may do anything when they are looked at
            self._service_log.warning("log_line_unreadable", error=type(fault).__name__)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, fault: BaseException | None, __: TracebackType | None
    ) -> None:
        if fault is not None and not isinstance(fault, asyncio.CancelledError):
            # The runner tells the service's log; what cannot be told must not take the fault's place.
            with suppress(Exception):
                words = f"{type(fault).__name__}: {text_of(fault)}"
                self._keep(self._line("error", words, {"exc_info": fault})[0])
        self.close()

    def around(self, work: Callable[[], Any], is_blocking: bool) -> Callable[[], Any]:
        """Return the work with this log round it."""

        def blocking() -> Any:
            with self:
                return work()

        async def asynchronous() -> Any:
            with self:
                return await work()

        return blocking if is_blocking else asynchronous

    def close(self) -> None:
        """The run has ended: its last lines are to be stored too."""
        with self._lock:
            self._buffer.close()
            left_out, self._left_out_of_service_log = self._left_out_of_service_log, 0
        self._on_waiting(self)
        if left_out:
            self._service_log.warning("run_log_thinned", lines_left_out=left_out)

    def go_on(self) -> None:
        """Let lines that were held back be stored, if they are allowed by now."""
        with self._lock:
            self._buffer.go_on(self._clock.monotonic())
        if self._buffer:
            self._on_waiting(self)

    def take(self, most: int) -> list[LogLine]:
        """Take up to so many lines to store them; `settle` follows."""
        with self._lock:
            lines = self._buffer.take(most)
            self._taken += len(lines)
        return [self._stored_form(line) for line in lines]

    def settle(self, number: int) -> None:
        """So many of the lines taken have been stored, or cannot be."""
        with self._lock:
            self._taken -= number

    def _held(self, level: str, event: Any, fields: dict[str, Any]) -> bool:
        """Hold a small line of a run that logs too much; returns False for others, which take longer.

        A handler that logs in a tight loop holds up all jobs of this replica: a line may cost 2 µs here.
        """
        if self._redact is not None or type(event) is not str or len(event) > SMALL_TEXT or len(fields) > 9:
            return False
        for name, value in fields.items():
            kind = type(value)
            if name == "exc_info" or (len(value) > SMALL_TEXT if kind is str else kind not in UNCHANGING):
                return False
        logged_at = self._clock.now()
        with self._lock:
            if logged_at <= self._last_logged_at:
                logged_at = self._last_logged_at + TICK
            self._last_logged_at = logged_at
            self._buffer.hold(
                Line(logged_at, level, self._execution.handler, event, fields, SMALL_LINE_BYTES)
            )
            self._left_out_of_service_log += 1
        return True

    def _line(self, level: str, event: Any, fields: dict[str, Any]) -> tuple[Line, dict[str, Any]]:
        """Return a line in which nothing can change any more, and the fields for the service's log."""
        message = clean(event if type(event) is str else text_of(event))
        if "exc_info" in fields and (exc_info := fields.pop("exc_info")):
            fields["exception"] = traceback_of(exc_info)
        if self._redact is not None:
            message, fields = self._redact(message), redacted(fields, self._redact)
        if type(trace := fields.get("exception")) is str:
            fields["exception"] = end_of(trace, LONGEST_TRACEBACK)
        message = shortened(message, LONGEST_MESSAGE)
        size, is_unchanging = 0, True
        for value in fields.values():
            if type(value) is str:
                size += len(value)
            elif type(value) not in UNCHANGING:
                is_unchanging = False
        kept: dict[str, Any] | str = fields
        if not is_unchanging or size > LARGEST_FIELDS:
            kept = encode(fields)
            size = len(kept)
        size += LINE_BYTES + len(message)
        return Line(self._clock.now(), level, self._execution.handler, message, kept, size), fields

    def _keep(self, line: Line) -> bool:
        """Put the line into the buffer; returns whether the service's log is to have it too."""
        now = self._clock.monotonic()
        with self._lock:
            # An execution's lines are told apart by their times.
            if line.logged_at <= self._last_logged_at:
                line.logged_at = self._last_logged_at + TICK
            self._last_logged_at = line.logged_at
            had_none = not self._buffer
            self._buffer.add(line, now)
            is_first = had_none and bool(self._buffer)
            if is_shown := self._service_allowance.left(now) >= 1:
                self._service_allowance.spend(1)
            else:
                self._left_out_of_service_log += 1
        if is_first:
            self._on_waiting(self)
        return is_shown

    def _stored_form(self, line: Line) -> LogLine:
        return LogLine(
            execution_id=self._execution.execution_id,
            job_id=self._execution.job_id,
            logged_at=line.logged_at,
            level=line.level,
            logger=line.logger,
            message=clean(line.message),
            fields=line.fields if isinstance(line.fields, str) else encode(line.fields),
        )


FilteringLogger: Any = structlog.make_filtering_bound_logger(logging.INFO)


class RunLogger(FilteringLogger):  # type: ignore[misc]
    """What handlers know as `run.log`: a structlog logger, of the same level as the service's log.

    Source: structlog's manual, "Custom wrappers": every method that logs ends in `_proxy_to_logger`.
    """

    def _proxy_to_logger(
        self, method_name: str, event: Any = None, *event_args: Any, **event_kw: Any
    ) -> None:
        self._logger.write(method_name, event, {**self._context, **event_kw} if self._context else event_kw)

    def info(self, event: Any = None, *args: Any, **fields: Any) -> None:
        """Log at the level that handlers use most, without detours."""
        if args:
            super().info(event, *args, **fields)
        else:
            self._logger.write("info", event, {**self._context, **fields})
