"""What a handler sees of its run: parameters, window, log, transaction, progress, checkpoint, counters."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import structlog

from service.database.pool import Connection
from service.domain.execution import OwnedExecution, TriggeredBy

P = TypeVar("P")

MOST_ERRORS_KEPT = 100
LONGEST_ERROR = 2_000


class RunStore(Protocol):
    """What a run needs of the database."""

    def transaction(self, execution: OwnedExecution) -> AbstractAsyncContextManager[Connection]:
        """Open a transaction that holds the execution's fencing number.

        Raises:
            LeaseLost: somebody else owns the execution.
        """
        ...

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection of the runs' pool, outside any transaction."""
        ...

    async def record_progress(
        self, execution: OwnedExecution, done: float, total: float | None, note: str | None
    ) -> None:
        """Store how far the run is."""
        ...

    async def record_checkpoint(self, execution: OwnedExecution, checkpoint: Any) -> None:
        """Store where a later attempt may continue."""
        ...


class Run(Generic[P]):
    """One execution, as its handler sees it."""

    def __init__(self, execution: OwnedExecution, params: P, store: RunStore) -> None:
        self._execution, self._store = execution, store
        self.params = params
        self.log: structlog.stdlib.BoundLogger = structlog.get_logger("cronsole.run").bind(
            job_id=execution.job_id, execution_id=str(execution.execution_id)
        )
        self.symbols_processed = 0
        self.data_points_stored = 0
        self.error_count = 0
        self.error_details: list[str] = []
        self.timeframes: list[str] | None = None
        self.result: Any = None

    @property
    def job_id(self) -> str:
        return self._execution.job_id

    @property
    def execution_id(self) -> UUID:
        return self._execution.execution_id

    @property
    def attempt(self) -> int:
        return self._execution.attempt

    @property
    def triggered_by(self) -> TriggeredBy:
        return self._execution.triggered_by

    @property
    def fire_time(self) -> datetime | None:
        return self._execution.fire_time

    @property
    def window_start(self) -> datetime | None:
        return self._execution.window_start

    @property
    def window_end(self) -> datetime | None:
        return self._execution.window_end

    @property
    def last_checkpoint(self) -> Any:
        """What the last attempt stored by `checkpoint`, or None."""
        return self._execution.checkpoint

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Open a database transaction that is refused when this run has lost its lease.

        Raises:
            LeaseLost: on entering, when somebody else owns the execution.
        """
        return self._store.transaction(self._execution)

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection for reading, outside any transaction."""
        return self._store.connection()

    async def progress(self, *, done: float, total: float | None = None, note: str | None = None) -> None:
        """Say how far the run is; never waits for the run's own transaction."""
        await self._store.record_progress(self._execution, done, total, note)

    async def checkpoint(self, checkpoint: Any) -> None:
        """Store a JSON value from which a later attempt may continue."""
        await self._store.record_checkpoint(self._execution, checkpoint)

    def count(self, *, symbols_processed: int = 0, data_points_stored: int = 0) -> None:
        """Add to the counters of the execution."""
        self.symbols_processed += symbols_processed
        self.data_points_stored += data_points_stored

    def symbol_failed(self, symbol: str, message: str) -> None:
        """Record that one symbol failed; the run goes on. All are counted, the first 100 kept."""
        self.error_count += 1
        if len(self.error_details) < MOST_ERRORS_KEPT:
            self.error_details.append(f"{symbol}: {message}"[:LONGEST_ERROR])
        self.log.warning("symbol_failed", symbol=symbol, error=message)
