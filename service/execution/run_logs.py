"""Stores what runs log: one loop per replica, in batches; a lost database costs memory up to a limit only."""

import asyncio
import random
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol
from uuid import UUID
from weakref import WeakValueDictionary

import structlog

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.execution import OwnedExecution
from service.domain.run_log import LogLine
from service.execution.log_buffer import Memory
from service.execution.log_fields import Redact
from service.execution.run_log import RunLog

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.2
LOOK_SECONDS = 2.0
MOST_LINES_A_CALL = 1_000
# An outcome waits no longer for its run's log: then the log is a little late.
FAREWELL_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 1.0


class LogStore(Protocol):
    """What run logs ask of the database."""

    async def store(self, lines: Sequence[LogLine], *, may_be_stored: bool = False) -> None: ...


class RunLogs:
    """The logs of all executions of this replica. `on_stored` gets the jobs that have new lines."""

    def __init__(self, clock: Clock, store: LogStore, on_stored: Callable[[Iterable[str]], None]) -> None:
        self._clock, self._store, self._on_stored = clock, store, on_stored
        self._loop = asyncio.get_running_loop()
        self._lock, self._memory = threading.Lock(), Memory()
        # A run holds its log while it works; then `_waiting` does, until all of it is stored.
        self._open: WeakValueDictionary[UUID, RunLog] = WeakValueDictionary()
        self._waiting: dict[RunLog, None] = {}
        self._is_storing = False
        self._wake, self._is_urgent, self._progress = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def open(self, execution: OwnedExecution, redact: Redact | None = None) -> RunLog:
        """Return the log of an execution that is about to start."""
        run_log = RunLog(
            self._clock,
            execution,
            lock=self._lock,
            memory=self._memory,
            on_waiting=self._take_note,
            redact=redact,
        )
        self._open[execution.execution_id] = run_log
        return run_log

    async def finish(self, execution_id: UUID) -> None:
        """Return when what an ended execution logged is stored, or half a second has not been enough."""
        if (run_log := self._open.get(execution_id)) is not None:
            await self._wait_until(lambda: run_log.is_stored)

    async def finish_all(self) -> None:
        """Return when everything logged is stored, or half a second has not been enough."""
        await self._wait_until(lambda: not self._waiting and not self._is_storing)

    async def run(self) -> None:
        """Store what is logged, for ever."""
        while True:
            if await is_set_within(self._wake, LOOK_SECONDS):
                self._wake.clear()
                await is_set_within(self._is_urgent, GATHER_SECONDS)
                self._is_urgent.clear()
            for run_log in list(self._open.values()):
                run_log.go_on()
            while batch := self._take():
                await self._store_for_sure([line for _, lines in batch for line in lines])
                for run_log, lines in batch:
                    run_log.settle(len(lines))
                self._is_storing = False
                self._progress.set()
                self._progress = asyncio.Event()
                self._on_stored({lines[0].job_id for _, lines in batch})

    def _take_note(self, run_log: RunLog) -> None:
        """Lines of this log wait; called on any thread."""
        with self._lock:
            self._waiting[run_log] = None
        with suppress(RuntimeError):  # a thread that outlives the service logs to nobody
            self._loop.call_soon_threadsafe(self._wake.set)

    def _take(self) -> list[tuple[RunLog, list[LogLine]]]:
        """Take a batch: a log that has more than its share of it waits behind the others."""
        with self._lock:
            waiting = list(self._waiting)
        batch, room = [], MOST_LINES_A_CALL
        for run_log in waiting:
            with self._lock:
                del self._waiting[run_log]
            if lines := run_log.take(room):
                batch.append((run_log, lines))
                room -= len(lines)
            if run_log.has_more:
                self._take_note(run_log)
            if room <= 0:
                break
        self._is_storing = bool(batch)
        return batch

    async def _store_for_sure(self, lines: list[LogLine]) -> None:
        """Store lines once, however long the database is away."""
        pause, may_be_stored = 0.05, False
        while True:
            try:
                await self._store_each(lines, may_be_stored)
                return
            except DatabaseUnavailable as fault:
                log.debug("run_logs_delayed", error=str(fault), bytes_waiting=self._memory.used)
                may_be_stored = True
                await self._clock.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _store_each(self, lines: list[LogLine], may_be_stored: bool) -> None:
        """Store lines together; where the database refuses some, the others: one spoils no other."""
        try:
            await self._store.store(lines, may_be_stored=may_be_stored)
        except DatabaseUnavailable:
            raise
        except Exception as fault:
            middle = len(lines) // 2
            if middle == 0:
                log.error("log_line_unwritable", execution_id=str(lines[0].execution_id), error=str(fault))
                return
            await self._store_each(lines[:middle], may_be_stored)
            await self._store_each(lines[middle:], may_be_stored)

    async def _wait_until(self, is_done: Callable[[], bool]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                while not is_done():
                    progress = self._progress
                    self._is_urgent.set()
                    await progress.wait()


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, but no longer than that; returns whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await event.wait()
    return False
