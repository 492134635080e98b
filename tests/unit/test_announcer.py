"""The announcer: hints gathered, cut to what NOTIFY carries, and dropped where they cannot be sent."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from service.domain.errors import DatabaseUnavailable
from service.domain.plan import Plan
from service.execution.announcer import Announcer
from tests.support.clock import FakeClock
from tests.support.jobs import MONDAY_9AM

REPLICA_ID = uuid4()


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock(MONDAY_9AM)
        self.sent: list[dict[str, Any]] = []
        self.faults: list[Exception] = []
        self.announcer = Announcer(self.clock, REPLICA_ID, self.send)

    async def send(self, payload: str) -> None:
        if self.faults:
            raise self.faults.pop(0)
        assert len(payload.encode()) < 8_000
        self.sent.append(json.loads(payload))


@pytest.fixture
async def desk():
    desk = Desk()
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(desk.announcer.run())
        yield desk
        loop.cancel()


async def test_hints_of_twenty_milliseconds_are_one(desk):
    """A thousand queued executions are one notification."""
    for _ in range(1_000):
        desk.announcer.queued()
    await desk.clock.advance(milliseconds=19)
    assert desk.sent == []
    await desk.clock.advance(milliseconds=1)
    assert desk.sent == [{"type": "queued"}]
    await desk.clock.advance(seconds=10)
    assert len(desk.sent) == 1


async def test_a_request_to_cancel_is_announced_once(desk):
    """Beside that something is queued."""
    desk.announcer.cancelling()
    desk.announcer.queued()
    await desk.clock.advance(milliseconds=20)
    assert desk.sent == [{"type": "queued"}, {"type": "cancel"}]
    desk.announcer.queued()
    await desk.clock.advance(milliseconds=20)
    assert desk.sent[2:] == [{"type": "queued"}]


async def test_only_the_latest_revision_of_a_job_is_acknowledged(desk):
    """By this replica."""
    await desk.announcer.acknowledge([Plan("A", 1, None), Plan("B", 7, None)])
    await desk.announcer.acknowledge([Plan("A", 2, None)])
    await desk.clock.advance(milliseconds=20)
    expected = {"type": "acknowledged", "replicaId": str(REPLICA_ID), "revisions": {"A": 2, "B": 7}}
    assert desk.sent == [expected]


async def test_many_acknowledgements_are_cut_to_what_a_payload_holds(desk):
    """A payload of 8,000 bytes is refused, whatever the ids are."""
    job_ids = [f"{number:050d}" for number in range(10_000)]
    await desk.announcer.acknowledge([Plan(job_id, 2**62, None) for job_id in job_ids])
    await desk.clock.advance(milliseconds=20)
    assert {job_id for hint in desk.sent for job_id in hint["revisions"]} == set(job_ids)


async def test_a_hint_that_cannot_be_sent_is_dropped_and_the_next_one_goes_out(desk):
    """A lost hint is healed by the slow poll."""
    desk.faults = [DatabaseUnavailable("gone")]
    desk.announcer.queued()
    await desk.clock.advance(seconds=1)
    assert desk.sent == []
    desk.announcer.queued()
    await desk.clock.advance(milliseconds=20)
    assert desk.sent == [{"type": "queued"}]
