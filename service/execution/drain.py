"""Leaves the fleet: runs get a moment to end, then are given back or closed, within seconds."""

import asyncio
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog

from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus, OwnedExecution
from service.execution.runner import Runner

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 3.0
FAREWELL_SECONDS = 1.5
INTERRUPTED = "interrupted by shutdown"


class HandOver(Protocol):
    """What draining asks of the database."""

    async def resumable(self, executions: Sequence[OwnedExecution]) -> set[UUID]: ...

    async def hand_over(self, executions: Sequence[OwnedExecution]) -> set[UUID]: ...


async def drain(runner: Runner, outcomes: HandOver) -> int:
    """End or give back every execution of this replica; returns how many were given back.

    Those of RETRY jobs are QUEUED again, for another replica to resume from their checkpoint; those of FAIL
    jobs end as LOST. Whatever does not stop is left to its fencing number.
    """
    if await is_idle_within(runner, PATIENCE_SECONDS):
        return 0
    left = runner.running
    try:
        resumable = await outcomes.resumable(left)
    except DatabaseUnavailable as fault:
        log.warning("drain_without_database", error=str(fault), executions=len(left))
        return 0
    given_back = [execution for execution in left if execution.execution_id in resumable]
    for execution in left:
        if execution.execution_id in resumable:
            runner.hand_over(execution.execution_id)
        else:
            runner.stop(execution.execution_id, ExecutionStatus.LOST, INTERRUPTED)
    await is_idle_within(runner, FAREWELL_SECONDS)
    try:
        return len(await outcomes.hand_over(given_back)) if given_back else 0
    except DatabaseUnavailable as fault:
        log.warning("drain_without_database", error=str(fault), executions=len(given_back))
        return 0


async def is_idle_within(runner: Runner, seconds: float) -> bool:
    """Wait until no execution holds a slot, but no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await runner.wait_until_idle()
    except TimeoutError:
        return False
    return True
