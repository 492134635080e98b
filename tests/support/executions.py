"""Executions in a test's database: started by a claim, ended by an outcome, looked at as rows."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from service.domain.execution import ExecutionStatus, Outcome, OwnedExecution
from service.domain.fire import Verdict
from tests.support.fleet import FakeReplica, database_now, due
from tests.support.sql import Sql

SECOND = timedelta(seconds=1)
FAILURES = {"FAILED", "TIMEOUT", "LOST"}


async def start(
    replica: FakeReplica, sql: Sql, job_id: str = "A", seconds_ago: int = 1, **facts: Any
) -> UUID:
    """Win the fire of that many seconds ago; the answer is its execution, which runs here or waits."""
    claim = due(job_id, await database_now(sql) - seconds_ago * SECOND, **facts)
    [judgement] = await replica.claims.claim([claim], 50)
    assert judgement.verdict in (Verdict.RUN, Verdict.WAITING)
    return claim.execution_id


async def owned(replica: FakeReplica, execution_id: UUID) -> OwnedExecution:
    """The execution as its owner knows it."""
    [execution] = await replica.claims.owned([execution_id])
    return execution


def outcome(execution_id: UUID, status: str = "SUCCESS", fencing_number: int = 1, **facts: Any) -> Outcome:
    """An outcome to report."""
    return Outcome(
        execution_id=execution_id, fencing_number=fencing_number, status=ExecutionStatus(status), **facts
    )


async def state_of(sql: Sql, job_id: str = "A") -> asyncpg.Record:
    """The row of `job_state`."""
    row = await sql.fetchrow("select * from job_state where job_id = $1", job_id)
    assert row is not None
    return row


async def row_of(sql: Sql, execution_id: UUID) -> asyncpg.Record:
    """The row of `job_executions`."""
    row = await sql.fetchrow("select * from job_executions where execution_id = $1", execution_id)
    assert row is not None
    return row


async def die(sql: Any, replica: FakeReplica) -> None:
    """Let the replica's lease be over."""
    await sql.execute(
        "update replicas set lease_expires_at = clock_timestamp() where replica_id = $1", replica.replica_id
    )
