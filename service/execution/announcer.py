"""Sends hints to all replicas: gathered, and never inside a transaction that writes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from uuid import UUID

import structlog

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus
from service.domain.hint import (
    Acknowledged,
    Cancelling,
    ExecutionChange,
    ExecutionsChanged,
    Hint,
    Logged,
    Queued,
    ReplicaChanged,
    ReplicaState,
    write_hint,
)
from service.domain.plan import Plan

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.02
# A payload of 8,000 bytes or more is refused by the server; an acknowledgement of a job takes up to 80.
MOST_JOBS_A_HINT = 80
# A change takes up to 150 bytes, a name of a job 53.
MOST_CHANGES_A_HINT, MOST_NAMES_A_HINT = 50, 140
FAREWELL_SECONDS = 0.5


class Announcer:
    """One loop per replica. What cannot be sent is dropped: a hint that is lost is healed by a slow poll."""

    def __init__(self, clock: Clock, replica_id: UUID, send: Callable[[str], Awaitable[None]]) -> None:
        self._clock, self._replica_id, self._send = clock, replica_id, send
        self._is_queued = self._is_cancelling = False
        self._acknowledged: dict[str, int] = {}
        self._logged: set[str] = set()
        self._changes: dict[UUID, ExecutionChange] = {}
        self._changed_jobs: dict[str, None] = {}
        self._states: list[ReplicaState] = []
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

    def execution(self, change: ExecutionChange) -> None:
        """An execution has another status. Of many that come together only the jobs are told."""
        is_late = change.status is ExecutionStatus.QUEUED and change.execution_id in self._changes
        if len(self._changes) <= MOST_CHANGES_A_HINT and not is_late:
            self._changes[change.execution_id] = change
        if len(self._changed_jobs) <= MOST_NAMES_A_HINT:
            self._changed_jobs[change.job_id] = None
        self._wake.set()

    def replica(self, state: ReplicaState) -> None:
        """This replica joined, is draining, or left."""
        self._states.append(state)
        self._wake.set()

    async def run(self) -> None:
        """Send what is announced, at most one gathering every 20 ms, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._clock.sleep(GATHER_SECONDS)
            await self._send_all()

    async def finish(self) -> None:
        """Send what has been announced last, or give it up after half a second."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._send_all()

    async def _send_all(self) -> None:
        for hint in self._hints():
            try:
                await self._send(write_hint(hint))
            except DatabaseUnavailable as fault:
                log.debug("hint_dropped", error=str(fault))

    def _hints(self) -> list[Hint]:
        hints: list[Hint] = [Queued()] if self._is_queued else []
        hints += [Cancelling()] if self._is_cancelling else []
        jobs = list(self._acknowledged.items())
        for start in range(0, len(jobs), MOST_JOBS_A_HINT):
            part = dict(jobs[start : start + MOST_JOBS_A_HINT])
            hints.append(Acknowledged(self._replica_id, part))
        logged = sorted(self._logged)
        for start in range(0, len(logged), MOST_JOBS_A_HINT):
            hints.append(Logged(logged[start : start + MOST_JOBS_A_HINT]))
        hints += [self._changed_executions()] if self._changes else []
        hints += [ReplicaChanged(self._replica_id, state) for state in self._states]
        self._is_queued = self._is_cancelling = False
        self._acknowledged, self._logged = {}, set()
        self._changes, self._changed_jobs, self._states = {}, {}, []
        return hints

    def _changed_executions(self) -> ExecutionsChanged:
        if len(self._changes) <= MOST_CHANGES_A_HINT:
            return ExecutionsChanged(executions=list(self._changes.values()))
        if len(self._changed_jobs) <= MOST_NAMES_A_HINT:
            return ExecutionsChanged(jobs=list(self._changed_jobs))
        return ExecutionsChanged(are_too_many=True)
