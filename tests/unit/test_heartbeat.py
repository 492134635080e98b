"""The heartbeat: a lease renewed on a thread of its own, whatever the event loop does."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from service.domain.clock import SystemClock
from service.domain.errors import DatabaseUnavailable
from service.execution.heartbeat import Heartbeat

LEASE_SECONDS = 0.3


class FakeLease:
    """The row of the lease: counts what is done to it, on whichever thread."""

    def __init__(self) -> None:
        self.renewals = 0
        self.opened = 0
        self.is_given_up = False
        self.is_away = False
        self.is_frozen = False
        self.offset = timedelta(0)
        self.renewed = threading.Event()

    @asynccontextmanager
    async def open(self):
        self.opened += 1
        if self.is_away:
            raise DatabaseUnavailable("gone")
        yield self

    async def renew(self):
        if self.is_frozen:
            await asyncio.Event().wait()
        if self.is_away:
            raise DatabaseUnavailable("gone")
        self.renewals += 1
        self.renewed.set()
        return datetime.now(UTC) + self.offset

    async def give_up(self):
        self.is_given_up = True

    async def until_renewed(self) -> None:
        """Wait for one more renewal."""
        self.renewed.clear()
        assert await asyncio.to_thread(self.renewed.wait, 5)
        await asyncio.sleep(0.05)  # the thread takes note of the answer


@pytest.fixture
def lease():
    return FakeLease()


@pytest.fixture
async def heartbeat(lease):
    heartbeat = Heartbeat(SystemClock(), lease.open, LEASE_SECONDS)
    yield heartbeat
    await heartbeat.stop()
    assert heartbeat._thread is None or not heartbeat._thread.is_alive()


async def test_it_starts_with_a_lease_and_gives_it_up_at_the_end(heartbeat, lease):
    """And the thread has ended then."""
    assert not heartbeat.is_held
    await heartbeat.start()
    assert heartbeat.is_held
    assert 0 < heartbeat.seconds_left <= LEASE_SECONDS
    await heartbeat.stop()
    assert lease.is_given_up


async def test_a_blocked_event_loop_does_not_lose_the_lease(heartbeat, lease):
    """The thread renews meanwhile."""
    await heartbeat.start()
    before = lease.renewals
    time.sleep(2 * LEASE_SECONDS)  # noqa: ASYNC251 - to block the loop is the point
    assert heartbeat.is_held
    assert lease.renewals >= before + 3


async def test_it_measures_the_offset_to_the_database_s_clock(heartbeat, lease):
    """The clock is right from the first renewal on."""
    lease.offset = timedelta(hours=-2)
    await heartbeat.start()
    off_by = heartbeat._clock.now() - datetime.now(UTC) - lease.offset
    assert abs(off_by) < timedelta(milliseconds=50)


async def test_an_outage_ends_the_lease_and_the_count_of_how_long_it_was_held(heartbeat, lease):
    """After a gap it has to be held for a lease time again before anybody is reaped."""
    await heartbeat.start()
    await lease.until_renewed()
    lease.is_away = True
    await asyncio.sleep(heartbeat.seconds_left + 0.01)
    assert (heartbeat.seconds_left, heartbeat.held_seconds) == (0.0, 0.0)
    lease.is_away = False
    await lease.until_renewed()
    assert heartbeat.is_held
    assert heartbeat.held_seconds < LEASE_SECONDS


async def test_a_suspension_puts_the_lease_in_doubt_until_it_is_renewed(lease):
    """At once, and not when the next renewal would be due."""
    heartbeat = Heartbeat(SystemClock(), lease.open, 300)
    await heartbeat.start()
    lease.is_away = True
    heartbeat.doubt()
    await asyncio.sleep(0.02)
    assert heartbeat.seconds_left == 0
    lease.is_away = False
    await lease.until_renewed()
    assert heartbeat.seconds_left > 290
    await heartbeat.stop()


async def test_doubt_while_the_database_is_away_makes_no_busy_loop(heartbeat, lease):
    """Its pauses go on."""
    await heartbeat.start()
    lease.is_away = True
    heartbeat.doubt()
    await asyncio.sleep(0.2)
    assert lease.opened < 10


@pytest.mark.parametrize("trouble", ["is_away", "is_frozen"])
async def test_a_start_that_never_got_an_answer_can_be_stopped(lease, trouble, monkeypatch):
    """The process is told to leave while the database is not there: the thread ends."""
    monkeypatch.setattr("service.execution.heartbeat.RENEW_SECONDS", 0.1)
    setattr(lease, trouble, True)
    heartbeat = Heartbeat(SystemClock(), lease.open, LEASE_SECONDS)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await heartbeat.start()
    await heartbeat.stop()
    assert heartbeat._thread is not None
    assert not heartbeat._thread.is_alive()


async def test_a_fault_that_nobody_foresaw_does_not_end_it(heartbeat, lease):
    """It is logged, and the lease is renewed again."""
    await heartbeat.start()
    faults = [ValueError("who would have thought")]
    renew = lease.renew

    async def renew_badly():
        if faults:
            raise faults.pop()
        return await renew()

    lease.renew = renew_badly
    await lease.until_renewed()
    assert heartbeat.is_held
    assert faults == []


async def test_stopping_twice_is_no_fault(heartbeat):
    """The thread has ended, and its loop with it."""
    await heartbeat.start()
    await heartbeat.stop()
    await heartbeat.stop()
