"""The scheduler: one timer per job, on a clock that the test moves."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from service.domain.fire import FireKind
from service.domain.plan import PlannedJob
from service.scheduling.scheduler import Scheduler
from tests.support.clock import FakeClock, settle
from tests.support.jobs import MONDAY_9AM, a_job

MINUTE = timedelta(minutes=1)


class Desk:
    """Stands where the claimer stands: notes what is asked, and answers as the test wants."""

    def __init__(self) -> None:
        self.fires: list[tuple[str, object]] = []
        self.asked: list[Any] = []
        self.answer = True
        self.to_read_again: list[str] = []

    async def decide(self, fires) -> bool:
        self.asked.append(fires)
        self.fires += [(fire.job.job_id, fire.fire_time) for fire in fires]
        return self.answer


@pytest.fixture
def clock():
    return FakeClock(MONDAY_9AM)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
async def scheduler(clock, desk):
    async with asyncio.TaskGroup() as tasks:
        scheduler = Scheduler(clock, decide=desk.decide, read_again=desk.to_read_again.append, tasks=tasks)
        yield scheduler
        scheduler.stop()


def planned(**columns):
    decided_through = columns.pop("decided_through", None)
    return PlannedJob(a_job(**columns), decided_through)


async def test_a_job_fires_at_each_of_its_fire_times(scheduler, clock, desk):
    """Nothing before its time, one fire at each."""
    [plan] = scheduler.apply([planned()])
    assert plan.next_fire_time == MONDAY_9AM + 5 * MINUTE
    await clock.advance(minutes=4, seconds=59)
    assert desk.fires == []
    await clock.advance(minutes=10)
    assert desk.fires == [("A", MONDAY_9AM + 5 * MINUTE), ("A", MONDAY_9AM + 10 * MINUTE)]


async def test_a_new_schedule_replaces_the_running_timer(scheduler, clock, desk):
    """The old fire time passes without a fire."""
    scheduler.apply([planned()])
    await clock.advance(minutes=1)
    scheduler.apply([planned(schedule_cron="0 */10 * * * *", revision=2, planned_from=clock.now())])
    await clock.advance_to(MONDAY_9AM + 9 * MINUTE)
    assert desk.fires == []
    await clock.advance(minutes=1)
    assert desk.fires == [("A", MONDAY_9AM + 10 * MINUTE)]


@pytest.mark.parametrize("change", [{"enabled": False}, {"schedule_type": "MANUAL", "schedule_cron": None}])
async def test_a_job_that_is_not_scheduled_any_more_does_not_fire(scheduler, clock, desk, change):
    """Disabled, or made MANUAL."""
    scheduler.apply([planned()])
    [plan] = scheduler.apply([planned(revision=2, **change)])
    assert plan.next_fire_time is None
    await clock.advance(hours=1)
    assert desk.fires == []
    assert scheduler.active_schedules == 0


async def test_a_deleted_job_does_not_fire(scheduler, clock, desk):
    """Its timer is gone, and so is its revision."""
    scheduler.apply([planned()])
    scheduler.apply([], gone=["A", "NEVER_SEEN"])
    await clock.advance(hours=1)
    assert desk.fires == []
    assert scheduler.revisions == {}


async def test_an_edit_of_a_description_at_the_second_of_a_fire_loses_nothing(scheduler, clock, desk):
    """The swap plans from what was decided, not from now."""
    scheduler.apply([planned()])
    await clock.advance_to(MONDAY_9AM + 4 * MINUTE)
    clock.jump_to(MONDAY_9AM + 5 * MINUTE + timedelta(milliseconds=300))
    scheduler.apply([planned(revision=2, description="other", decided_through=MONDAY_9AM)])
    await settle()
    assert desk.fires == [("A", MONDAY_9AM + 5 * MINUTE)]
    assert desk.asked[0][0].kind is FireKind.FIRE


async def test_enabling_a_job_catches_nothing_up(scheduler, clock, desk):
    """Its plan begins with the edit, however long ago the last decided fire was."""
    clock.jump_to(MONDAY_9AM + timedelta(hours=3))
    scheduler.apply([planned(revision=2, planned_from=clock.now(), decided_through=MONDAY_9AM)])
    await clock.advance(minutes=5)
    assert desk.fires == [("A", MONDAY_9AM + timedelta(hours=3, minutes=5))]


async def test_missed_fires_are_caught_up_by_policy(scheduler, clock, desk):
    """COALESCE: the older ones are recorded, the last one runs, in one request."""
    clock.jump_to(MONDAY_9AM + 17 * MINUTE)
    scheduler.apply([planned()])
    await settle()
    [fires] = desk.asked
    assert [(fire.kind, fire.fire_time - MONDAY_9AM) for fire in fires] == [
        (FireKind.COALESCED, 5 * MINUTE),
        (FireKind.COALESCED, 10 * MINUTE),
        (FireKind.CATCH_UP, 15 * MINUTE),
    ]
    assert fires[-1].window_start == MONDAY_9AM + 5 * MINUTE
    await clock.advance(minutes=3)
    assert desk.fires[-1] == ("A", MONDAY_9AM + 20 * MINUTE)


async def test_a_timer_that_wakes_far_too_late_asks_for_a_fresh_row_first(scheduler, clock, desk):
    """Others may have decided those fires: a suspended process looks before it asks."""
    scheduler.apply([planned()])
    await settle()
    clock.jump_to(MONDAY_9AM + timedelta(hours=1))
    await clock.advance(seconds=1)
    assert desk.fires == []
    assert desk.to_read_again == ["A"]


async def test_an_outdated_row_is_read_again(scheduler, clock, desk):
    """The timer ends; the fresh row starts another."""
    desk.answer = False
    scheduler.apply([planned()])
    await clock.advance(minutes=5)
    assert desk.to_read_again == ["A"]
    desk.answer = True
    scheduler.apply([planned(revision=2, decided_through=MONDAY_9AM)])
    await settle()
    assert desk.fires == [("A", MONDAY_9AM + 5 * MINUTE)] * 2


async def test_a_schedule_that_cannot_be_read_parks_its_job_and_hurts_no_other(scheduler, clock, desk):
    """The plan says why."""
    plans = scheduler.apply([planned(job_id="BAD", time_zone="Mars/Olympus"), planned(job_id="GOOD")])
    assert [plan.schedule_error is None for plan in plans] == [False, True]
    assert "Mars/Olympus" in str(plans[0].schedule_error)
    await clock.advance(minutes=5)
    assert desk.fires == [("GOOD", MONDAY_9AM + 5 * MINUTE)]


async def test_many_missed_fires_are_asked_in_portions_of_five_starts(scheduler, clock, desk):
    """ALL starts each missed fire, five a request."""
    clock.jump_to(MONDAY_9AM + timedelta(hours=10))
    scheduler.apply([planned(misfire_policy="ALL")])
    await settle()
    assert [len(fires) for fires in desk.asked] == [5] * 24
    assert all(fire.kind is FireKind.CATCH_UP for fires in desk.asked for fire in fires)


async def test_a_refused_catch_up_is_planned_again_after_a_pause(scheduler, clock, desk):
    """And not in a busy loop with the database."""
    desk.answer = False
    clock.jump_to(MONDAY_9AM + 17 * MINUTE)
    scheduler.apply([planned()])
    await settle()
    assert desk.to_read_again == []
    await clock.advance(seconds=1)
    assert desk.to_read_again == ["A"]


async def test_a_schedule_that_cannot_even_be_compared_parks_its_job_alone(scheduler, clock, desk):
    """An infinite `planned_from`, written past the triggers, is read as an instant without a zone."""
    naive = MONDAY_9AM.replace(tzinfo=None)
    plans = scheduler.apply(
        [planned(job_id="BAD", planned_from=naive, decided_through=MONDAY_9AM), planned(job_id="GOOD")]
    )
    assert [plan.schedule_error is None for plan in plans] == [False, True]


async def test_a_fault_in_a_timer_delays_its_own_job_alone(scheduler, clock, desk):
    """It is logged, and the row read again."""
    faults = [ValueError("who would have thought")]
    decide = scheduler._decide

    async def decide_badly(fires):
        if fires[0].job.job_id == "BAD" and faults:
            raise faults.pop()
        return await decide(fires)

    scheduler._decide = decide_badly
    scheduler.apply([planned(job_id="BAD"), planned(job_id="GOOD")])
    await clock.advance(minutes=5, seconds=2)
    assert desk.fires == [("GOOD", MONDAY_9AM + 5 * MINUTE)]
    assert desk.to_read_again == ["BAD"]
