"""Knows when a change is in force on all replicas: each of them says so once it has taken the row."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import msgspec

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.hint import Acknowledged
from service.domain.hub import Hub

# Anybody may forge acknowledgements; a fleet has not so many replicas.
MOST_REPLICAS = 1_000


class InForce(msgspec.Struct, frozen=True, rename="camel"):
    """On how many of the live replicas a change is in force, this long after it was made."""

    replicas: int
    of: int
    after_ms: int


class Watch:
    """What replicas say about one job while somebody changes it."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.revisions: dict[UUID, int] = {}
        self.changed = asyncio.Event()

    def take(self, replica_id: UUID, revision: int) -> None:
        """This revision is in force there; only the latest counts."""
        if replica_id in self.revisions or len(self.revisions) < MOST_REPLICAS:
            self.revisions[replica_id] = max(revision, self.revisions.get(replica_id, 0))
            self.changed.set()


class Acknowledgements:
    """What is remembered: acknowledgements of the jobs that are being changed over HTTP here, and no others.

    `live_replicas` asks the database which replicas hold their lease and are not draining.
    """

    def __init__(self, clock: Clock, hub: Hub, live_replicas: Callable[[], Awaitable[set[UUID]]]) -> None:
        self._clock, self._live_replicas = clock, live_replicas
        self._watches: dict[str, set[Watch]] = {}
        hub.on(Acknowledged, self._take)

    @property
    def watched(self) -> int:
        """How many jobs are being watched."""
        return len(self._watches)

    @contextmanager
    def watching(self, job_id: str) -> Iterator[Watch]:
        """Remember what is said about a job; to be entered before it is changed, since replicas are fast."""
        watch = Watch(job_id)
        self._watches.setdefault(job_id, set()).add(watch)
        try:
            yield watch
        finally:
            self._watches[job_id].discard(watch)
            if not self._watches[job_id]:
                del self._watches[job_id]

    async def until_in_force(self, watch: Watch, revision: int, seconds: float) -> InForce | None:
        """Wait until the revision, or a later one, is in force on all live replicas, or the time is up.

        Returns None where nobody knows, because the database does not say which replicas are alive.
        """
        changed_at = self._clock.monotonic()
        try:
            live = await self._live_replicas()
            with suppress(TimeoutError):
                async with asyncio.timeout(changed_at + seconds - self._clock.monotonic()):
                    while not is_in_force(watch, revision, live):
                        watch.changed.clear()
                        await watch.changed.wait()
            after_ms = round((self._clock.monotonic() - changed_at) * 1000)
            if not is_in_force(watch, revision, live):
                live = await self._live_replicas()  # some of them may have left
        except DatabaseUnavailable:
            return None
        return InForce(sum(watch.revisions.get(each, -1) >= revision for each in live), len(live), after_ms)

    async def in_force(
        self, watch: Watch, revision: int | None, seconds: float
    ) -> InForce | msgspec.UnsetType:
        """Answer what a call shows of its change, after waiting; nobody acknowledges what changed nothing."""
        if not seconds or revision is None:
            return msgspec.UNSET
        return await self.until_in_force(watch, revision, seconds) or msgspec.UNSET

    def _take(self, hint: Acknowledged) -> None:
        for job_id in self._watches.keys() & hint.revisions.keys():
            for watch in self._watches[job_id]:
                watch.take(hint.replica_id, hint.revisions[job_id])


def is_in_force(watch: Watch, revision: int, live: set[UUID]) -> bool:
    """Answer whether each of the live replicas has taken the revision."""
    return all(watch.revisions.get(replica_id, -1) >= revision for replica_id in live)
