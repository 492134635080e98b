"""Pausing and resuming, by the functions of `schema/009_operations.sql`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
import msgspec

from service.database.jobs import ACT, LOCK_TIMEOUT, acting
from service.database.pool import Connection, Database
from service.domain.errors import StateForbids
from service.domain.job import Job

PAUSE_JOB = "select pause_job($1, $2, coalesce($3::timestamptz, 'infinity'))"
RESUME_JOB = "select resume_job($1)"
REVISION = "select revision from jobs where job_id = $1"
PAUSE_ALL = "select pause_all($1, coalesce($2::timestamptz, 'infinity'))"
RESUME_ALL = "select resume_all()"
PAUSE_OF_ALL = """
    select paused_now(paused_until) as is_paused,
           case when paused_now(paused_until) then nullif(paused_until, 'infinity') end as paused_until,
           case when paused_now(paused_until) then pause_reason end as pause_reason,
           case when paused_now(paused_until) then paused_by end as paused_by
      from service_state
"""


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """The pause of all jobs; without `paused_until` it lasts until somebody resumes."""

    is_paused: bool
    paused_until: datetime | None
    pause_reason: str | None
    paused_by: str | None


class PauseStore:
    """Pauses; every method raises DatabaseUnavailable when there is no answer in time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pause_job(
        self,
        job_id: str,
        *,
        reason: str | None,
        until: datetime | None,
        actor: str,
        expected_revision: int | None,
    ) -> int | None:
        """Pause one job, until somebody resumes it where `until` is None.

        Returns the new revision, None where nothing changed.

        Raises:
            JobNotFound, JobBeingEdited, StaleRevision: as `acting`.
            InvalidInput: `until` has passed, or the reason is too long.
        """
        async with acting(self._database, job_id, actor, expected_revision) as (connection, old):
            await connection.execute(PAUSE_JOB, job_id, reason, until)
            return await changed_revision(connection, old)

    async def resume_job(self, job_id: str, *, actor: str, expected_revision: int | None) -> int | None:
        """End the pause of one job; answer and errors as `pause_job`."""
        async with acting(self._database, job_id, actor, expected_revision) as (connection, old):
            await connection.execute(RESUME_JOB, job_id)
            return await changed_revision(connection, old)

    async def pause_of_all(self) -> Pause:
        """The pause of all jobs as it is now."""
        async with self._database.connection() as connection:
            return await read_pause(connection)

    async def pause_all(self, *, reason: str | None, until: datetime | None, actor: str) -> tuple[Pause, str]:
        """Pause all jobs; returns the pause, and what happened in words.

        Raises:
            InvalidInput: as `pause_job`.
            StateForbids: somebody keeps the row in an open transaction.
        """
        async with acting_on_all(self._database, actor) as connection:
            message = str(await connection.fetchval(PAUSE_ALL, reason, until))
            return await read_pause(connection), message

    async def resume_all(self, *, actor: str) -> tuple[Pause, str]:
        """End the pause of all jobs; those paused by themselves stay so."""
        async with acting_on_all(self._database, actor) as connection:
            message = str(await connection.fetchval(RESUME_ALL))
            return await read_pause(connection), message


@asynccontextmanager
async def acting_on_all(database: Database, actor: str) -> AsyncIterator[Connection]:
    """Open a short transaction in the name of `actor`, who is about to touch the pause of all jobs."""
    try:
        async with database.transaction() as connection:
            await connection.execute(ACT, actor, LOCK_TIMEOUT)
            yield connection
    except asyncpg.LockNotAvailableError as fault:
        raise StateForbids(
            "*", "somebody is changing the pause of all jobs in an open transaction"
        ) from fault


async def changed_revision(connection: Connection, old: Job) -> int | None:
    """Return the revision that this transaction has given to a job; None where it changed nothing."""
    revision: int = await connection.fetchval(REVISION, old.job_id)
    return revision if revision != old.revision else None


async def read_pause(connection: Connection) -> Pause:
    """Read the pause of all jobs as it is for this transaction."""
    row = await connection.fetchrow(PAUSE_OF_ALL)
    assert row is not None
    return msgspec.convert(dict(row), Pause)
