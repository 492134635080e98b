"""The reconciler: hints gathered, rows compared, and nothing forgotten when the database is away."""

import asyncio

import pytest

from service.domain.errors import DatabaseUnavailable
from service.domain.plan import Plan, PlannedJob
from service.scheduling.reconciler import Reconciler
from service.scheduling.scheduler import Scheduler
from tests.support.clock import FakeClock
from tests.support.jobs import MONDAY_9AM, a_job


class FakePlans:
    """The table of jobs, and what was read of it."""

    def __init__(self) -> None:
        self.rows: dict[str, PlannedJob] = {}
        self.read: list[list[str]] = []
        self.recorded: list[Plan] = []
        self.faults: list[Exception] = []

    def put(self, job_id: str, revision: int = 1, **columns) -> None:
        self.rows[job_id] = PlannedJob(a_job(job_id, revision=revision, **columns), None)

    def fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)

    async def revisions(self):
        self.fail()
        return {job_id: row.job.revision for job_id, row in self.rows.items()}

    async def planned_jobs(self, job_ids=None):
        self.fail()
        self.read.append(list(job_ids))
        return [self.rows[job_id] for job_id in job_ids if job_id in self.rows]

    async def record_plans(self, plans):
        self.fail()
        self.recorded += plans


class Desk:
    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self.clock, self.plans, self.tasks = FakeClock(MONDAY_9AM), FakePlans(), tasks
        self.acknowledged: list[Plan] = []
        self.reconciler = Reconciler(self.clock, self.plans, self.acknowledge)
        self.scheduler = Scheduler(
            self.clock, decide=self.decide, read_again=self.reconciler.read_again, tasks=tasks
        )

    async def acknowledge(self, plans):
        self.acknowledged += plans

    async def decide(self, fires):
        return True

    async def start(self) -> None:
        self.loop = self.tasks.create_task(self.reconciler.run(self.scheduler))
        self.reconciler.hint_all()  # the listener is connected
        await self.clock.advance(seconds=1)
        self.plans.read.clear()
        self.acknowledged.clear()


@pytest.fixture
async def desk():
    async with asyncio.TaskGroup() as tasks:
        desk = Desk(tasks)
        desk.plans.put("A")
        await desk.start()
        yield desk
        desk.loop.cancel()
        desk.scheduler.stop()


async def test_the_first_reading_is_of_all_jobs(desk):
    """And it is announced when their timers run."""
    assert desk.reconciler.is_initialised.is_set()
    assert desk.scheduler.revisions == {"A": 1}
    assert [plan.job_id for plan in desk.plans.recorded] == ["A"]


async def test_hints_that_come_together_are_one_reading(desk):
    """What belongs to one statement or transaction."""
    for number in range(100):
        desk.plans.put(f"J{number}")
        desk.reconciler.hint([f"J{number}"])
    await desk.clock.advance(milliseconds=10)
    assert len(desk.plans.read) == 1
    assert desk.scheduler.active_schedules == 101


async def test_a_hint_about_a_row_that_is_in_force_changes_nothing(desk):
    """Anybody may send one: the timer stays, and nothing is acknowledged."""
    desk.reconciler.hint(["A"])
    await desk.clock.advance(milliseconds=10)
    assert desk.acknowledged == []


async def test_a_row_is_read_again_although_its_revision_is_in_force(desk):
    """Fires were missed here: what was decided meanwhile stands in the row."""
    desk.reconciler.read_again("A")
    await desk.clock.advance(milliseconds=10)
    assert [plan.job_id for plan in desk.acknowledged] == ["A"]


async def test_without_any_hint_all_is_compared_every_half_minute(desk):
    """A lower revision counts as a difference too: the database may have been restored."""
    desk.plans.put("A", revision=0)
    desk.plans.put("B")
    await desk.clock.advance(seconds=23)
    assert desk.plans.read == []
    await desk.clock.advance(seconds=14)
    assert desk.plans.read == [["A", "B"]]
    assert desk.scheduler.revisions == {"A": 0, "B": 1}


async def test_after_a_reconnect_only_what_differs_is_read(desk):
    """And what is gone is dropped."""
    desk.plans.put("B")
    del desk.plans.rows["A"]
    desk.reconciler.hint_all()
    await desk.clock.advance(milliseconds=10)
    assert desk.plans.read == [["A", "B"]]
    assert desk.scheduler.revisions == {"B": 1}


@pytest.mark.parametrize("hint", [["B"], ["*"]])
async def test_a_hint_outlives_an_outage(desk, hint):
    """It is tried again until the database has answered."""
    desk.plans.put("B")
    desk.plans.faults = [DatabaseUnavailable("gone")] * 4
    desk.reconciler.hint(hint)
    await desk.clock.advance(seconds=5)
    assert "B" in desk.scheduler.revisions
    assert "B" in {plan.job_id for plan in desk.plans.recorded}


async def test_a_hint_outlives_a_fault_that_nobody_foresaw(desk):
    """The loop is run again, and has forgotten nothing."""
    desk.plans.put("B")
    desk.plans.faults = [ValueError("who would have thought")]
    desk.reconciler.hint(["B"])
    desk.loop.cancel()

    async def run_twice():
        with pytest.raises(ValueError, match="who would"):
            await desk.reconciler.run(desk.scheduler)
        await desk.reconciler.run(desk.scheduler)

    desk.loop = desk.tasks.create_task(run_twice())
    await desk.clock.advance(seconds=1)
    assert "B" in desk.scheduler.revisions
