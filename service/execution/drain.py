"""Leaves the fleet: runs get a moment to end, then are given back or closed, within seconds."""

import asyncio
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog

from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus, OwnedExecution

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 2.5
# The runner's own farewell to a handler, and a moment to record the outcome.
FAREWELL_SECONDS = 2.5
ANSWER_SECONDS = 1.0
INTERRUPTED = "interrupted by shutdown"


class HandOver(Protocol):
    """What draining asks of the database."""

    async def resumable(self, executions: Sequence[OwnedExecution]) -> set[UUID]: ...

    async def hand_over(self, executions: Sequence[OwnedExecution]) -> set[UUID]: ...


class Runs(Protocol):
    """What draining asks of the runner."""

    @property
    def running(self) -> list[OwnedExecution]: ...

    def stop(self, execution_id: UUID, status: ExecutionStatus, reason: str) -> None: ...

    def hand_over(self, execution_id: UUID) -> None: ...

    async def wait_until_idle(self) -> None: ...


async def drain(runner: Runs, outcomes: HandOver) -> int:
    """End or give back every execution of this replica; returns how many were given back.

    Those of RETRY jobs are QUEUED again, for another replica to resume from their checkpoint; those of FAIL
    jobs end as LOST. Without the database all are stopped and nothing is recorded: whoever reaps them does
    both. Whatever does not stop is left to its fencing number.
    """
    if await is_idle_within(runner, PATIENCE_SECONDS):
        return 0
    left = runner.running
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            resumable = await outcomes.resumable(left)
    except (DatabaseUnavailable, TimeoutError) as fault:
        log_no_answer(fault, left)
        resumable = {execution.execution_id for execution in left}
    given_back = [execution for execution in left if execution.execution_id in resumable]
    for execution in left:
        if execution.execution_id in resumable:
            runner.hand_over(execution.execution_id)
        else:
            runner.stop(execution.execution_id, ExecutionStatus.LOST, INTERRUPTED)
    await is_idle_within(runner, FAREWELL_SECONDS)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return len(await outcomes.hand_over(given_back)) if given_back else 0
    except (DatabaseUnavailable, TimeoutError) as fault:
        log_no_answer(fault, given_back)
        return 0


def log_no_answer(fault: Exception, executions: Sequence[OwnedExecution]) -> None:
    """Log that these executions are left to whoever reaps them."""
    why = str(fault) or "no answer in time"
    log.warning("drain_without_database", error=why, executions=len(executions))


async def is_idle_within(runner: Runs, seconds: float) -> bool:
    """Wait until no execution holds a slot, but no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await runner.wait_until_idle()
    except TimeoutError:
        return False
    return True
