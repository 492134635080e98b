"""What tests of the schema do at a psql prompt, so to speak: jobs by hand, notifications, roles."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

INSERT = """
    insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler)
    select i, 'Job ' || i, 'CRON', '0 */5 * * * *', 'noop' from unnest($1::text[]) i
"""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Sql]:
    """A connection of one's own."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def insert_jobs(sql: Sql, *job_ids: str) -> None:
    """Insert CRON jobs of these ids in one statement."""
    await sql.execute(INSERT, list(job_ids))


async def insert_many_jobs(sql: Sql, count: int) -> list[str]:
    """Insert that many CRON jobs, J00001 and on, in one statement, and return their ids."""
    job_ids = [f"J{i:05}" for i in range(1, count + 1)]
    await insert_jobs(sql, *job_ids)
    return job_ids


async def job(sql: Sql, job_id: str = "A") -> dict[str, Any]:
    """One row of `jobs`."""
    row = await sql.fetchrow("select * from jobs where job_id = $1", job_id)
    assert row is not None
    return dict(row)


class Heard:
    """The payloads heard on a channel; `all` asks for those sent so far, and forgets them."""

    def __init__(self, sql: Sql, channel: str) -> None:
        self._sql, self._channel = sql, channel
        self._payloads: list[str] = []

    def hear(self, _connection: Any, _process: int, _channel: str, payload: Any) -> None:
        self._payloads.append(payload)

    async def all(self) -> list[str]:
        """Everything that was committed before this call."""
        # Notifications come in the order of the commits, and before the answer to a later statement.
        await self._sql.execute("select pg_notify($1, 'that is all')", self._channel)
        while "that is all" not in self._payloads:
            await self._sql.execute("select 1")
        heard, self._payloads = self._payloads, []
        return [payload for payload in heard if payload != "that is all"]


@asynccontextmanager
async def hearing(url: str, channel: str) -> AsyncIterator[Heard]:
    """Listen on a channel, with a connection of its own."""
    async with connected(url) as connection:
        heard = Heard(connection, channel)
        await connection.add_listener(channel, heard.hear)
        yield heard
        await connection.remove_listener(channel, heard.hear)


@asynccontextmanager
async def acting_as(sql: Sql, *grants: str, member_of: str | None = None) -> AsyncIterator[str]:
    """Act as a new role with these grants, and yield its name; at the end it never was, nor what it did.

    `session_user` is the role, as if it had logged in.
    """
    name = f"cronsole_test_{secrets.token_hex(4)}"
    transaction = sql.transaction()
    await transaction.start()
    try:
        await sql.execute(f"create role {name}")
        for grant in grants:
            await sql.execute(f"grant {grant} to {name}")
        if member_of is not None:
            if not await sql.fetchval("select exists (select from pg_roles where rolname = $1)", member_of):
                await sql.execute(f"create role {member_of}")
            await sql.execute(f"grant {member_of} to {name}")
        await sql.execute(f"set local session authorization {name}")
        yield name
    finally:
        await transaction.rollback()


async def until_waiting(sql: Sql, process_id: int) -> None:
    """Return when that server process waits for somebody's lock."""
    while not await sql.fetchval("select cardinality(pg_blocking_pids($1)) > 0", process_id):
        pass
