"""What a run does in the database: its own transaction, its progress, its checkpoint."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from service.database.pool import Connection, Database, plain_text
from service.domain.errors import LeaseLost
from service.domain.execution import OwnedExecution

# A key share lets a request to cancel pass, and stops only those who lock for update: a new owner.
HOLD = """
    select 1 from job_executions x
     where x.execution_id = $1 and x.fencing_number = $2 and x.status = 'RUNNING'
       and exists (select from replicas r
                    where r.replica_id = x.replica_id and r.lease_expires_at > clock_timestamp())
       for key share of x
"""
RECORD_PROGRESS = """
    insert into job_execution_progress as p (execution_id, done, total, note)
    select x.execution_id, $3, $4, $5 from job_executions x
     where x.execution_id = $1 and x.fencing_number = $2 and x.status = 'RUNNING'
    on conflict (execution_id) do update
       set done = excluded.done, total = excluded.total, note = excluded.note, updated_at = clock_timestamp()
"""
RECORD_CHECKPOINT = """
    insert into job_execution_progress as p (execution_id, checkpoint)
    select x.execution_id, $3 from job_executions x
     where x.execution_id = $1 and x.fencing_number = $2 and x.status = 'RUNNING'
    on conflict (execution_id) do update
       set checkpoint = excluded.checkpoint, updated_at = clock_timestamp()
    returning p.execution_id
"""


class RunStore:
    """Two pools, for the work of runs and for what they report: neither waits for the other."""

    def __init__(self, work: Database, reports: Database) -> None:
        self._work, self._reports = work, reports

    @asynccontextmanager
    async def transaction(self, execution: OwnedExecution) -> AsyncIterator[Connection]:
        """Open a transaction that holds the execution: a stale run cannot write.

        Raises:
            LeaseLost: somebody else owns the execution, or this replica's lease has run out.
        """
        async with self._work.transaction() as connection:
            if await connection.fetchval(HOLD, execution.execution_id, execution.fencing_number) is None:
                raise LeaseLost(execution.execution_id)
            yield connection

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Lend a connection for reading, outside any transaction."""
        return self._work.connection()

    async def record_progress(
        self, execution: OwnedExecution, done: float, total: float | None, note: str | None
    ) -> None:
        """Store how far the run is; what a stale run says is dropped."""
        async with self._reports.connection() as connection:
            await connection.execute(
                RECORD_PROGRESS,
                execution.execution_id,
                execution.fencing_number,
                done,
                total,
                plain_text(note),
            )

    async def record_checkpoint(self, execution: OwnedExecution, checkpoint: Any) -> None:
        """Store where a later attempt may continue.

        Raises:
            LeaseLost: somebody else owns the execution.
        """
        async with self._reports.connection() as connection:
            stored = await connection.fetchval(
                RECORD_CHECKPOINT, execution.execution_id, execution.fencing_number, checkpoint
            )
        if stored is None:
            raise LeaseLost(execution.execution_id)
