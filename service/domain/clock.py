"""What time it is: the only module that reads the machine's clocks."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

WATCH_SECONDS = 0.25
SMALLEST_STEP = timedelta(milliseconds=20)


class Clock(Protocol):
    """Time as the service sees it; injected, so that tests can move it."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC, on the database's clock as far as it is known."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for measuring spans."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep for a span on the monotonic clock."""
        ...

    async def sleep_until(self, instant: datetime) -> None:
        """Return as soon as `now()` has reached `instant`, however the clock is corrected meanwhile."""
        ...


class SystemClock:
    """The machine's clock, corrected by the measured offset to the database's clock."""

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._sleepers: set[asyncio.Future[None]] = set()

    @property
    def offset(self) -> timedelta:
        """The database's clock minus this machine's clock."""
        return self._offset

    def correct(self, offset: timedelta) -> None:
        """Take a new measured offset; a step of at least 20 ms wakes all who sleep until an instant."""
        is_step = abs(offset - self._offset) >= SMALLEST_STEP
        self._offset = offset
        if is_step:
            self.wake_sleepers()

    def uncorrected_now(self) -> datetime:
        """Return the machine's own wall clock, in UTC."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def sleep_until(self, instant: datetime) -> None:
        loop = asyncio.get_running_loop()
        while (left := (instant - self.now()).total_seconds()) > 0:
            woken = loop.create_future()
            timer = loop.call_later(left, wake, woken)
            self._sleepers.add(woken)
            try:
                await woken
            finally:
                timer.cancel()
                self._sleepers.discard(woken)

    def wake_sleepers(self) -> None:
        """Make all who sleep until an instant look at the clock again."""
        for sleeper in tuple(self._sleepers):
            wake(sleeper)

    async def watch(self, on_step: Callable[[timedelta], None]) -> None:
        """Notice, for ever, that the wall clock was stepped or the process suspended, and wake the sleepers.

        asyncio sleeps on the monotonic clock, which moves with neither; one watcher serves all sleepers.
        """
        before = self._lead()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            step = self._lead() - before
            if abs(step) >= SMALLEST_STEP:
                before += step
                self.wake_sleepers()
                on_step(step)

    def _lead(self) -> timedelta:
        """How far the wall clock is ahead of the monotonic one."""
        return self.uncorrected_now() - datetime.fromtimestamp(0, UTC) - timedelta(seconds=time.monotonic())


def wake(sleeper: "asyncio.Future[None]") -> None:
    """End a sleep, if it has not ended."""
    if not sleeper.done():
        sleeper.set_result(None)


def suspended_seconds() -> float | None:
    """Return how long this machine has been suspended since its start; None where that cannot be read.

    Source: Linux clock_gettime(2): CLOCK_BOOTTIME is CLOCK_MONOTONIC plus all suspensions.
    """
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return None
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def process_seconds() -> float:
    """Return the CPU time of this process so far, in seconds, all threads together."""
    return time.process_time()
