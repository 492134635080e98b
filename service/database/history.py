"""The history of executions: pages of rows, and totals that never count rows."""

import asyncpg
import msgspec

from service.database.lists import Conditions, Key, KeyedRows, Listing
from service.database.pool import Connection, Database
from service.domain.errors import JobNotFound
from service.domain.history import (
    UNFINISHED,
    UNSUCCESSFUL,
    ExecutionFilter,
    ExecutionTotals,
    HistoryPage,
    PastExecution,
)

# Totals are kept by the hour, so a period starts at a full hour, for the rows as for the totals.
# The state outlives its job, as the history does.
FACTS_OF_JOB = """
    select date_trunc('hour', clock_timestamp() - make_interval(hours => 24 * $2), 'UTC') as since,
           exists (select from jobs where job_id = $1)
               or exists (select from job_state where job_id = $1) as is_known,
           coalesce((select active_executions + (waiting_execution_id is not null)::integer
                       from job_state where job_id = $1), 0)::bigint as unfinished_count
"""
IS_KNOWN = """
    select exists (select from jobs where job_id = $1) or exists (select from job_state where job_id = $1)
"""
FACTS_OF_ALL = """
    select date_trunc('hour', clock_timestamp() - make_interval(hours => 24 * $1), 'UTC') as since,
           (select coalesce(sum(active_executions + (waiting_execution_id is not null)::integer), 0)::bigint
              from job_state) as unfinished_count
"""

EXECUTIONS = Listing(
    rows="""
    select execution_id, job_id, job_name, handler, start_time, end_time, duration_ms, status,
           symbols_processed, data_points_stored, error_count, error_details, timeframes, triggered_by,
           requested_by, reason, fire_time, window_start, window_end, attempt, first_execution_id
      from job_executions
    """,
    keys="select start_time, execution_id from job_executions",
    key=("start_time", "execution_id"),
)
SINCE = "start_time >= date_trunc('hour', clock_timestamp() - make_interval(hours => 24 * ?::integer), 'UTC')"
# In these words, since indexes have them.
IS_UNSUCCESSFUL = "status in ('FAILED', 'TIMEOUT', 'CANCELLED', 'LOST')"
IS_UNFINISHED = "(status = 'QUEUED' or status = 'RUNNING')"
HAS_TEXT = """
    strpos(lower(concat_ws(' ', job_id, job_name, requested_by, error_details::text)), lower(?)) > 0
"""

TOTALS = """
    select coalesce(sum(success_count), 0)::bigint as success_count,
           coalesce(sum(failed_count + timeout_count + lost_count), 0)::bigint as failure_count,
           coalesce(sum(cancelled_count), 0)::bigint as cancelled_count,
           coalesce(sum(success_duration_ms), 0)::bigint as success_duration_ms
"""
# As subscripts: taking the arrays apart into rows takes three times as long.
BUCKETS = """
         , case when sum(success_count) > 0 then
               array[sum(duration_buckets[1]), sum(duration_buckets[2]), sum(duration_buckets[3]),
                     sum(duration_buckets[4]), sum(duration_buckets[5]), sum(duration_buckets[6]),
                     sum(duration_buckets[7]), sum(duration_buckets[8]), sum(duration_buckets[9]),
                     sum(duration_buckets[10]), sum(duration_buckets[11]), sum(duration_buckets[12]),
                     sum(duration_buckets[13]), sum(duration_buckets[14]), sum(duration_buckets[15]),
                     sum(duration_buckets[16])]::bigint[]
           else '{}' end as duration_buckets
"""
TOTALS_OF_JOB = TOTALS + BUCKETS + " from job_execution_stats where job_id = $1 and hour >= $2"
# Without buckets: a percentile over jobs that have nothing in common says nothing, and takes as long as all
# the rest again, for a thousand jobs 150 ms.
TOTALS_OF_ALL = TOTALS + " from job_execution_stats where hour >= $1"


# From here on a page is first compared with the totals: what lies behind the end is not looked for.
DEEP = 10_000


