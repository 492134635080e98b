"""Ending executions set-wise, by the functions of `schema/004_runs.sql`: outcomes, orphans, hand-over."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from service.database.pool import Database, json_text
from service.domain.execution import Outcome, OwnedExecution

CLOSE = """
    select execution_id, answer
      from close_executions($1, $2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
                            $7::bigint[],
                            $8::text[]::jsonb[], $9::text[]::jsonb[], $10::text[]::jsonb[])
"""
REAP = "select execution_id, job_id, dead_replica_id, is_taken_over from reap_executions($1, $2)"
CLOSE_CANCELLED = "select execution_id, job_id from close_cancelled_executions($1)"
HAND_OVER = "select hand_over_executions($1, $2::uuid[], $3::bigint[]) as execution_id"
ON_LOST_RETRY = """
    select x.execution_id
      from job_executions x join jobs j on j.job_id = x.job_id
     where x.execution_id = any ($1) and j.on_lost = 'RETRY'
"""
TO_CANCEL = """
    select execution_id, coalesce(cancel_requested_by, 'somebody') as requested_by
      from job_executions
     where execution_id = any ($1) and status = 'RUNNING' and cancel_requested_at is not null
"""
DISOWNED = """
    select r.execution_id
      from unnest($2::uuid[], $3::bigint[]) as r (execution_id, fencing_number)
     where not exists (select from job_executions x
                        where x.execution_id = r.execution_id and x.fencing_number = r.fencing_number
                          and x.replica_id = $1 and x.status = 'RUNNING')
"""


class Orphan(msgspec.Struct, frozen=True):
    """An execution whose owner died, now LOST; taken over if a new attempt is queued."""

    execution_id: UUID
    job_id: str
    dead_replica_id: UUID | None
    is_taken_over: bool


class OutcomeStore:
    """How one replica ends executions."""

    def __init__(self, database: Database, replica_id: UUID) -> None:
        self._database, self._replica_id = database, replica_id

    async def close(self, outcomes: Sequence[Outcome]) -> set[UUID]:
        """Record outcomes; returns the executions whose outcome stands, the others are somebody else's.

        Raises:
            DatabaseUnavailable: unknown whether they were recorded; a repeat finds out.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                CLOSE,
                self._replica_id,
                [outcome.execution_id for outcome in outcomes],
                [outcome.fencing_number for outcome in outcomes],
                [outcome.status.value for outcome in outcomes],
                [outcome.symbols_processed for outcome in outcomes],
                [outcome.data_points_stored for outcome in outcomes],
                [outcome.error_count for outcome in outcomes],
                [json_text(outcome.error_details) for outcome in outcomes],
                [json_text(outcome.timeframes) for outcome in outcomes],
                [json_text(outcome.result) for outcome in outcomes],
            )
        return {row["execution_id"] for row in rows if row["answer"] == "RECORDED"}

    async def reap(self, limit: int) -> list[Orphan]:
        """Close up to `limit` executions of dead replicas as LOST, with new attempts where jobs want them."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(REAP, self._replica_id, limit)
        return [Orphan(*row.values()) for row in rows]

    async def close_cancelled(self, limit: int) -> list[UUID]:
        """Close up to `limit` QUEUED executions that somebody asked to cancel."""
        async with self._database.connection() as connection:
            return [row["execution_id"] for row in await connection.fetch(CLOSE_CANCELLED, limit)]

    async def to_cancel(self, execution_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Those of the running executions that somebody asked to cancel, and who did."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(TO_CANCEL, list(execution_ids))
        return {row["execution_id"]: row["requested_by"] for row in rows}

    async def disowned(self, executions: Sequence[OwnedExecution]) -> set[UUID]:
        """Those of the executions that are not this replica's to run any more: LOST, or another's."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                DISOWNED,
                self._replica_id,
                [each.execution_id for each in executions],
                [each.fencing_number for each in executions],
            )
        return {row["execution_id"] for row in rows}

    async def resumable(self, executions: Sequence[OwnedExecution]) -> set[UUID]:
        """Return those executions whose jobs want a lost run to be done again."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(ON_LOST_RETRY, [each.execution_id for each in executions])
        return {row["execution_id"] for row in rows}

    async def hand_over(self, executions: Sequence[OwnedExecution]) -> set[UUID]:
        """Put executions back into the queue, for another replica to resume; uses up no attempt."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                HAND_OVER,
                self._replica_id,
                [each.execution_id for each in executions],
                [each.fencing_number for each in executions],
            )
        return {row["execution_id"] for row in rows}
