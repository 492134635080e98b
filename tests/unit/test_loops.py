"""What keeps loops going and ends waits; and the pauses between attempts."""

import asyncio

import pytest

from service.domain.backoff import Backoff
from service.domain.errors import ForeignDatabase
from service.loops import is_done_before, keep_going
from tests.support.clock import FakeClock
from tests.support.jobs import MONDAY_9AM


async def test_a_loop_that_raises_is_run_again():
    """With growing pauses, and until it returns by itself."""
    clock, runs = FakeClock(MONDAY_9AM), []

    async def loop():
        runs.append(clock.monotonic())
        if len(runs) < 8:
            raise ValueError("who would have thought")

    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(keep_going(clock, "test", loop))
        await clock.advance(seconds=10)
        assert keeping.done()
    assert len(runs) == 8
    assert 0.5 <= runs[-1] - runs[-2] <= 1.0


async def test_a_loop_that_is_cancelled_is_not_run_again():
    """The process is leaving."""
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(keep_going(FakeClock(MONDAY_9AM), "test", lambda: asyncio.sleep(60)))
        await asyncio.sleep(0)
        keeping.cancel()
    assert keeping.cancelled()


async def test_work_is_done_or_given_up_as_soon_as_the_process_has_to_stop():
    """The answer says which."""
    stop = asyncio.Event()
    assert await is_done_before(stop, asyncio.sleep(0)) is True
    asyncio.get_running_loop().call_soon(stop.set)
    assert await is_done_before(stop, asyncio.sleep(60)) is False


async def test_what_work_raises_is_raised_as_it_is():
    """The command line shows it in one line; a group of exceptions would be a trace."""

    async def work():
        raise ForeignDatabase("somebody else's")

    with pytest.raises(ForeignDatabase):
        await is_done_before(asyncio.Event(), work())


def test_pauses_double_up_to_a_second_and_begin_anew_after_success():
    """Jittered by half, so that a fleet does not come back in step."""
    backoff = Backoff()
    for longest in (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0):
        assert longest / 2 <= backoff.failed() <= longest
    backoff.succeeded()
    assert backoff.failed() <= 0.05


def test_only_the_logging_thins_out():
    """The 1st, 2nd, 4th, 8th failure in a row is worth a line."""
    backoff, logged = Backoff(), []
    for number in range(1, 20):
        backoff.failed()
        if backoff.is_worth_a_line:
            logged.append(number)
    assert logged == [1, 2, 4, 8, 16]
