"""Sends hints to all replicas: gathered, and never inside a transaction that writes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.plan import Plan

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.02
# A payload of 8,000 bytes or more is refused by the server; an acknowledgement of a job takes up to 80.
MOST_JOBS_A_HINT = 80


class Announcer:
    """One loop per replica. What cannot be sent is dropped: a hint that is lost is healed by a slow poll."""

    def __init__(self, clock: Clock, replica_id: UUID, send: Callable[[str], Awaitable[None]]) -> None:
        self._clock, self._replica_id, self._send = clock, replica_id, send
        self._is_queued = self._is_cancelling = False
        self._acknowledged: dict[str, int] = {}
        self._logged: set[str] = set()
        self._wake = asyncio.Event()

    def queued(self) -> None:
        """There are executions that any replica may take."""
        self._is_queued = True
        self._wake.set()

    def cancelling(self) -> None:
        """There are executions that their replicas, or anybody while they are queued, shall cancel."""
        self._is_cancelling = True
        self._wake.set()

    async def acknowledge(self, plans: Sequence[Plan]) -> None:
        """These revisions are in force on this replica."""
        self._acknowledged.update({plan.job_id: plan.revision for plan in plans})
        self._wake.set()

    def logged(self, job_ids: Iterable[str]) -> None:
        """Runs of these jobs have new lines in their logs."""
        self._logged.update(job_ids)
        self._wake.set()

    async def run(self) -> None:
        """Send what is announced, at most one gathering every 20 ms, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._clock.sleep(GATHER_SECONDS)
            for hint in self._hints():
                try:
                    await self._send(msgspec.json.encode(hint).decode())
                except DatabaseUnavailable as fault:
                    log.debug("hint_dropped", error=str(fault))

    def _hints(self) -> list[dict[str, Any]]:
        hints: list[dict[str, Any]] = [{"type": "queued"}] if self._is_queued else []
        if self._is_cancelling:
            hints.append({"type": "cancel"})
        jobs = list(self._acknowledged.items())
        for start in range(0, len(jobs), MOST_JOBS_A_HINT):
            part = dict(jobs[start : start + MOST_JOBS_A_HINT])
            hints.append({"type": "acknowledged", "replicaId": self._replica_id, "revisions": part})
        logged = sorted(self._logged)
        for start in range(0, len(logged), MOST_JOBS_A_HINT):
            hints.append({"type": "log", "jobIds": logged[start : start + MOST_JOBS_A_HINT]})
        self._is_queued = self._is_cancelling = False
        self._acknowledged, self._logged = {}, set()
        return hints