class HistoryStore:
    """What has been; every method raises DatabaseUnavailable when there is no answer in time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: ExecutionFilter, *, page: int, page_size: int) -> HistoryPage:
        """Page `page`, from 0, of the executions; with totals where all of the last days are asked for.

        Raises:
            JobNotFound: there never was a job of this id; a deleted job keeps its history.
        """
        skip, totals, unfinished = page * page_size, None, 0
        async with self._database.connection() as connection:
            if wanted.is_plain:
                facts = await self._facts(connection, wanted.job_id, wanted.since_days)
                totals, unfinished = (
                    await self._totals(connection, wanted.job_id, facts),
                    facts["unfinished_count"],
                )
                if skip >= max(DEEP, totals.total_count + unfinished):
                    return HistoryPage(executions=[], totals=totals, unfinished_count=unfinished)
            else:
                await self._require_known(connection, wanted.job_id)
            found = await conditions_of(wanted).rows(
                connection, EXECUTIONS, after=None, limit=page_size, skip=skip
            )
        return history_page(found, totals, unfinished)

    async def page_after(self, wanted: ExecutionFilter, key: Key, *, page_size: int) -> HistoryPage:
        """The executions that come after a key, without totals.

        Raises:
            JobNotFound: as for `page`.
        """
        async with self._database.connection() as connection:
            await self._require_known(connection, wanted.job_id)
            found = await conditions_of(wanted).rows(connection, EXECUTIONS, after=key, limit=page_size)
        return history_page(found)

    async def _require_known(self, connection: Connection, job_id: str | None) -> None:
        if job_id is not None and not await connection.fetchval(IS_KNOWN, job_id):
            raise JobNotFound(job_id)

    async def _facts(self, connection: Connection, job_id: str | None, since_days: int) -> asyncpg.Record:
        if job_id is None:
            facts = await connection.fetchrow(FACTS_OF_ALL, since_days)
        else:
            facts = await connection.fetchrow(FACTS_OF_JOB, job_id, since_days)
        assert facts is not None
        if job_id is not None and not facts["is_known"]:
            raise JobNotFound(job_id)
        return facts

    async def _totals(
        self, connection: Connection, job_id: str | None, facts: asyncpg.Record
    ) -> ExecutionTotals:
        if job_id is None:
            row = await connection.fetchrow(TOTALS_OF_ALL, facts["since"])
        else:
            row = await connection.fetchrow(TOTALS_OF_JOB, job_id, facts["since"])
        assert row is not None
        return totals_from_row(row)

    async def totals_of_job(self, job_id: str, *, since_days: int) -> ExecutionTotals:
        """The totals of the executions that started in the last days.

        Raises:
            JobNotFound: as for `page`.
        """
        async with self._database.connection() as connection:
            facts = await self._facts(connection, job_id, since_days)
            return await self._totals(connection, job_id, facts)

    async def recent_of_job(self, job_id: str, count: int) -> list[PastExecution]:
        """The latest executions of a job, newest first, however long ago."""
        conditions = Conditions()
        conditions.where("job_id = ?", job_id)
        async with self._database.connection() as connection:
            found = await conditions.rows(connection, EXECUTIONS, after=None, limit=count)
        return [past_execution_from_row(row) for row in found.rows]


def conditions_of(wanted: ExecutionFilter) -> Conditions:
    """Return the conditions of a filter, those that an index answers apart from the others."""
    conditions = Conditions()
    if wanted.job_id is not None:
        conditions.where("job_id = ?", wanted.job_id)
    if wanted.since is not None:
        conditions.where("start_time >= ?", wanted.since)
    elif wanted.until is None:
        conditions.where(SINCE, wanted.since_days)
    if wanted.until is not None:
        conditions.where("start_time < ?", wanted.until)
    if wanted.statuses:
        if wanted.statuses <= UNSUCCESSFUL:
            conditions.where(IS_UNSUCCESSFUL)
        elif wanted.statuses <= UNFINISHED:
            conditions.where(IS_UNFINISHED)
        conditions.sift("status = any (?::text[])", [status.value for status in wanted.statuses])
    if wanted.triggered_by:
        conditions.sift("triggered_by = any (?::text[])", [each.value for each in wanted.triggered_by])
    if wanted.text:
        conditions.sift(HAS_TEXT, wanted.text)
    return conditions


def history_page(
    found: KeyedRows, totals: ExecutionTotals | None = None, unfinished_count: int = 0
) -> HistoryPage:
    """Put a page together."""
    return HistoryPage(
        executions=[past_execution_from_row(row) for row in found.rows],
        next_key=found.next_key,
        totals=totals,
        unfinished_count=unfinished_count,
    )


def past_execution_from_row(row: asyncpg.Record) -> PastExecution:
    """Return the execution that a row of EXECUTIONS holds."""
    return msgspec.convert(dict(row), PastExecution)


def totals_from_row(row: asyncpg.Record) -> ExecutionTotals:
    """Return the totals that a row of TOTALS holds."""
    return msgspec.convert(dict(row), ExecutionTotals)
