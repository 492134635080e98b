"""Runs of handlers on a real database, without the runner: what they say is kept for the test to look at."""

from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec

from service.database.pool import prepare
from service.domain.execution import OwnedExecution, TriggeredBy
from service.handlers.registry import DECLARED, Registry
from service.handlers.run import Run
from service.handlers.secrets import Secrets


class HandlerRuns:
    """Runs handlers by name on a pool of connections; it is their run store, and owns every execution."""

    def __init__(self, pool, registry: Registry = DECLARED, secrets: Secrets | None = None):
        self._pool, self._registry, self._secrets = pool, registry, secrets or Secrets({})
        self.progress: list[tuple[float, float | None, str | None]] = []
        self.checkpoints: list[Any] = []

    @asynccontextmanager
    async def transaction(self, execution):
        async with self._pool.acquire(timeout=5) as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def connection(self):
        async with self._pool.acquire(timeout=5) as connection:
            yield connection

    async def record_progress(self, execution, done, total, note):
        self.progress.append((done, total, note))

    async def record_checkpoint(self, execution, checkpoint):
        self.checkpoints.append(msgspec.json.decode(msgspec.json.encode(checkpoint)))

    def new(
        self,
        handler: str,
        params: dict[str, Any] | None = None,
        *,
        checkpoint: Any = None,
        execution_id: UUID | None = None,
        triggered_by: TriggeredBy = TriggeredBy.MANUAL,
        fire_time: datetime | None = None,
        window: tuple[datetime, datetime] | tuple[None, None] = (None, None),
        timeout_seconds: int | None = None,
    ) -> Run[Any]:
        """Make a run that has not begun."""
        declared = self._registry.find(handler)
        assert declared is not None
        execution = OwnedExecution(
            execution_id=execution_id or uuid4(),
            job_id="TEST",
            handler=handler,
            fencing_number=1,
            attempt=1,
            triggered_by=triggered_by,
            params=params or {},
            timeout_seconds=timeout_seconds,
            fire_time=fire_time,
            window_start=window[0],
            window_end=window[1],
            checkpoint=checkpoint,
        )
        return declared.new_run(execution, self, self._secrets)

    async def work(self, run: Run[Any]) -> Run[Any]:
        """Do the run's work to its end, and return it for its counters."""
        declared = self._registry.find(run._execution.handler)
        assert declared is not None
        await declared.work(run)  # type: ignore[misc]
        return run

    async def run(self, handler: str, params: dict[str, Any] | None = None, **facts: Any) -> Run[Any]:
        """Make a run, and do its work."""
        return await self.work(self.new(handler, params, **facts))

    async def fetch(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Read rows as plain tuples."""
        async with self.connection() as connection:
            return [tuple(row) for row in await connection.fetch(query, *arguments)]

    async def value(self, query: str, *arguments: Any) -> Any:
        """Read one value."""
        async with self.connection() as connection:
            return await connection.fetchval(query, *arguments)

    async def execute(self, statement: str, *arguments: Any) -> None:
        """Change something by hand."""
        async with self.connection() as connection:
            await connection.execute(statement, *arguments)


@asynccontextmanager
async def handler_runs(database_url, registry: Registry = DECLARED, secrets: Secrets | None = None):
    """Yield a `HandlerRuns` on the database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4, init=prepare) as pool:
        yield HandlerRuns(pool, registry, secrets)
