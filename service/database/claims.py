"""Deciding fires and taking queued executions: the calls of `claim_fires` and `take_executions`."""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from service.database.pool import Database
from service.domain.execution import OwnedExecution, TriggeredBy
from service.domain.fire import Claim, Judgement, Verdict
from service.domain.job import OnLost

CLAIM = """
    select ordinal, verdict, early_by_ms
      from claim_fires($1, $2, $3::text[], $4::timestamptz[], $5::bigint[], $6::uuid[], $7::timestamptz[],
                       $8::text[], $9::text[], $10::timestamptz[], $11::integer[], $12::timestamptz[])
     order by ordinal
"""
TAKE = "select execution_id from take_executions($1, $2) as t (execution_id)"
NEXT_DUE = """
    select extract(epoch from min(x.not_before) - clock_timestamp())::double precision
      from job_executions x
     where x.status = 'QUEUED' and x.not_before > clock_timestamp() and x.cancel_requested_at is null
       and x.handler = any (array(select unnest(r.handlers) from replicas r where r.replica_id = $1))
"""
# Only who takes over from another owner, or makes another attempt, finds a checkpoint.
OWNED = """
    select x.execution_id, x.job_id, x.handler, x.fencing_number, x.attempt, x.triggered_by, x.params,
           x.fire_time, x.window_start, x.window_end, j.timeout_seconds, j.on_lost, p.checkpoint
      from job_executions x
      left join jobs j on j.job_id = x.job_id
      left join lateral (
           select q.checkpoint from job_executions y join job_execution_progress q using (execution_id)
            where (x.first_execution_id is not null or x.fencing_number > 1
                   or exists (select from job_execution_progress o where o.execution_id = x.execution_id))
              and (y.execution_id = coalesce(x.first_execution_id, x.execution_id)
                   or y.first_execution_id = coalesce(x.first_execution_id, x.execution_id))
              and q.checkpoint is not null
            order by y.attempt desc, y.created_at desc limit 1) p on true
     where x.replica_id = $1 and x.status = 'RUNNING' and ($2::uuid[] is null or x.execution_id = any ($2))
"""


class ClaimStore:
    """How one replica wins fires and queued executions."""

    def __init__(
        self, database: Database, replica_id: UUID, on_judged: Callable[[str], None] = lambda _: None
    ) -> None:
        self._database, self._replica_id, self._on_judged = database, replica_id, on_judged

    async def claim(self, claims: Sequence[Claim], free_slots: int) -> list[Judgement]:
        """Decide all fires in one call, and return their judgements in the same order.

        Up to `free_slots` executions start on this replica (RUN); those beyond stay QUEUED for anybody.

        Raises:
            DatabaseUnavailable: unknown whether they were decided; ask again with the same claims.
        """
        fires = [claim.fire for claim in claims]
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                CLAIM,
                self._replica_id,
                free_slots,
                [fire.job.job_id for fire in fires],
                [fire.fire_time for fire in fires],
                [fire.job.revision for fire in fires],
                [claim.execution_id for claim in claims],
                [fire.following for fire in fires],
                [fire.kind.value for fire in fires],
                [fire.reason for fire in fires],
                [fire.covers_from for fire in fires],
                [fire.fires_covered for fire in fires],
                [fire.window_start for fire in fires],
            )
        for row in rows:
            self._on_judged(row["verdict"])
        return [Judgement(Verdict(row["verdict"]), row["early_by_ms"]) for row in rows]

    async def take(self, limit: int) -> list[UUID]:
        """Take up to `limit` QUEUED executions that this replica can run; returns their ids.

        Raises:
            DatabaseUnavailable: unknown whether any were taken; `owned` tells.
        """
        async with self._database.connection() as connection:
            return [row["execution_id"] for row in await connection.fetch(TAKE, self._replica_id, limit)]

    async def next_due_in(self) -> float | None:
        """In how many seconds the next QUEUED execution may be taken here; None: none has to wait.

        Raises:
            DatabaseUnavailable: no answer in time.
        """
        async with self._database.connection() as connection:
            seconds: float | None = await connection.fetchval(NEXT_DUE, self._replica_id)
        return seconds

    async def owned(self, execution_ids: Sequence[UUID] | None = None) -> list[OwnedExecution]:
        """Return the executions that are RUNNING under this replica, all or those asked for."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                OWNED, self._replica_id, None if execution_ids is None else list(execution_ids)
            )
        return [owned_from_row(row) for row in rows]


def owned_from_row(row: asyncpg.Record) -> OwnedExecution:
    """Read an `OwnedExecution` from a row of `OWNED`."""
    return OwnedExecution(
        execution_id=row["execution_id"],
        job_id=row["job_id"],
        handler=row["handler"],
        fencing_number=row["fencing_number"],
        attempt=row["attempt"],
        triggered_by=TriggeredBy(row["triggered_by"]),
        params=row["params"],
        timeout_seconds=row["timeout_seconds"],
        fire_time=row["fire_time"],
        window_start=row["window_start"],
        window_end=row["window_end"],
        checkpoint=row["checkpoint"],
        on_lost=OnLost(row["on_lost"] or OnLost.FAIL),  # the job may have been deleted
    )
