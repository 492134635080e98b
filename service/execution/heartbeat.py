"""The lease, renewed on a thread and a connection of its own: a blocked event loop does not lose it."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from service.domain.backoff import Backoff
from service.domain.clock import SystemClock
from service.domain.errors import CronsoleError
from service.domain.offset import OffsetFilter, OffsetSample

log = structlog.get_logger(__name__)

RENEWALS_A_LEASE = 3
RENEW_SECONDS = 3.0
FAREWELL_SECONDS = 2.0


class Lease(Protocol):
    """A connection that renews the lease and gives it up."""

    async def renew(self) -> datetime:
        """Make the lease last its full time from now; returns the database's clock, UTC."""
        ...

    async def give_up(self) -> None:
        """Own nothing any more."""
        ...


OpenLease = Callable[[], AbstractAsyncContextManager[Lease]]


class Heartbeat:
    """Holds this replica's lease from `start` to `stop`, and measures the offset to the database's clock."""

    def __init__(self, clock: SystemClock, open_lease: OpenLease, lease_seconds: float) -> None:
        self._clock, self._open_lease, self._lease_seconds = clock, open_lease, lease_seconds
        self._offsets = OffsetFilter()
        self._renewed_at: float | None = None
        self._held_since: float | None = None
        self._stop = threading.Event()
        self._wake_inside: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None
        self._first = asyncio.Event()

    @property
    def is_held(self) -> bool:
        """Whether the lease still runs, counted from before the renewal was sent."""
        return self.seconds_left > 0

    @property
    def seconds_left(self) -> float:
        """What is left of the lease, in seconds; 0 without one."""
        if self._renewed_at is None:
            return 0.0
        return max(0.0, self._renewed_at + self._lease_seconds - self._clock.monotonic())

    @property
    def held_seconds(self) -> float:
        """For how long the lease has been held without a gap; 0 without one."""
        if self._held_since is None or not self.is_held:
            return 0.0
        return self._clock.monotonic() - self._held_since

    async def start(self) -> None:
        """Start renewing, and return when the lease is held for the first time."""
        loop = asyncio.get_running_loop()

        def renewed(offset: timedelta) -> None:
            self._clock.correct(offset)
            self._first.set()

        def report(offset: timedelta) -> None:
            try:
                loop.call_soon_threadsafe(renewed, offset)
            except RuntimeError:
                log.debug("heartbeat_outlived_the_loop")

        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._beat(report)), name="heartbeat", daemon=True
        )
        self._thread.start()
        await self._first.wait()

    async def stop(self) -> None:
        """Give the lease up and end the thread; bounded, whatever the database does."""
        self._stop.set()
        self._wake()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, FAREWELL_SECONDS + 1.0)

    def doubt(self) -> None:
        """Count the lease as not held until it is renewed, at once: this machine may have been suspended."""
        self._renewed_at = None
        self._wake()

    def _wake(self) -> None:
        if self._wake_inside is not None:
            with suppress(RuntimeError):  # its loop has ended already
                self._wake_inside()

    async def _beat(self, report: Callable[[timedelta], None]) -> None:
        """Renew until told to stop; runs on the thread's own event loop."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake_inside() -> None:
            loop.call_soon_threadsafe(woken.set)

        async def pause(seconds: float) -> None:
            await self._clock.wait_for(woken, seconds)
            woken.clear()

        self._wake_inside = wake_inside
        backoff = Backoff()
        while not self._stop.is_set():
            try:
                async with self._open_lease() as lease:
                    while not self._stop.is_set():
                        report(await self._renew(lease))
                        backoff.succeeded()
                        await pause(self._lease_seconds / RENEWALS_A_LEASE)
                    async with asyncio.timeout(FAREWELL_SECONDS):
                        await lease.give_up()
            except (CronsoleError, TimeoutError) as fault:
                seconds = backoff.failed()
                if backoff.is_worth_a_line:
                    why, left = str(fault) or "no answer in time", round(self.seconds_left, 1)
                    log.warning("lease_not_renewed", error=why, seconds_left=left)
                await pause(seconds)
            except Exception:
                log.exception("heartbeat_failed")
                await pause(backoff.failed())

    async def _renew(self, lease: Lease) -> timedelta:
        """Renew once, and return the offset to the database's clock."""
        was_held = self.is_held
        sent_at, sent = self._clock.monotonic(), self._clock.uncorrected_now()
        async with asyncio.timeout(RENEW_SECONDS):
            database_now = await lease.renew()
        back_at, back = self._clock.monotonic(), self._clock.uncorrected_now()
        if not was_held:
            self._held_since = sent_at
            log.info("lease_held", lease_seconds=self._lease_seconds)
        self._renewed_at = sent_at
        middle = sent + (back - sent) / 2
        return self._offsets.add(OffsetSample(database_now - middle, back_at - sent_at))
