"""The rows of `job_execution_logs`: stored in batches, read by job in the order of their ids."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
import msgspec

from service.database.pool import Database
from service.domain.errors import JobNotFound
from service.domain.run_log import LogEntry, LogLine

STORE = """
    select store_log_lines($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
                           $7::text[]::jsonb[], $8)
"""
# The state outlives its job, as the history does.
POSITION = """
    select coalesce((select max(log_id) from job_execution_logs where job_id = $1), 0) as log_id,
           exists (select from jobs where job_id = $1)
               or exists (select from job_state where job_id = $1) as is_known
"""
ENTRIES = """
    select l.log_id, l.execution_id, l.job_id, coalesce(x.job_name, l.job_id) as job_name, l.logged_at,
           l.level, l.logger, l.message, l.fields
"""
OF_JOB = " from (select * from job_execution_logs where job_id = $1 and log_id > $2"
# A question of its own: one plan for both would walk through all the lines of the job to find a few.
OF_EXECUTION = OF_JOB + " and execution_id = $4"
OF_JOBS = """
      from unnest($1::text[], $2::bigint[]) f (job_id, after_log_id)
     cross join lateral (select * from job_execution_logs o
                          where o.job_id = f.job_id and o.log_id > f.after_log_id
                          order by o.log_id limit $3) l
"""
LAST = " order by log_id desc limit $3) l"
NEXT = " order by log_id limit $3) l"
WITH_NAME = " left join job_executions x on x.execution_id = l.execution_id order by l.log_id"
LAST_OF_JOB = ENTRIES + OF_JOB + LAST + WITH_NAME
NEXT_OF_JOB = ENTRIES + OF_JOB + NEXT + WITH_NAME
LAST_OF_EXECUTION = ENTRIES + OF_EXECUTION + LAST + WITH_NAME
NEXT_OF_EXECUTION = ENTRIES + OF_EXECUTION + NEXT + WITH_NAME
NEXT_OF_JOBS = ENTRIES + OF_JOBS + WITH_NAME


class RunLogStore:
    """Lines of runs; every method raises DatabaseUnavailable when there is no answer in time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store(self, lines: Sequence[LogLine], *, may_be_stored: bool = False) -> None:
        """Store lines in this order; `may_be_stored`: an earlier call with them got no answer."""
        async with self._database.connection() as connection:
            await connection.execute(
                STORE,
                [line.execution_id for line in lines],
                [line.job_id for line in lines],
                [line.logged_at for line in lines],
                [line.level for line in lines],
                [line.logger for line in lines],
                [line.message for line in lines],
                [line.fields for line in lines],
                may_be_stored,
            )

    async def position(self, job_id: str) -> int:
        """Return the id of the job's last line, 0 where it has none.

        Raises:
            JobNotFound: there never was a job of this id; a deleted job keeps its history.
        """
        async with self._database.connection() as connection:
            row = await connection.fetchrow(POSITION, job_id)
        assert row is not None
        if not row["is_known"]:
            raise JobNotFound(job_id)
        position: int = row["log_id"]
        return position

    async def last(self, job_id: str, limit: int, execution_id: UUID | None = None) -> list[LogEntry]:
        """The last lines of a job, or of one of its executions, oldest first."""
        return await self._entries(LAST_OF_JOB, LAST_OF_EXECUTION, job_id, 0, limit, execution_id)

    async def next(
        self, job_id: str, after_log_id: int, limit: int, execution_id: UUID | None = None
    ) -> list[LogEntry]:
        """The first lines that come after one, oldest first."""
        return await self._entries(NEXT_OF_JOB, NEXT_OF_EXECUTION, job_id, after_log_id, limit, execution_id)

    async def _entries(
        self,
        of_job: str,
        of_execution: str,
        job_id: str,
        after_log_id: int,
        limit: int,
        execution_id: UUID | None,
    ) -> list[LogEntry]:
        async with self._database.connection() as connection:
            if execution_id is None:
                rows = await connection.fetch(of_job, job_id, after_log_id, limit)
            else:
                rows = await connection.fetch(of_execution, job_id, after_log_id, limit, execution_id)
        return [entry_from_row(row) for row in rows]

    async def next_of_jobs(self, after: Mapping[str, int], limit: int) -> list[LogEntry]:
        """The lines that come after the given id of each job, at most `limit` of each, oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(NEXT_OF_JOBS, list(after), list(after.values()), limit)
        return [entry_from_row(row) for row in rows]


def entry_from_row(row: asyncpg.Record) -> LogEntry:
    """Return the entry that a row of ENTRIES holds."""
    return msgspec.convert(dict(row), LogEntry)
