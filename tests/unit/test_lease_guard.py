"""The guard of the lease: what another replica may resume stops before the lease ends."""

import asyncio

import pytest

from service.domain.execution import OwnedExecution
from service.domain.job import OnLost
from service.execution.lease_guard import keep_guarding
from tests.support.clock import FakeClock
from tests.support.jobs import MONDAY_9AM, an_execution


class Desk:
    """Runs under a lease that the test shortens."""

    def __init__(self) -> None:
        self.clock = FakeClock(MONDAY_9AM)
        self.running: list[OwnedExecution] = []
        self.seconds_left = 15.0
        self.handed_over: list[OwnedExecution] = []
        self.regained = 0

    def hand_over(self, execution_id):
        self.handed_over += [each for each in self.running if each.execution_id == execution_id]

    def on_regained(self) -> None:
        self.regained += 1


@pytest.fixture
async def desk():
    desk = Desk()
    async with asyncio.TaskGroup() as tasks:
        guard = tasks.create_task(
            keep_guarding(
                desk.clock, desk, seconds_left=lambda: desk.seconds_left, on_regained=desk.on_regained
            )
        )
        yield desk
        guard.cancel()


async def test_a_lease_that_is_renewed_stops_nothing(desk):
    """However long it goes on."""
    desk.running = [an_execution(on_lost=OnLost.RETRY)]
    await desk.clock.advance(seconds=60)
    assert desk.handed_over == []


async def test_a_lease_about_to_end_stops_what_others_may_start_again(desk):
    """RETRY runs, once each, while two seconds to tidy up are left; FAIL runs nobody starts again."""
    retry, fail = an_execution(on_lost=OnLost.RETRY), an_execution(on_lost=OnLost.FAIL)
    desk.running = [retry, fail]
    desk.seconds_left = 2.6
    await desk.clock.advance(seconds=1)
    assert desk.handed_over == []
    desk.seconds_left = 2.4
    await desk.clock.advance(seconds=10)
    assert desk.handed_over == [retry]


async def test_a_lease_that_is_renewed_after_all_starts_the_stopped_runs_anew(desk):
    """When they have ended here, and once."""
    desk.running = [an_execution(on_lost=OnLost.RETRY)]
    desk.seconds_left = 0.0
    await desk.clock.advance(seconds=1)
    desk.seconds_left = 15.0
    await desk.clock.advance(seconds=1)
    assert desk.regained == 0  # it is still tidying up
    desk.running = []
    await desk.clock.advance(seconds=10)
    assert desk.regained == 1
