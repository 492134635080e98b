"""What a handler sees of its run: parameters, window, log, transaction, progress, checkpoint, counters."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from types import NoneType
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import structlog
from structlog.typing import EventDict, WrappedLogger

from service.database.pool import Connection
from service.domain.execution import OwnedExecution, TriggeredBy
from service.handlers.secrets import Redaction

P = TypeVar("P")

MOST_ERRORS_KEPT = 100
LONGEST_ERROR = 2_000
NO_SECRETS = Redaction()
JSON_TYPES = (str, int, float, bool, NoneType, dict, list, tuple)


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

    def __init__(
        self, execution: OwnedExecution, params: P, store: RunStore, redact: Redaction = NO_SECRETS
    ) -> None:
        self._execution, self._store = execution, store
        self.params = params
        self.redact = redact
        """Hides the run's secrets in a JSON value; needed before a text is cut, which may cut a secret."""
        self.log: structlog.stdlib.BoundLogger = run_log(redact).bind(
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
    def timeout_seconds(self) -> int | None:
        """The job's time limit, which the runner keeps; None: there is none."""
        return self._execution.timeout_seconds

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
        await self._store.record_progress(self._execution, done, total, self.redact(note))

    async def checkpoint(self, checkpoint: Any) -> None:
        """Store a JSON value from which a later attempt may continue."""
        await self._store.record_checkpoint(self._execution, self.redact(checkpoint))

    def count(self, *, symbols_processed: int = 0, data_points_stored: int = 0) -> None:
        """Add to the counters of the execution."""
        self.symbols_processed += symbols_processed
        self.data_points_stored += data_points_stored

    def symbol_failed(self, symbol: str, message: str) -> None:
        """Record that one symbol failed; the run goes on. All are counted, the first 100 kept."""
        self.error_count += 1
        message = self.redact(message)
        if len(self.error_details) < MOST_ERRORS_KEPT:
            self.error_details.append(f"{symbol}: {message}"[:LONGEST_ERROR])
        self.log.warning("symbol_failed", symbol=symbol, error=message)


def run_log(redact: Redaction) -> structlog.stdlib.BoundLogger:
    """Return the log of a run; where the run has secrets, no line holds one, a traceback neither."""
    name = "cronsole.run"
    if not redact.has_secrets:
        log: structlog.stdlib.BoundLogger = structlog.get_logger(name)
        return log

    def hide(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {
            key: redact(value if isinstance(value, JSON_TYPES) else repr(value))
            for key, value in structlog.processors.format_exc_info(logger, method, event).items()
        }

    processors = [hide, *structlog.get_config()["processors"]]
    hiding: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        None, processors=processors, logger_factory_args=[name]
    )
    return hiding
