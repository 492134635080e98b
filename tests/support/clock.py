"""A clock that tests move."""

import asyncio
import heapq
import itertools
from datetime import datetime, timedelta


class FakeClock:
    """Time stands still until a test moves it; whoever sleeps is woken on the way, in order."""

    def __init__(self, start: datetime) -> None:
        self._start = self._now = start
        self._numbers = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self._now + timedelta(seconds=seconds))

    async def sleep_until(self, instant: datetime) -> None:
        if instant <= self._now:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (instant, next(self._numbers), woken))
        await woken

    async def wait_for(self, event: asyncio.Event, seconds: float) -> bool:
        if event.is_set():
            return True
        async with asyncio.TaskGroup() as tasks:
            waits = {tasks.create_task(event.wait()), tasks.create_task(self.sleep(seconds))}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        return event.is_set()

    async def advance_to(self, instant: datetime) -> None:
        """Move to `instant`, stopping at each sleeper's time and letting what it started settle."""
        await settle()
        while self._sleepers and self._sleepers[0][0] <= instant:
            wake_time, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, wake_time)
            if not woken.done():
                woken.set_result(None)
                await settle()
        self._now = instant
        await settle()

    async def advance(self, **span: float) -> None:
        """Move by a span, such as `minutes=5`."""
        await self.advance_to(self._now + timedelta(**span))

    def jump_to(self, instant: datetime) -> None:
        """Move without waking anybody: a process that was suspended."""
        self._now = instant


async def settle() -> None:
    """Let every task that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)
