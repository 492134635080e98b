"""The bounded way to the database: a connection that the server ended is DatabaseUnavailable, and heals."""

import asyncio
from contextlib import suppress

import pytest

from service.database.pool import open_database
from service.domain.errors import DatabaseUnavailable

CUT_OFF = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
     where application_name = 'cut off' and datname = current_database()
"""


@pytest.fixture
async def victim(database_url):
    async with open_database(database_url, application_name="cut off", size=2) as database:
        yield database


async def one(database):
    async with database.connection() as connection:
        return await connection.fetchval("select 1")


async def test_a_statement_whose_connection_is_ended_is_unavailable(victim, sql):
    """The pool has noticed the end before we do: no error of its own comes out, and the next one works."""

    async def sleep():
        async with victim.connection() as connection:
            await connection.execute("select pg_sleep(60)")

    sleeping = asyncio.create_task(sleep())
    async with asyncio.timeout(5):
        while not await sql.fetchval(CUT_OFF):
            pass
        with pytest.raises(DatabaseUnavailable):
            await sleeping
    assert await one(victim) == 1


async def test_connections_that_end_between_statements_raise_nothing_else(victim, sql):
    """Whether the news of the end or the next statement is first."""
    answers = set()
    for _ in range(30):
        try:
            answers.add(await one(victim))
            await sql.execute(CUT_OFF)
            answers.add(await one(victim))
        except DatabaseUnavailable:
            answers.add("unavailable")
    assert answers <= {1, "unavailable"}
    with suppress(DatabaseUnavailable):
        await one(victim)
    assert await one(victim) == 1
