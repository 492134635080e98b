"""Waiting until a change is in force: as short as can be, and whatever is forged, in bounded memory."""

import asyncio
from uuid import UUID, uuid4

import pytest

from service.api import acknowledgements
from service.api.acknowledgements import Acknowledgements, InForce
from service.domain.clock import SystemClock
from service.domain.errors import DatabaseUnavailable
from service.domain.hint import Acknowledged, write_hint
from service.domain.hub import Hub
from tests.support.clock import settle


class Fleet:
    """Replicas that are alive, and what is known of them."""

    def __init__(self, count: int) -> None:
        self.hub, self.live = Hub(), [uuid4() for _ in range(count)]
        self.acknowledgements = Acknowledgements(SystemClock(), self.hub, self.live_replicas)
        self.is_away = False

    async def live_replicas(self) -> set[UUID]:
        if self.is_away:
            raise DatabaseUnavailable("away")
        return set(self.live)

    def acknowledge(self, replica_id: UUID, revision: int, job_id: str = "A") -> None:
        self.hub.hear(write_hint(Acknowledged(replica_id, {job_id: revision})))

    async def wait(self, seconds: float) -> InForce | None:
        """Wait for revision 5 of job A, as if it were changed now."""
        with self.acknowledgements.watching("A") as watch:
            return await self.acknowledgements.until_in_force(watch, 5, seconds)


async def test_a_change_is_waited_for_until_the_last_replica_has_it():
    """Acknowledgements of other jobs, earlier revisions and strangers do not count; a later revision does."""
    fleet = Fleet(3)
    waiting = asyncio.create_task(fleet.wait(10))
    await settle()
    fleet.acknowledge(fleet.live[0], 5)
    fleet.acknowledge(fleet.live[1], 6)
    fleet.acknowledge(fleet.live[2], 4)
    fleet.acknowledge(fleet.live[2], 5, job_id="B")
    fleet.acknowledge(uuid4(), 5)
    await settle()
    assert not waiting.done()
    fleet.acknowledge(fleet.live[2], 5)
    in_force = await waiting
    assert in_force is not None
    assert (in_force.replicas, in_force.of) == (3, 3)


async def test_what_is_acknowledged_before_anybody_waits_counts():
    """Replicas are faster than the answer of the database."""
    fleet = Fleet(1)
    with fleet.acknowledgements.watching("A") as watch:
        fleet.acknowledge(fleet.live[0], 5)
        in_force = await fleet.acknowledgements.until_in_force(watch, 5, 10)
    assert in_force is not None
    assert (in_force.replicas, in_force.of) == (1, 1)


async def test_who_left_meanwhile_is_not_missed():
    """After the time is up, the replicas are counted again."""
    fleet = Fleet(2)
    waiting = asyncio.create_task(fleet.wait(0.05))
    await settle()
    fleet.acknowledge(fleet.live[0], 5)
    fleet.live.pop()
    in_force = await waiting
    assert in_force is not None
    assert (in_force.replicas, in_force.of) == (1, 1)


async def test_nobody_knows_while_the_database_is_away():
    """The change was made all the same."""
    fleet = Fleet(1)
    fleet.is_away = True
    assert await fleet.wait(10) is None


async def test_a_flood_of_forged_acknowledgements_takes_no_memory_and_pushes_nothing_out(
    monkeypatch: pytest.MonkeyPatch,
):
    """Of jobs that nobody changes nothing is remembered, of others a bounded number."""
    monkeypatch.setattr(acknowledgements, "MOST_REPLICAS", 10)
    fleet = Fleet(1)
    with fleet.acknowledgements.watching("A") as watch, fleet.acknowledgements.watching("A") as other:
        fleet.acknowledge(fleet.live[0], 4)
        for number in range(1_000):
            fleet.acknowledge(uuid4(), 5)
            fleet.acknowledge(uuid4(), 5, job_id=f"job-{number}")
        fleet.acknowledge(fleet.live[0], 5)
        assert (len(watch.revisions), fleet.acknowledgements.watched) == (10, 1)
        assert watch.revisions[fleet.live[0]] == other.revisions[fleet.live[0]] == 5
    assert fleet.acknowledgements.watched == 0
