"""What the announcer says of executions and of its replica: each, or of many less, within one payload."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus
from service.domain.hint import (
    ExecutionChange,
    ExecutionsChanged,
    Hint,
    ReplicaChanged,
    ReplicaState,
    read_hint,
)
from service.execution import announcer
from service.execution.announcer import Announcer
from tests.support.clock import FakeClock
from tests.support.jobs import MONDAY_9AM

REPLICA_ID = uuid4()


class Desk:
    """An announcer, and what it sent."""

    def __init__(self) -> None:
        self.clock = FakeClock(MONDAY_9AM)
        self.sent: list[Hint | None] = []
        self.is_away = False
        self.announcer = Announcer(self.clock, REPLICA_ID, self.send)

    async def send(self, payload: str) -> None:
        if self.is_away:
            raise DatabaseUnavailable("away")
        assert len(payload.encode()) < 7_900
        self.sent.append(read_hint(payload))

    def change(
        self, job_id: str, status: ExecutionStatus, execution_id: UUID | None = None
    ) -> ExecutionChange:
        change = ExecutionChange(execution_id or uuid4(), job_id, status)
        self.announcer.execution(change)
        return change


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(desk.announcer.run())
        yield desk
        loop.cancel()


async def test_what_executions_became_within_twenty_milliseconds_is_one_hint(desk):
    """Of each only the latest status, which QUEUED never is: the replica that starts it may be faster."""
    first, second = uuid4(), uuid4()
    desk.change("A", ExecutionStatus.RUNNING, first)
    desk.change("A", ExecutionStatus.SUCCESS, first)
    desk.change("B", ExecutionStatus.RUNNING, second)
    desk.change("B", ExecutionStatus.QUEUED, second)
    await desk.clock.advance(milliseconds=20)
    expected = [
        ExecutionChange(first, "A", ExecutionStatus.SUCCESS),
        ExecutionChange(second, "B", ExecutionStatus.RUNNING),
    ]
    assert desk.sent == [ExecutionsChanged(executions=expected)]
    await desk.clock.advance(seconds=10)
    assert len(desk.sent) == 1


@pytest.mark.parametrize(
    ("jobs", "hint"),
    [
        (5, ExecutionsChanged(jobs=[f"{number:050d}" for number in range(5)])),
        (140, ExecutionsChanged(jobs=[f"{number:050d}" for number in range(140)])),
        (141, ExecutionsChanged(are_too_many=True)),
        (10_000, ExecutionsChanged(are_too_many=True)),
    ],
)
async def test_of_many_executions_only_the_jobs_are_told_and_of_very_many_none(desk, jobs, hint):
    """The longest ids there are; what waits to be sent is bounded too."""
    for number in range(20_000):
        desk.change(f"{number % jobs:050d}", ExecutionStatus.CANCELLED)
    assert len(desk.announcer._changes) <= announcer.MOST_CHANGES_A_HINT + 1
    assert len(desk.announcer._changed_jobs) <= announcer.MOST_NAMES_A_HINT + 1
    await desk.clock.advance(milliseconds=20)
    assert desk.sent == [hint]


async def test_as_many_executions_as_fit_in_a_payload_are_told_each(desk):
    """Fifty of them, with the longest ids."""
    changes = [desk.change("x" * 50, ExecutionStatus.CANCELLED) for _ in range(50)]
    await desk.clock.advance(milliseconds=20)
    assert desk.sent == [ExecutionsChanged(executions=changes)]


async def test_what_a_replica_says_last_is_sent_without_its_loop():
    """Or dropped, where the database is away."""
    desk = Desk()
    desk.announcer.replica(ReplicaState.DRAINING)
    desk.announcer.replica(ReplicaState.LEFT)
    await desk.announcer.finish()
    states = [ReplicaState.DRAINING, ReplicaState.LEFT]
    assert desk.sent == [ReplicaChanged(REPLICA_ID, state) for state in states]
    desk.is_away = True
    desk.announcer.replica(ReplicaState.LEFT)
    await desk.announcer.finish()
    assert len(desk.sent) == 2
