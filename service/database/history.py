"""The history of executions: pages of rows, and totals that never count rows."""

import asyncpg
import msgspec

from service.database.pool import Database
from service.domain.errors import JobNotFound
from service.domain.history import ExecutionTotals, HistoryPage, PastExecution

# Totals are kept by the hour, so a period starts at a full hour, for the rows as for the totals.
# The state outlives its job, as the history does.
FACTS_OF_JOB = """
    select date_trunc('hour', clock_timestamp() - make_interval(hours => 24 * $2), 'UTC') as since,
           exists (select from jobs where job_id = $1)
               or exists (select from job_state where job_id = $1) as is_known,
           coalesce((select active_executions + (waiting_execution_id is not null)::integer
                       from job_state where job_id = $1), 0)::bigint as unfinished_count
"""
FACTS_OF_ALL = """
    select date_trunc('hour', clock_timestamp() - make_interval(hours => 24 * $1), 'UTC') as since,
           (select coalesce(sum(active_executions + (waiting_execution_id is not null)::integer), 0)::bigint
              from job_state) as unfinished_count
"""

PAST_EXECUTIONS = """
    select execution_id, job_id, job_name, handler, start_time, end_time, duration_ms, status,
           symbols_processed, data_points_stored, error_count, error_details, timeframes, triggered_by,
           requested_by, fire_time, window_start, window_end, attempt, first_execution_id
      from job_executions
"""
NEWEST_FIRST = " order by start_time desc, execution_id desc"
PAGE_OF_JOB = (
    PAST_EXECUTIONS + " where job_id = $1 and start_time >= $2" + NEWEST_FIRST + " limit $3 offset $4"
)
PAGE_OF_ALL = PAST_EXECUTIONS + " where start_time >= $1" + NEWEST_FIRST + " limit $2 offset $3"
RECENT_OF_JOB = PAST_EXECUTIONS + " where job_id = $1" + NEWEST_FIRST + " limit $2"

TOTALS = """
    select coalesce(sum(success_count), 0)::bigint as success_count,
           coalesce(sum(failed_count + timeout_count + lost_count), 0)::bigint as failure_count,
           coalesce(sum(cancelled_count), 0)::bigint as cancelled_count,
           coalesce(sum(success_duration_ms), 0)::bigint as success_duration_ms
      from job_execution_stats
"""
TOTALS_OF_JOB = TOTALS + " where job_id = $1 and hour >= $2"
TOTALS_OF_ALL = TOTALS + " where hour >= $1"


class HistoryStore:
    """What has been; every method raises DatabaseUnavailable when there is no answer in time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page_of_job(self, job_id: str, *, page: int, page_size: int, since_days: int) -> HistoryPage:
        """Page `page`, from 0, of the executions that started in the last days, and their totals.

        Raises:
            JobNotFound: there never was a job of this id; a deleted job keeps its history.
        """
        async with self._database.connection() as connection:
            facts = await connection.fetchrow(FACTS_OF_JOB, job_id, since_days)
            assert facts is not None
            if not facts["is_known"]:
                raise JobNotFound(job_id)
            totals = await connection.fetchrow(TOTALS_OF_JOB, job_id, facts["since"])
            rows = await connection.fetch(PAGE_OF_JOB, job_id, facts["since"], page_size, page * page_size)
        return page_from_rows(rows, totals, facts)

    async def page_of_all(self, *, page: int, page_size: int, since_days: int) -> HistoryPage:
        """As `page_of_job`, over all jobs."""
        async with self._database.connection() as connection:
            facts = await connection.fetchrow(FACTS_OF_ALL, since_days)
            assert facts is not None
            totals = await connection.fetchrow(TOTALS_OF_ALL, facts["since"])
            rows = await connection.fetch(PAGE_OF_ALL, facts["since"], page_size, page * page_size)
        return page_from_rows(rows, totals, facts)

    async def totals_of_job(self, job_id: str, *, since_days: int) -> ExecutionTotals:
        """The totals of the executions that started in the last days.

        Raises:
            JobNotFound: as for `page_of_job`.
        """
        async with self._database.connection() as connection:
            facts = await connection.fetchrow(FACTS_OF_JOB, job_id, since_days)
            assert facts is not None
            if not facts["is_known"]:
                raise JobNotFound(job_id)
            totals = await connection.fetchrow(TOTALS_OF_JOB, job_id, facts["since"])
        assert totals is not None
        return totals_from_row(totals)

    async def recent_of_job(self, job_id: str, count: int) -> list[PastExecution]:
        """The latest executions of a job, newest first, however long ago."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(RECENT_OF_JOB, job_id, count)
        return [past_execution_from_row(row) for row in rows]


def page_from_rows(
    rows: list[asyncpg.Record], totals: asyncpg.Record | None, facts: asyncpg.Record
) -> HistoryPage:
    """Put a page together."""
    assert totals is not None
    return HistoryPage(
        executions=[past_execution_from_row(row) for row in rows],
        totals=totals_from_row(totals),
        unfinished_count=facts["unfinished_count"],
    )


def past_execution_from_row(row: asyncpg.Record) -> PastExecution:
    """Return the execution that a row of PAST_EXECUTIONS holds."""
    return msgspec.convert(dict(row), PastExecution)


def totals_from_row(row: asyncpg.Record) -> ExecutionTotals:
    """Return the totals that a row of TOTALS holds."""
    return msgspec.convert(dict(row), ExecutionTotals)
