"""Closes what dead replicas left running."""

import random
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus
from service.domain.hint import ExecutionChange

log = structlog.get_logger(__name__)

# A dead replica's runs go on elsewhere within a second of the end of its lease.
REAP_SECONDS = 0.6
MOST_ORPHANS = 500


class Orphan(Protocol):
    """An execution whose owner's lease ran out, closed now."""

    @property
    def execution_id(self) -> UUID: ...

    @property
    def job_id(self) -> str: ...

    @property
    def dead_replica_id(self) -> UUID | None: ...

    @property
    def is_taken_over(self) -> bool: ...


class Orphans(Protocol):
    """What the reaper asks of the database."""

    async def reap(self, limit: int) -> Sequence[Orphan]: ...


async def keep_reaping(
    clock: Clock,
    orphans: Orphans,
    *,
    held_seconds: Callable[[], float],
    lease_seconds: float,
    on_queued: Callable[[], None],
    on_changed: Callable[[ExecutionChange], None] = lambda _: None,
) -> None:
    """Reap, for ever, as long as this replica's own lease has had no gap for one lease time.

    After an outage of the database everybody gets to renew first: nobody is declared dead by the outage.
    """
    while True:
        await clock.sleep(REAP_SECONDS * random.uniform(0.8, 1.2))
        try:
            lost = await orphans.reap(MOST_ORPHANS) if held_seconds() >= lease_seconds else []
        except DatabaseUnavailable as fault:
            log.debug("reaping_delayed", error=str(fault))
            continue
        for orphan in lost:
            log.warning(
                "execution_lost",
                job_id=orphan.job_id,
                execution_id=str(orphan.execution_id),
                dead_replica_id=str(orphan.dead_replica_id),
                is_taken_over=orphan.is_taken_over,
            )
            on_changed(ExecutionChange(orphan.execution_id, orphan.job_id, ExecutionStatus.LOST))
        if lost:
            on_queued()
