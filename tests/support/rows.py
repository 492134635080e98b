"""Rows for tests of the API, inserted set-wise: executions, fires, changes."""

from datetime import datetime
from typing import Any
from uuid import UUID

# One execution a second, back from `since`; of every hundred the first is FAILED, the second CANCELLED.
EXECUTIONS = """
    insert into job_executions (execution_id, job_id, job_name, handler, start_time, end_time, duration_ms,
                                status, triggered_by, requested_by, error_details)
    select new_execution_id(), $1, 'Job ' || $1, 'noop', t.at, t.at + interval '50 milliseconds', 50,
           case i % 100 when 0 then 'FAILED' when 1 then 'CANCELLED' else 'SUCCESS' end,
           case i % 1000 when 7 then 'MANUAL' else 'SCHEDULE' end,
           case i % 1000 when 7 then 'maria' end,
           case i % 100 when 0 then jsonb_build_array('IBM: no bars, error ' || i) else '[]' end
      from generate_series(0, $2 - 1) i
     cross join lateral (select $3::timestamptz - i * interval '1 second') t (at)
"""
# One fire a second, back from `since`; of every thousand the first is MISSED.
FIRES = """
    insert into job_fires (job_id, fire_time, outcome, reason, revision, replica_id, decided_at)
    select $1, t.at, case i % 1000 when 0 then 'MISSED' else 'STARTED' end,
           case i % 1000 when 0 then 'nobody was there' end, 1, gen_random_uuid(), t.at
      from generate_series(0, $2 - 1) i
     cross join lateral (select $3::timestamptz - i * interval '1 second') t (at)
"""
ENDED = """
    insert into job_executions (execution_id, job_id, job_name, handler, start_time, end_time, duration_ms,
                                status, triggered_by, fire_time, params, attempt, first_execution_id,
                                fencing_number)
    values (new_execution_id(), $1, $1, 'noop', $2::timestamptz, $2::timestamptz + interval '1 second', 1000,
            $3, $4, $5, $6::jsonb, $7, $8, 1)
    returning execution_id
"""


async def insert_executions(connection: Any, job_id: str, count: int, since: datetime) -> None:
    """Insert ended executions, one a second back from `since`; the statistics do not learn of them."""
    await connection.execute(EXECUTIONS, job_id, count, since)


async def insert_fires(connection: Any, job_id: str, count: int, since: datetime) -> None:
    """Insert decided fires, one a second back from `since` (a whole second)."""
    await connection.execute(FIRES, job_id, count, since)


async def insert_ended(
    connection: Any,
    job_id: str,
    start_time: datetime,
    *,
    status: str = "FAILED",
    triggered_by: str = "SCHEDULE",
    fire_time: datetime | None = None,
    params: str = "{}",
    attempt: int = 1,
    first: UUID | None = None,
) -> UUID:
    """Insert one ended execution and return its id."""
    execution_id: UUID = await connection.fetchval(
        ENDED, job_id, start_time, status, triggered_by, fire_time, params, attempt, first
    )
    return execution_id
