"""What happens in the fleet, as events for whoever looks: a short memory, and each client's place in it."""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

import msgspec

from service.api import sse
from service.domain.clock import Clock
from service.domain.hint import Acknowledged, ExecutionsChanged, Logged, ReplicaChanged
from service.domain.hub import Hub

MOST_CLIENTS = 1_000
# What a client may be behind: further behind it is told to read everything again.
MOST_EVENTS = 512
# A client that stands still holds so many, however far behind it is.
MOST_AT_ONCE = 100
GATHER_SECONDS = 0.02
# Clients woken in one turn of the event loop; fires wait for no more than these writes.
CLIENTS_A_TURN = 20
# For each second of writing so many of rest: however many clients look on, jobs come first.
REST = 4.0
RESET_SECONDS = 1.0


class EventFeed:
    """The latest events of this replica's memory, numbered; `run` tells the clients when there are new ones.

    A client has no queue, only the number of the last event it got: however slow it is, nothing piles up.
    """

    def __init__(self, clock: Clock, hub: Hub) -> None:
        self._clock = clock
        self._memory_id = secrets.token_hex(4)  # another replica, or another start, has another memory
        self._number = 0
        self._events: deque[bytes] = deque(maxlen=MOST_EVENTS)
        self._subscribers: set[Subscriber] = set()
        self._news = asyncio.Event()
        self._is_stopped = False
        hub.on_jobs(self._jobs_changed)
        hub.on_gap(self.forget)
        hub.on(ExecutionsChanged, self._executions_changed)
        hub.on(ReplicaChanged, lambda hint: self.publish("replica", hint_facts(hint)))
        hub.on(Acknowledged, self._acknowledged)
        hub.on(Logged, self._logged)

    @property
    def clients(self) -> int:
        """How many clients look on."""
        return len(self._subscribers)

    @property
    def remembered(self) -> int:
        """How many events can be given to clients that are behind."""
        return len(self._events)

    def publish(self, kind: str, data: dict[str, Any]) -> None:
        """Let everybody know of an event."""
        self._number += 1
        self._events.append(sse.event(kind, self.event_id(self._number), data))
        self._news.set()

    def forget(self) -> None:
        """Anything may have happened: let everybody read everything again."""
        self._number += 1
        self._events.clear()
        self._news.set()

    def event_id(self, number: int) -> str:
        """Return what clients know an event by."""
        return f"{self._memory_id}-{number}"

    @property
    def number(self) -> int:
        """The number of the last event."""
        return self._number

    def after(self, number: int) -> list[bytes] | None:
        """Return the next events behind that one, 100 at most; None where some are forgotten."""
        behind = self._number - number
        if behind > len(self._events):
            return None
        start = len(self._events) - behind
        return list(islice(self._events, start, start + MOST_AT_ONCE))

    def stop(self) -> None:
        """End all streams, and open no more: this replica leaves."""
        self._is_stopped = True
        for subscriber in self._subscribers:
            subscriber.end()

    @contextmanager
    def subscribing(
        self, last_event_id: str | None, on_end: Callable[[], None]
    ) -> Iterator["Subscriber | None"]:
        """Give a client a place behind the event that it saw last; None if there is none, or all end here."""
        if self._is_stopped or len(self._subscribers) >= MOST_CLIENTS:
            yield None
            return
        subscriber = Subscriber(self._clock, self, self._number_of(last_event_id), on_end)
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    def _number_of(self, event_id: str | None) -> int | None:
        """Return the number of an event, the present one for a new client; None if it is none of ours."""
        if event_id is None:
            return self._number
        memory_id, _, number = event_id.partition("-")
        if memory_id != self._memory_id or not (number.isascii() and number.isdigit() and len(number) < 18):
            return None
        return int(number) if int(number) <= self._number else None

    async def run(self) -> None:
        """Tell the clients that there are new events, for ever; the more there are of either, the rarer."""
        while True:
            await self._news.wait()
            self._news.clear()
            began_at = self._clock.monotonic()
            for count, subscriber in enumerate(tuple(self._subscribers), 1):
                subscriber.wake()
                if count % CLIENTS_A_TURN == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(0)
            spent = self._clock.monotonic() - began_at
            await self._clock.sleep(max(GATHER_SECONDS, spent * REST))

    def _jobs_changed(self, job_ids: list[str]) -> None:
        for job_id in job_ids:
            self.publish("job", {"jobId": job_id})

    def _executions_changed(self, hint: ExecutionsChanged) -> None:
        if hint.are_too_many:
            self.forget()
        for change in hint.executions:
            self.publish("execution", hint_facts(change))
        for job_id in hint.jobs:
            self.publish("execution", {"executionId": None, "jobId": job_id, "status": None})

    def _acknowledged(self, hint: Acknowledged) -> None:
        for job_id, revision in hint.revisions.items():
            facts = {"jobId": job_id, "revision": revision, "replicaId": hint.replica_id}
            self.publish("acknowledged", facts)

    def _logged(self, hint: Logged) -> None:
        for job_id in hint.job_ids:
            self.publish("log", {"jobId": job_id})


class Subscriber:
    """One client: where it is, and whether it is to end."""

    def __init__(self, clock: Clock, feed: EventFeed, number: int | None, on_end: Callable[[], None]) -> None:
        self._clock, self._feed, self._on_end = clock, feed, on_end
        self._number = -1 if number is None else number  # -1: behind everything
        self._reset_at = -RESET_SECONDS
        self._woken, self._ended = asyncio.Event(), asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether the stream has to end."""
        return self._ended.is_set()

    @property
    def event_id(self) -> str | None:
        """The id to come back with; None for a client that does not know where it is."""
        return self._feed.event_id(self._number) if self._number >= 0 else None

    def wake(self) -> None:
        """There are new events."""
        self._woken.set()

    def end(self) -> None:
        """Let the stream end now."""
        self._ended.set()
        self._woken.set()
        self._on_end()

    async def next(self, seconds: float) -> list[bytes]:
        """Return the events that came, at least one; none when it is over, and after that many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.is_over:
                    self._woken.clear()
                    if (events := self._feed.after(self._number)) is None:
                        return await self._reset()
                    if events:
                        self._number += len(events)
                        return events
                    await self._woken.wait()
        return []

    async def _reset(self) -> list[bytes]:
        """Leave out what is forgotten; a client that reads everything again shall not do so all the time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._reset_at + RESET_SECONDS - self._clock.monotonic()):
                await self._ended.wait()
                return []
        self._reset_at = self._clock.monotonic()
        self._number = self._feed.number
        return [sse.event("reset", self._feed.event_id(self._number), {})]


def hint_facts(hint: Any) -> dict[str, Any]:
    """Return the fields of a hint by their names in JSON, and nothing else."""
    return {field.encode_name: getattr(hint, field.name) for field in msgspec.structs.fields(type(hint))}
