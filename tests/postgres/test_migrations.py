"""Migrations: applied once, by whoever starts first, to a database that is ours."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from service.database.migrations import check_database, migrate, migrate_when_possible, schema_folder
from service.domain.cron import zone_names
from service.domain.errors import DatabaseUnavailable, ForeignDatabase, MigrationRefused
from tests.support.clock import FakeClock
from tests.support.jobs import MONDAY_9AM

FILES = sorted(path.name for path in schema_folder().glob("*.sql"))
CATALOGUE = """
    select 'column', table_name, column_name, data_type, column_default, is_nullable
      from information_schema.columns where table_schema = 'public'
    union all
    select 'function', proname, pg_get_functiondef(oid), null, null, null
      from pg_proc where pronamespace = 'public'::regnamespace
    union all
    select 'index', tablename, indexdef, null, null, null from pg_indexes where schemaname = 'public'
    union all
    select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), null, null
      from pg_constraint where connamespace = 'public'::regnamespace
    union all
    select 'trigger', tgrelid::regclass::text, pg_get_triggerdef(oid), tgenabled::text, null, null
      from pg_trigger
    union all
    select 'migration', version::text, checksum, applied_at::text, null, null from cronsole_migrations
    order by 1, 2, 3
"""
SEEDED = """
    select job_id, display_name, job_group, schedule_type, schedule_cron, handler, on_lost, enabled
      from jobs order by job_id
"""


@pytest.fixture
async def sql(empty_database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(empty_database_url)
    yield connection
    await connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two small migrations, to edit and to break."""
    (tmp_path / "001_first.sql").write_text("create table time_zones (name text primary key);")
    (tmp_path / "002_second.sql").write_text("create table second (n int);")
    return tmp_path


async def tables(sql):
    return {row[0] for row in await sql.fetch("select tablename from pg_tables where schemaname = 'public'")}


async def test_all_files_apply_to_an_empty_database_and_change_nothing_the_second_time(
    empty_database_url, sql
):
    """Tables, functions, indexes, constraints, triggers and the ledger are the same after a second turn."""
    assert await check_database(empty_database_url) == FILES
    assert await migrate(empty_database_url) == FILES
    before = await sql.fetch(CATALOGUE)
    assert {row[1] for row in before if row[0] == "column"} >= {"jobs", "job_executions", "job_fires"}
    assert await migrate(empty_database_url) == []
    assert await check_database(empty_database_url) == []
    assert await sql.fetch(CATALOGUE) == before


async def test_an_applied_file_that_was_edited_is_refused(empty_database_url, sql, folder):
    """Nothing is applied then, not even what is new."""
    await migrate(empty_database_url, folder)
    (folder / "001_first.sql").write_text("create table time_zones (name text primary key, note text);")
    (folder / "003_third.sql").write_text("create table third (n int);")
    with pytest.raises(MigrationRefused, match=r"schema/001_first\.sql was edited after"):
        await migrate(empty_database_url, folder)
    assert await tables(sql) == {"cronsole_migrations", "time_zones", "second"}


@pytest.mark.parametrize("starters", [2, 8])
async def test_of_several_that_start_together_one_applies(empty_database_url, sql, starters):
    """Every file is applied once, and nobody fails."""
    answers = await asyncio.gather(*(migrate(empty_database_url) for _ in range(starters)))
    assert sorted(answers) == [[]] * (starters - 1) + [FILES]
    assert [
        row["name"] for row in await sql.fetch("select name from cronsole_migrations order by 1")
    ] == FILES


@pytest.mark.parametrize("table", ["jobs", "job_executions"])
async def test_another_systems_table_is_left_alone(empty_database_url, sql, table):
    """The message names the table and says what to do; neither the table nor anything else changes."""
    await sql.execute(f"create table {table} (id int); insert into {table} values (7)")
    for attempt in (migrate, check_database):
        with pytest.raises(
            ForeignDatabase, match=f"a table '{table}' of another system.*database of its own"
        ):
            await attempt(empty_database_url)
    with pytest.raises(ForeignDatabase):
        await migrate_when_possible(empty_database_url, FakeClock(MONDAY_9AM))
    assert await tables(sql) == {table}
    assert await sql.fetchval(f"select id from {table}") == 7


async def test_a_file_that_fails_leaves_nothing_of_itself(empty_database_url, sql, folder):
    """What came before it stays, and mended it applies the next time."""
    (folder / "002_second.sql").write_text("create table second (n int); create table third (n no_type);")
    with pytest.raises(asyncpg.UndefinedObjectError, match="no_type"):
        await migrate(empty_database_url, folder)
    assert await tables(sql) == {"cronsole_migrations", "time_zones"}
    (folder / "002_second.sql").write_text("create table second (n int); create table third (n int);")
    assert await migrate(empty_database_url, folder) == ["002_second.sql"]
    assert await tables(sql) == {"cronsole_migrations", "time_zones", "second", "third"}


