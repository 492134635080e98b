"""Executions and runs for tests, without a database."""

from typing import Any
from uuid import UUID

from service.domain.execution import OwnedExecution, TriggeredBy
from service.handlers.registry import Handler
from service.handlers.run import Run
from service.handlers.secrets import Secrets
from tests.support.jobs import an_execution

EXECUTION_ID = UUID("0193a2b4-0000-7000-8000-000000000000")
UNPLANNED = {
    "execution_id": EXECUTION_ID,
    "handler": "test",
    "triggered_by": TriggeredBy.MANUAL,
    "fire_time": None,
}


class KeptReports:
    """A run store without a database: it keeps what runs report."""

    def __init__(self) -> None:
        self.progress: list[Any] = []
        self.checkpoints: list[Any] = []

    def transaction(self, _: OwnedExecution) -> Any:
        raise AssertionError("this run has no database")

    def connection(self) -> Any:
        raise AssertionError("this run has no database")

    async def record_progress(
        self, _: OwnedExecution, done: float, total: float | None, note: str | None
    ) -> None:
        self.progress.append((done, total, note))

    async def record_checkpoint(self, _: OwnedExecution, checkpoint: Any) -> None:
        self.checkpoints.append(checkpoint)


def a_run(
    handler: Handler, params: dict[str, Any] | None = None, *, secrets: Secrets | None = None, **facts: Any
) -> Run[Any]:
    """A run of the handler that has not begun, and reports to a `KeptReports`."""
    return handler.new_run(
        an_execution(**{**UNPLANNED, "params": params or {}, **facts}), KeptReports(), secrets or Secrets({})
    )
