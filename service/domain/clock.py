"""What time it is: the only module that reads the machine's clocks."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

WATCH_SECONDS = 0.25
SMALLEST_STEP = timedelta(milliseconds=20)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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

    async def wait_for(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait until `event` is set, but no longer than so many seconds; returns whether it is set."""
        ...


class SystemClock:
    """The machine's clock, corrected by the measured offset to the database's clock.

    It runs on the monotonic clock: a step of the wall clock moves it nowhere.
    """

    def __init__(self) -> None:
        self._lead = lead_of_the_wall_clock()
        self._offset = timedelta(0)
        self._sleepers: set[asyncio.Future[None]] = set()

    @property
    def offset(self) -> timedelta:
        """The database's clock minus this machine's wall clock, as it stands now."""
        return self._offset + self._lead - lead_of_the_wall_clock()

    def correct(self, offset: timedelta) -> None:
        """Take a new offset, measured on `uncorrected_now`; a step of 20 ms or more wakes all who sleep."""
        is_step = abs(offset - self._offset) >= SMALLEST_STEP
        self._offset = offset
        if is_step:
            self.wake_sleepers()

    def uncorrected_now(self) -> datetime:
        """Return what the machine's wall clock would show, had nobody stepped it, in UTC."""
        return EPOCH + self._lead + timedelta(seconds=time.monotonic())

    def now(self) -> datetime:
        return self.uncorrected_now() + self._offset

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

    async def wait_for(self, event: asyncio.Event, seconds: float) -> bool:
        if event.is_set():
            return True
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await event.wait()
        except TimeoutError:
            pass
        return event.is_set()

    def wake_sleepers(self) -> None:
        """Make all who sleep until an instant look at the clock again."""
        for sleeper in tuple(self._sleepers):
            wake(sleeper)

    async def watch(self, on_step: Callable[[timedelta], None]) -> None:
        """Notice, for ever, that the wall clock was stepped or the machine suspended, and tell `on_step`.

        The two look alike from here, and after a suspension this clock is late: measure the offset anew.
        """
        before = lead_of_the_wall_clock()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            step = lead_of_the_wall_clock() - before
            if abs(step) >= SMALLEST_STEP:
                before += step
                on_step(step)


def lead_of_the_wall_clock() -> timedelta:
    """How far the wall clock is ahead of the monotonic one, which neither a step nor a suspension moves."""
    return datetime.now(UTC) - EPOCH - timedelta(seconds=time.monotonic())


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