async def test_the_very_first_file_failing_leaves_an_empty_database(empty_database_url, sql, folder):
    """Not even the ledger, by which the database would be taken for ours."""
    (folder / "001_first.sql").write_text("create table first (n int); select 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database_url, folder)
    assert await tables(sql) == set()


@pytest.mark.parametrize("name", ["002_twice.sql", "3_third.sql", "003-third.sql"])
async def test_a_file_name_that_gives_no_order_is_refused(empty_database_url, sql, folder, name):
    """Two files of one number, and names of another form."""
    (folder / name).write_text("select 1;")
    with pytest.raises(MigrationRefused, match=name):
        await migrate(empty_database_url, folder)
    assert await tables(sql) == set()


async def test_a_newer_version_in_the_ledger_is_tolerated(empty_database_url, sql, folder):
    """The older replicas of a rolling deployment may restart."""
    await migrate(empty_database_url, folder)
    await sql.execute("insert into cronsole_migrations values (900, '900_newer.sql', 'unknown')")
    assert await migrate(empty_database_url, folder) == []


async def test_the_four_jobs_are_there(empty_database_url, sql):
    """As in the system that is replaced; MANUAL jobs have no schedule."""
    await migrate(empty_database_url)
    cron = {"MARKETDATA_INCREMENTAL": "0 */5 * * * MON-FRI", "FUNDAMENTALS_INCREMENTAL": "0 0 2 * * *"}
    expected = [
        (
            f"{family}_{kind}",
            f"{'Market Data' if family == 'MARKETDATA' else 'Fundamentals'} {kind.title()}",
            family,
            "CRON" if kind == "INCREMENTAL" else "MANUAL",
            cron.get(f"{family}_{kind}"),
            f"{family}.{kind}".lower(),
            "RETRY",
            True,
        )
        for family in ("FUNDAMENTALS", "MARKETDATA")
        for kind in ("BACKFILL", "INCREMENTAL")
    ]
    assert [tuple(row) for row in await sql.fetch(SEEDED)] == expected


async def test_a_seeded_job_is_neither_overwritten_nor_resurrected(empty_database_url, sql):
    """What an operator changed or deleted stays so."""
    await migrate(empty_database_url)
    await sql.execute(
        "update jobs set schedule_cron = '0 0 3 * * *' where job_id = 'FUNDAMENTALS_INCREMENTAL'"
    )
    await sql.execute("delete from jobs where job_id = 'MARKETDATA_BACKFILL'")
    before = await sql.fetch("select * from jobs order by job_id")
    await migrate(empty_database_url)
    assert await sql.fetch("select * from jobs order by job_id") == before


async def test_the_zones_become_those_that_this_python_knows(empty_database_url, sql):
    """Missing ones are added, unknown ones removed."""
    await migrate(empty_database_url)
    await sql.execute("delete from time_zones where name like 'America/%'")
    await sql.execute("insert into time_zones values ('Mars/Olympus_Mons')")
    await migrate(empty_database_url)
    assert {row["name"] for row in await sql.fetch("select name from time_zones")} == zone_names()


class HeldClock:
    """A clock whose sleepers say that they sleep, and sleep until they are let go."""

    def __init__(self) -> None:
        self.is_asleep, self.let_go = asyncio.Event(), asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.is_asleep.set()
        await self.let_go.wait()


class PlainRole:
    """A role that may log in, and by `trust` read; the URL is its own."""

    def __init__(self, sql, url):
        self.name = f"cronsole_test_{secrets.token_hex(4)}"
        self._sql, parts = sql, urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        self.url = urlunsplit(parts._replace(netloc=f"{self.name}@{host}"))

    async def may_read(self) -> None:
        """Let it read all tables that there are."""
        await self._sql.execute(f"grant select on all tables in schema public to {self.name}")


@pytest.fixture
async def plain(empty_database_url, sql) -> AsyncIterator[PlainRole]:
    """A role that may log in, and nothing else."""
    role = PlainRole(sql, empty_database_url)
    await sql.execute(f"revoke create on schema public from public; create role {role.name} login")
    yield role
    await sql.execute(f"drop owned by {role.name}; drop role {role.name}")


async def test_a_role_without_ddl_rights_starts_when_nothing_is_to_be_done(empty_database_url, sql, plain):
    """It reads the ledger, and needs no more, even where its Python knows other zones."""
    await migrate(empty_database_url)
    await plain.may_read()
    await migrate_when_possible(plain.url, FakeClock(MONDAY_9AM))
    await sql.execute("delete from time_zones where name = 'Europe/Berlin'")
    await migrate_when_possible(plain.url, FakeClock(MONDAY_9AM))


async def test_a_role_without_ddl_rights_waits_for_somebody_who_may(empty_database_url, plain):
    """It starts after the other has migrated."""
    clock = HeldClock()
    waiting = asyncio.create_task(migrate_when_possible(plain.url, clock))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        await clock.is_asleep.wait()
        await migrate(empty_database_url)
        await plain.may_read()
        clock.let_go.set()
        await waiting


async def test_a_database_that_is_not_there_is_unavailable(empty_database_url):
    """And not an error of asyncpg."""
    url = urlunsplit(urlsplit(empty_database_url)._replace(query="host=/nowhere", netloc="postgres@"))
    with pytest.raises(DatabaseUnavailable):
        await migrate(url)


async def test_a_schema_of_another_name_works_too(empty_database_url, sql):
    """Tables, triggers and functions go by the search path of whoever migrates."""
    name = urlsplit(empty_database_url).path[1:]
    await sql.execute("create schema scheduler")
    await sql.execute(f"alter database {name} set search_path to scheduler")
    assert await migrate(empty_database_url) == FILES
    assert await tables(sql) == set()
    other = await asyncpg.connect(empty_database_url)
    await other.execute("update jobs set enabled = false where job_id = 'MARKETDATA_INCREMENTAL'")
    assert await other.fetchval("select count(*) from job_changes where operation = 'UPDATE'") == 1
    await other.close()
