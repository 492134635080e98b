"""The databases that the fixtures hand out."""

import asyncpg
import pytest


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_a_database_of_its_own(turn: int, database_url: str):
    """What one test leaves in its database, the next does not see."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("create table left_behind (turn int)")
    await connection.close()


async def test_a_database_is_dropped_though_the_test_left_a_connection_open(empty_database_url: str):
    """A forgotten connection does not keep the run from cleaning up."""
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
    connection.terminate()
