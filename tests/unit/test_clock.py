"""The machine's clock, corrected: sleepers follow corrections, and a stepped wall clock moves nothing."""

import asyncio
import datetime as real_datetime
from datetime import UTC, datetime, timedelta

import pytest

from service.domain import clock as clock_module
from service.domain.clock import SystemClock
from tests.support.clock import settle

HOUR = timedelta(hours=1)


@pytest.fixture
def stepped(monkeypatch):
    """The wall clock is an hour further than it is, once the test has set `by`."""

    class Wall(real_datetime.datetime):
        by = timedelta(0)

        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + cls.by

    monkeypatch.setattr(clock_module, "datetime", Wall)
    return Wall


def test_now_is_the_wall_clock_plus_the_offset():
    """Aware, and in UTC."""
    clock = SystemClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(milliseconds=50)
    clock.correct(HOUR)
    assert abs(clock.now() - datetime.now(UTC) - HOUR) < timedelta(milliseconds=50)
    assert clock.now().tzinfo is UTC


def test_a_step_of_the_wall_clock_moves_nothing(stepped):
    """Only the reported offset shows it: this machine is an hour ahead of the database now."""
    clock = SystemClock()
    before = clock.now()
    stepped.by = HOUR
    assert clock.now() - before < timedelta(seconds=1)
    assert abs(clock.offset + HOUR) < timedelta(milliseconds=50)


async def test_a_sleep_ends_at_its_instant_and_not_before():
    """To the millisecond, as far as the machine lets us."""
    clock = SystemClock()
    instant = clock.now() + timedelta(milliseconds=30)
    await clock.sleep_until(instant)
    assert timedelta(0) <= clock.now() - instant < timedelta(milliseconds=200)


async def test_a_sleep_until_the_past_ends_at_once():
    """There is nothing to wait for."""
    clock = SystemClock()
    async with asyncio.timeout(0.1):
        await clock.sleep_until(clock.now() - HOUR)


async def test_a_correction_forwards_wakes_those_whose_instant_has_come():
    """And only those."""
    clock = SystemClock()
    async with asyncio.TaskGroup() as tasks:
        near = tasks.create_task(clock.sleep_until(clock.now() + HOUR))
        far = tasks.create_task(clock.sleep_until(clock.now() + 3 * HOUR))
        await settle()
        clock.correct(2 * HOUR)
        await settle()
        assert (near.done(), far.done()) == (True, False)
        far.cancel()


async def test_a_correction_backwards_lengthens_a_sleep():
    """Nobody wakes before the corrected instant."""
    clock = SystemClock()
    clock.correct(HOUR)
    async with asyncio.TaskGroup() as tasks:
        sleeper = tasks.create_task(clock.sleep_until(clock.now() + timedelta(milliseconds=20)))
        await settle()
        clock.correct(timedelta(0))
        await asyncio.sleep(0.05)
        assert not sleeper.done()
        clock.correct(HOUR)
        await settle()
        assert sleeper.done()


async def test_a_sleeper_that_is_cancelled_is_forgotten():
    """Ten thousand replaced timers leave nothing behind."""
    clock = SystemClock()
    async with asyncio.TaskGroup() as tasks:
        sleepers = [tasks.create_task(clock.sleep_until(clock.now() + HOUR)) for _ in range(100)]
        await settle()
        for sleeper in sleepers:
            sleeper.cancel()
    assert clock._sleepers == set()


async def test_waiting_for_an_event_ends_with_it_or_with_the_time():
    """The answer says which."""
    clock, event = SystemClock(), asyncio.Event()
    assert await clock.wait_for(event, 0.01) is False
    assert await clock.wait_for(event, -1) is False
    asyncio.get_running_loop().call_soon(event.set)
    assert await clock.wait_for(event, 5) is True
    assert await clock.wait_for(event, 0) is True


async def test_the_watcher_tells_of_a_step_once(stepped, monkeypatch):
    """Forwards or backwards; a suspension looks the same."""
    monkeypatch.setattr(clock_module, "WATCH_SECONDS", 0.001)
    clock = SystemClock()
    steps: asyncio.Queue[timedelta] = asyncio.Queue()
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(5):
        watcher = tasks.create_task(clock.watch(steps.put_nowait))
        for by in (HOUR, timedelta(0)):
            await asyncio.sleep(0.005)
            stepped.by = by
            step = await steps.get()
            assert abs(abs(step) - HOUR) < timedelta(milliseconds=50)
        watcher.cancel()
    assert steps.empty()
