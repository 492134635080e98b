"""Stops the executions that somebody asked to cancel, and those that are not this replica's any more."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus, OwnedExecution

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
# Requests come in flocks, and anybody may send a hint: one look serves all of them.
GATHER_SECONDS = 0.01
MOST_CLOSED = 500


class Requests(Protocol):
    """What the canceller asks of the database."""

    async def close_cancelled(self, limit: int) -> list[UUID]: ...

    async def to_cancel(self, execution_ids: Sequence[UUID]) -> dict[UUID, str]: ...

    async def disowned(self, executions: Sequence[OwnedExecution]) -> set[UUID]: ...


class Runs(Protocol):
    """What the canceller asks of the runner."""

    @property
    def active(self) -> Sequence[OwnedExecution]: ...

    def stop(self, execution_id: UUID, status: ExecutionStatus, reason: str) -> None: ...

    def hand_over(self, execution_id: UUID) -> None: ...


class Canceller:
    """One loop per replica; it looks when it is told to, and once a second, since hints may be lost.

    `on_queued` is called when something queued was cancelled: it may have kept another one waiting.
    """

    def __init__(self, clock: Clock, requests: Requests, runs: Runs, on_queued: Callable[[], None]) -> None:
        self._clock, self._requests, self._runs, self._on_queued = clock, requests, runs, on_queued
        self._wake = asyncio.Event()

    def look_soon(self) -> None:
        """Somebody may have asked to cancel something."""
        self._wake.set()

    async def run(self) -> None:
        """Look, for ever; a lost database only delays it."""
        while True:
            if await self._clock.wait_for(self._wake, POLL_SECONDS):
                await self._clock.sleep(GATHER_SECONDS)
            self._wake.clear()
            try:
                await self._look()
            except DatabaseUnavailable as fault:
                log.debug("cancelling_delayed", error=str(fault))

    async def _look(self) -> None:
        if await self._requests.close_cancelled(MOST_CLOSED):
            self._on_queued()
        if not (active := self._runs.active):
            return
        requested = await self._requests.to_cancel([each.execution_id for each in active])
        for execution_id, requested_by in requested.items():
            self._runs.stop(execution_id, ExecutionStatus.CANCELLED, f"cancelled by {requested_by}")
        disowned = await self._requests.disowned(active)
        for (
            execution
        ) in self._runs.active:  # those that ended meanwhile are nobody's any more, as it should be
            if execution.execution_id in disowned:
                log.warning(
                    "execution_disowned",
                    reason="it was declared lost, or another replica runs it",
                    job_id=execution.job_id,
                    execution_id=str(execution.execution_id),
                )
                self._runs.hand_over(execution.execution_id)
