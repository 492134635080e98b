"""Passes new lines of runs to whoever streams them: one query for all streams of this replica together."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol
from uuid import UUID

import msgspec
import structlog

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.run_log import LogEntry

log = structlog.get_logger(__name__)

MOST_STREAMS = 500
# Hints may be lost: all jobs that somebody follows are looked at this often.
POLL_SECONDS = 2.0
MOST_LINES_A_QUERY = 500
# A client with more than this before it reads for itself, at its own pace, until it has caught up.
MOST_LINES_WAITING, MOST_BYTES_WAITING = 2_000, 1_000_000
LONGEST_PAUSE_SECONDS = 1.0


class Event(msgspec.Struct, frozen=True):
    """A line, written as a server-sent event once for all who get it."""

    log_id: int
    execution_id: UUID
    text: bytes


class LogReader(Protocol):
    """What streams ask of the database. Lines of a job become visible in the order of their ids."""

    async def next_of_jobs(self, after: Mapping[str, int], limit: int) -> Sequence[LogEntry]: ...


class Listener:
    """One client's lines that wait to be written; `on_end` is called when its stream has to end."""

    def __init__(self, execution_id: UUID | None, on_end: Callable[[], None]) -> None:
        self._execution_id, self._on_end = execution_id, on_end
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self.is_over = self.is_behind = False

    def put(self, event: Event) -> None:
        """Let a line wait; too many are dropped, and the listener `is_behind`."""
        if self.is_behind or self._execution_id not in (None, event.execution_id):
            return
        self._events.append(event)
        self._bytes += len(event.text)
        if len(self._events) > MOST_LINES_WAITING or self._bytes > MOST_BYTES_WAITING:
            self.is_behind = True
            self._take()
        self._wake.set()

    def end(self) -> None:
        """Let the stream end."""
        self.is_over = True
        self._wake.set()
        self._on_end()

    async def next(self, seconds: float) -> list[Event]:
        """Return the lines that came; none after that long, when the stream is over, and when behind."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        self._wake.clear()
        return self._take()

    def _take(self) -> list[Event]:
        events = list(self._events)
        self._events.clear()
        self._bytes = 0
        return events


class Feed:
    """A job that somebody follows; `after` is the last line read, None until the first listener knows."""

    def __init__(self) -> None:
        self.after: int | None = None
        self.listeners: set[Listener] = set()


class LogStreams:
    """All streams of a replica, and the one loop that reads for them. `write` makes an event of a line."""

    def __init__(self, clock: Clock, reader: LogReader, write: Callable[[LogEntry], Event]) -> None:
        self._clock, self._reader, self._write = clock, reader, write
        self._feeds: dict[str, Feed] = {}
        self._hinted: set[str] = set()
        self._wake = asyncio.Event()
        self._places = 0
        self.is_stopped = False

    @property
    def open_streams(self) -> int:
        """How many clients have a place."""
        return self._places

    def hear(self, job_ids: Iterable[str]) -> None:
        """These jobs may have new lines."""
        self._hinted.update(self._feeds.keys() & set(job_ids))
        if self._hinted:
            self._wake.set()

    def stop(self) -> None:
        """End all streams, and open no more: this replica leaves."""
        self.is_stopped = True
        for feed in self._feeds.values():
            for listener in feed.listeners:
                listener.end()

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Hold a place among the streams; False if all are taken, or this replica leaves."""
        if self.is_stopped or self._places >= MOST_STREAMS:
            yield False
            return
        self._places += 1
        try:
            yield True
        finally:
            self._places -= 1

    @contextmanager
    def listening(self, job_id: str, listener: Listener) -> Iterator[Listener]:
        """Give the listener what is read of the job, which begins with somebody's `follow`."""
        feed = self._feeds.setdefault(job_id, Feed())
        feed.listeners.add(listener)
        if self.is_stopped:
            listener.end()
        try:
            yield listener
        finally:
            feed.listeners.discard(listener)
            if not feed.listeners and self._feeds.get(job_id) is feed:
                del self._feeds[job_id]

    def follow(self, job_id: str, position: int) -> None:
        """Read the job from `position`, its last line, on, unless it is being read already.

        All later lines reach its listeners, and all earlier ones are visible: whoever looks for those after
        this call misses nothing.
        """
        feed = self._feeds[job_id]
        if feed.after is None:
            feed.after = position
        self._hinted.add(job_id)
        self._wake.set()

    async def run(self) -> None:
        """Read new lines when there may be some, for ever."""
        pause, poll_at = 0.05, 0.0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, poll_at - self._clock.monotonic())):
                    await self._wake.wait()
            self._wake.clear()
            due, self._hinted = self._hinted, set()
            if (now := self._clock.monotonic()) >= poll_at:
                due, poll_at = set(self._feeds), now + POLL_SECONDS
            try:
                while due:
                    due = await self._read(due)
                pause = 0.05
            except DatabaseUnavailable as fault:
                log.debug("log_streams_delayed", error=str(fault))
                self._hinted |= due
                self._wake.set()
                await self._clock.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _read(self, job_ids: set[str]) -> set[str]:
        """Read these jobs once; returns those that may have more."""
        after = {
            job_id: feed.after
            for job_id in job_ids
            if (feed := self._feeds.get(job_id)) is not None and feed.after is not None
        }
        if not after:
            return set()
        counts = dict.fromkeys(after, 0)
        for entry in await self._reader.next_of_jobs(after, MOST_LINES_A_QUERY):
            counts[entry.job_id] += 1
            feed = self._feeds.get(entry.job_id)
            # The feed may be another one by now, which began behind these lines.
            if feed is not None and feed.after is not None and feed.after < entry.log_id:
                feed.after = entry.log_id
                event = self._write(entry)
                for listener in tuple(feed.listeners):
                    listener.put(event)
        return {job_id for job_id, count in counts.items() if count >= MOST_LINES_A_QUERY}
