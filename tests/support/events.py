"""The log as a test sees it: events that it waits for, instead of sleeping."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

PATIENCE_SECONDS = 30.0
Event = dict[str, Any]


class EventLog:
    """Keeps every event, from whichever thread it comes, and wakes those who wait for one like it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.is_ended = False
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Condition()
        self._wakers: set[asyncio.Task[None]] = set()

    def __call__(self, _: WrappedLogger, level: str, event: EventDict) -> EventDict:
        """Take an event, as a processor of structlog."""
        kept = dict(event) | {"level": level}
        self._loop.call_soon_threadsafe(self.add, kept)
        raise structlog.DropEvent

    def add(self, event: Event) -> None:
        """Take an event; to be called on the loop of the test."""
        self.events.append(event)
        self._notify()

    def end(self) -> None:
        """There will be no more: whoever waits has waited in vain."""
        self.is_ended = True
        self._notify()

    def _notify(self) -> None:
        waker = self._loop.create_task(self._wake())
        self._wakers.add(waker)
        waker.add_done_callback(self._wakers.discard)

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def all(self, name: str, **fields: Any) -> list[Event]:
        """The events of that name so far that carry all these fields."""
        return [
            event for event in self.events if event.get("event") == name and fields.items() <= event.items()
        ]

    async def wait_for(
        self, name: str, *, count: int = 1, within: float = PATIENCE_SECONDS, **fields: Any
    ) -> Event:
        """Wait until there are `count` such events, counting those of the past; returns the last of them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(lambda: self.is_ended or len(self.all(name, **fields)) >= count)
        if len(found := self.all(name, **fields)) < count:
            seen = "\n".join(str(event) for event in self.events[-40:])
            when = "before the end" if self.is_ended else f"within {within} s"
            raise AssertionError(f"no {name!r} with {fields} {when}; the last events:\n{seen}")
        return found[count - 1]

    def clear(self) -> None:
        """Forget the past, so that the next wait is for what comes."""
        self.events.clear()


@asynccontextmanager
async def captured_events() -> AsyncIterator[EventLog]:
    """Yield the log of everything that this process says meanwhile."""
    events = EventLog()
    # In place, because loggers keep a reference to the list; as structlog.testing.capture_logs does.
    processors = structlog.get_config()["processors"]
    before = processors.copy()
    processors.clear()
    processors.append(events)
    structlog.configure(processors=processors)
    try:
        yield events
    finally:
        processors.clear()
        processors.extend(before)
        structlog.configure(processors=processors)
