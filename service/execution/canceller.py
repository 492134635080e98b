"""Stops running executions that somebody, on any replica or in psql, asked to cancel."""

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.execution import ExecutionStatus

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0


class Requests(Protocol):
    """What the canceller asks of the database."""

    async def to_cancel(self, execution_ids: Sequence[UUID]) -> dict[UUID, str]: ...


async def keep_cancelling(
    clock: Clock,
    requests: Requests,
    *,
    running: Callable[[], list[UUID]],
    stop: Callable[[UUID, ExecutionStatus, str], None],
) -> None:
    """Look, once a second while anything runs here, for requests to cancel it; hints may be lost."""
    while True:
        await clock.sleep(POLL_SECONDS)
        if not (execution_ids := running()):
            continue
        try:
            requested = await requests.to_cancel(execution_ids)
        except DatabaseUnavailable as fault:
            log.debug("cancelling_delayed", error=str(fault))
            continue
        for execution_id, requested_by in requested.items():
            stop(execution_id, ExecutionStatus.CANCELLED, f"cancelled by {requested_by}")
