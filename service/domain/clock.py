"""What time it is: the only module that reads the machine's clocks."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

LONGEST_NAP_SECONDS = 1.0


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

    @property
    def offset(self) -> timedelta:
        """The database's clock minus this machine's clock."""
        return self._offset

    def correct(self, offset: timedelta) -> None:
        """Take a new measured offset; sleepers notice it within `LONGEST_NAP_SECONDS`."""
        self._offset = offset

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
        # Short naps: asyncio sleeps on the monotonic clock, which a step of the wall clock does not move.
        while (left := (instant - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 - a clock has no event
            await asyncio.sleep(min(left, LONGEST_NAP_SECONDS))
