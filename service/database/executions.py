"""One execution: everything about it, the other attempts at the same work, and cancelling it."""

from uuid import UUID

import asyncpg
import msgspec

from service.database.jobs import ACT, LOCK_TIMEOUT
from service.database.pool import Database
from service.domain.errors import (
    ExecutionEnded,
    ExecutionNotFound,
    JobBeingEdited,
    JobNotFound,
    StateForbids,
)
from service.domain.history import ExecutionDetails

MOST_ATTEMPTS = 200
DETAILS = """
    select x.execution_id, x.job_id, x.job_name, x.handler, x.start_time, x.end_time, x.duration_ms, x.status,
           x.symbols_processed, x.data_points_stored, x.error_count, x.error_details, x.timeframes,
           x.triggered_by, x.requested_by, x.reason, x.fire_time, x.window_start, x.window_end,
           x.attempt, x.first_execution_id, x.created_at, x.not_before, x.params, x.result, x.replica_id,
           x.fencing_number, x.cancel_requested_at, x.cancel_requested_by, p.done as progress_done,
           p.total as progress_total, p.note as progress_note, p.updated_at as progress_at
      from job_executions x left join job_execution_progress p on p.execution_id = x.execution_id
"""
ONE = DETAILS + " where x.execution_id = $1"
OF_ONE_WORK = " where x.execution_id = $1 or x.first_execution_id = $1"
ATTEMPTS = DETAILS + OF_ONE_WORK + " order by x.attempt, x.created_at, x.execution_id limit $2"
CANCEL = "select cancel_execution($1)"


class ExecutionStore:
    """Executions, each by its id; every method raises DatabaseUnavailable when there is no answer in time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def details(self, execution_id: UUID) -> tuple[ExecutionDetails, list[ExecutionDetails]]:
        """One execution, and all attempts at its work in their order, itself among them.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        async with self._database.connection() as connection:
            row = await connection.fetchrow(ONE, execution_id)
            if row is None:
                raise ExecutionNotFound(execution_id)
            first = row["first_execution_id"] or execution_id
            attempts = await connection.fetch(ATTEMPTS, first, MOST_ATTEMPTS)
        return details_from_row(row), [details_from_row(attempt) for attempt in attempts]

    async def cancel(self, execution_id: UUID, actor: str) -> bool:
        """Cancel an execution; returns whether it has ended. If not, its replica stops it in a moment.

        Raises:
            ExecutionNotFound: there is none of this id.
            ExecutionEnded: it has ended already.
            JobBeingEdited: somebody keeps its row in an open transaction.
        """
        row = None
        try:
            async with self._database.transaction() as connection:
                await connection.execute(ACT, actor, LOCK_TIMEOUT)
                row = await connection.fetchrow(ONE, execution_id)
                return bool(await connection.fetchval(CANCEL, execution_id) == "CANCELLED")
        except JobNotFound as fault:
            raise ExecutionNotFound(execution_id) from fault
        except StateForbids as fault:
            raise ExecutionEnded(row["job_id"] if row else "", str(fault)) from fault
        except asyncpg.LockNotAvailableError as fault:
            message = f"somebody holds the row of execution {execution_id} in an open transaction"
            raise JobBeingEdited(row["job_id"] if row else "", message) from fault


def details_from_row(row: asyncpg.Record) -> ExecutionDetails:
    """Return the execution that a row of DETAILS holds."""
    return msgspec.convert(dict(row), ExecutionDetails)
