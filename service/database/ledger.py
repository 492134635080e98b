"""Reading the ledger and the audit: pages of fires and of changes."""

import asyncpg
import msgspec

from service.database.lists import Conditions, Key, Listing
from service.database.pool import Database
from service.domain.errors import JobNotFound
from service.domain.ledger import Change, ChangeFilter, DecidedFire, FireFilter, FireOutcome

IS_KNOWN = """
    select exists (select from jobs where job_id = $1) or exists (select from job_state where job_id = $1)
        or exists (select from job_changes where job_id = $1)
"""
FIRES = Listing(
    rows="""
    select job_id, fire_time, outcome, reason, revision, replica_id, decided_at, execution_id,
           fires_covered, covers_from
      from job_fires
    """,
    keys="select fire_time from job_fires",
    key=("fire_time",),
)
STATUSES = "select execution_id, status from job_executions where execution_id = any ($1)"
CHANGES = Listing(
    rows="""
    select change_id, job_id, operation, changed_at, changed_by, session_role, application_name,
           revision, moves_plan, before, after
      from job_changes
    """,
    keys="select change_id from job_changes",
    key=("change_id",),
)


class LedgerStore:
    """What was decided and what was changed; every method raises DatabaseUnavailable without an answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fires(
        self, wanted: FireFilter, *, after: Key | None, limit: int, skip: int = 0
    ) -> tuple[list[DecidedFire], Key | None]:
        """Fires of a job, newest first, and the key after which more come; None: no more.

        Raises:
            JobNotFound: there never was a job of this id.
        """
        conditions = Conditions()
        conditions.where("job_id = ?", wanted.job_id)
        if wanted.since is not None:
            conditions.where("fire_time >= ?", wanted.since)
        if wanted.until is not None:
            conditions.where("fire_time < ?", wanted.until)
        if wanted.outcomes:
            if FireOutcome.STARTED not in wanted.outcomes:
                conditions.where("outcome <> 'STARTED'")  # in these words, since an index has them
            conditions.sift("outcome = any (?::text[])", [outcome.value for outcome in wanted.outcomes])
        async with self._database.connection() as connection:
            if not await connection.fetchval(IS_KNOWN, wanted.job_id):
                raise JobNotFound(wanted.job_id)
            found = await conditions.rows(connection, FIRES, after=after, limit=limit, skip=skip)
            ids = [row["execution_id"] for row in found.rows if row["execution_id"] is not None]
            statuses = await connection.fetch(STATUSES, ids)
        status_of = {row["execution_id"]: row["status"] for row in statuses}
        fires = [fire_from_row(row, status_of.get(row["execution_id"])) for row in found.rows]
        return fires, found.next_key

    async def changes(
        self, wanted: ChangeFilter, *, after: Key | None, limit: int
    ) -> tuple[list[Change], Key | None]:
        """Changes, newest first, and the key after which more come; None: no more.

        Raises:
            JobNotFound: there never was a job of this id.
        """
        conditions = Conditions()
        if wanted.job_id is not None:
            conditions.where("job_id = ?", wanted.job_id)
        if wanted.since is not None:
            conditions.where("changed_at >= ?", wanted.since)
        if wanted.until is not None:
            conditions.where("changed_at < ?", wanted.until)
        if wanted.actor is not None:
            conditions.sift("changed_by = ?", wanted.actor)
        if wanted.operations:
            conditions.sift("operation = any (?::text[])", [each.value for each in wanted.operations])
        async with self._database.connection() as connection:
            if wanted.job_id not in (None, "*") and not await connection.fetchval(IS_KNOWN, wanted.job_id):
                raise JobNotFound(wanted.job_id or "")
            found = await conditions.rows(connection, CHANGES, after=after, limit=limit)
        return [change_from_row(row) for row in found.rows], found.next_key


def fire_from_row(row: asyncpg.Record, execution_status: str | None) -> DecidedFire:
    """Return the fire that a row of FIRES holds."""
    return msgspec.convert({**dict(row), "execution_status": execution_status}, DecidedFire)


def change_from_row(row: asyncpg.Record) -> Change:
    """Return the change that a row of CHANGES holds."""
    return msgspec.convert(dict(row), Change)
