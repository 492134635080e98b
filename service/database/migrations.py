"""Apply the numbered SQL files of `schema/`, each once, whoever starts together."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
import structlog

from service.database.pool import Connection, connect, unavailable_as_ours
from service.domain.backoff import Backoff
from service.domain.clock import Clock
from service.domain.cron import zone_names
from service.domain.errors import DatabaseUnavailable, ForeignDatabase, MigrationRefused
from service.domain.pooling import Pooling

log = structlog.get_logger(__name__)

LOCK_KEY = 0x63726F6E736F6C65  # "cronsole"
LOCK_POLL_SECONDS = 0.05
LOCK_SECONDS = 120.0
FILE_NAME = re.compile(r"(\d{3})_[a-z_]+\.sql")

TRY_LOCK, UNLOCK = "select pg_try_advisory_lock($1)", "select pg_advisory_unlock($1)"
TRY_TRANSACTION_LOCK = "select pg_try_advisory_xact_lock($1)"
CREATE_LEDGER = """
    create table if not exists cronsole_migrations (
        version    integer primary key,
        name       text not null,
        checksum   text not null,
        applied_at timestamptz not null default clock_timestamp()
    )
"""
APPLIED = "select version, checksum from cronsole_migrations"
RECORD = "insert into cronsole_migrations (version, name, checksum) values ($1, $2, $3)"
OUR_TABLES = """
    select to_regclass('cronsole_migrations') is not null as is_ours,
           coalesce(to_regclass('jobs')::text, to_regclass('job_executions')::text) as taken
"""
ZONES = "select name from time_zones"
ADD_ZONES = "insert into time_zones (name) select unnest($1::text[]) on conflict do nothing"
REMOVE_ZONES = "delete from time_zones where name = any ($1::text[])"


class Migration(msgspec.Struct, frozen=True):
    """One numbered SQL file."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def schema_folder() -> Path:
    """Return where the SQL files are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "schema"
    return inside if inside.is_dir() else package.parent / "schema"


def read_migrations(folder: Path | None = None) -> list[Migration]:
    """Read all migrations in their order.

    Raises:
        MigrationRefused: a file's name is not of the form 001_words.sql, or two share a number.
    """
    migrations: dict[int, Migration] = {}
    for path in sorted((folder or schema_folder()).glob("*.sql")):
        match = FILE_NAME.fullmatch(path.name)
        if match is None or int(match[1]) in migrations:
            raise MigrationRefused(f"schema/{path.name}: name it NNN_words.sql, with a number of its own")
        migrations[int(match[1])] = Migration(int(match[1]), path.name, path.read_text(encoding="utf-8"))
    return list(migrations.values())


async def pending(connection: Connection, migrations: list[Migration]) -> list[Migration]:
    """Return the migrations that the database lacks.

    Raises:
        ForeignDatabase: the database holds somebody else's `jobs` or `job_executions`.
        MigrationRefused: an applied file was edited.
    """
    tables = await connection.fetchrow(OUR_TABLES)
    assert tables is not None
    if not tables["is_ours"]:
        if tables["taken"] is not None:
            raise ForeignDatabase(
                f"this database already holds a table {tables['taken']!r} of another system; nothing was"
                " changed. Give cronsole a database of its own, or rename that table first"
            )
        return migrations
    applied = {row["version"]: row["checksum"] for row in await connection.fetch(APPLIED)}
    for migration in migrations:
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise MigrationRefused(
                f"schema/{migration.name} was edited after it had been applied; restore it, and put the"
                " change into a new file"
            )
    return [migration for migration in migrations if migration.version not in applied]


@asynccontextmanager
async def migration_lock(
    connection: "asyncpg.Connection[asyncpg.Record]", pooling: Pooling = Pooling.NONE
) -> AsyncIterator[None]:
    """Hold the lock of all migrations.

    Polls: a blocking wait would hold a snapshot, and deadlock with CREATE INDEX CONCURRENTLY. Where a pooler
    gives each transaction another session, a session's lock would get lost: there all is one transaction.

    Raises:
        DatabaseUnavailable: somebody else held it for two minutes.
    """
    async with AsyncExitStack() as stack:
        if not pooling.keeps_sessions:
            await stack.enter_async_context(connection.transaction())
        try_lock = TRY_LOCK if pooling.keeps_sessions else TRY_TRANSACTION_LOCK
        try:
            async with asyncio.timeout(LOCK_SECONDS):
                while not await connection.fetchval(try_lock, LOCK_KEY):  # noqa: ASYNC110 - see above
                    await asyncio.sleep(LOCK_POLL_SECONDS)
        except TimeoutError as fault:
            raise DatabaseUnavailable("another process has been migrating for two minutes") from fault
        try:
            yield
        finally:
            if pooling.keeps_sessions:
                await connection.fetchval(UNLOCK, LOCK_KEY)


async def check_database(database_url: str) -> list[str]:
    """Return the names of the migrations that the database lacks; changes nothing. Errors as `migrate`."""
    connection = await connect(database_url, "cronsole check", Pooling.TRANSACTION)  # right behind any
    try:
        return [migration.name for migration in await pending(connection, read_migrations())]
    finally:
        connection.terminate()


async def migrate_when_possible(database_url: str, clock: Clock, pooling: Pooling = Pooling.NONE) -> None:
    """Migrate as soon as the database answers; where this role may not, wait for somebody who may.

    Raises:
        ForeignDatabase, MigrationRefused: see `pending`.
    """
    backoff = Backoff()
    while True:
        try:
            await migrate(database_url, pooling=pooling)
            return
        except DatabaseUnavailable as fault:
            event, why = "waiting_for_database", str(fault)
        except asyncpg.InsufficientPrivilegeError:
            event, why = "waiting_for_migration", "this role may not; run `python -m service migrate`"
        pause = backoff.failed()
        if backoff.is_worth_a_line:
            log.warning(event, error=why)
        await clock.sleep(pause)


async def migrate(
    database_url: str, folder: Path | None = None, pooling: Pooling = Pooling.NONE
) -> list[str]:
    """Bring the database to this version's schema, and return the names of the files applied.

    Each file is one transaction. Applying twice changes nothing; of several that start together one applies.
    The table `time_zones` is filled with the zones that this Python knows.

    Raises:
        ForeignDatabase, MigrationRefused: see `pending`; nothing was changed.
        DatabaseUnavailable: no answer in time.
    """
    migrations = read_migrations(folder)
    connection = await connect(database_url, "cronsole migrate", pooling)
    connection.add_log_listener(log_notice)
    try:
        with unavailable_as_ours():
            async with migration_lock(connection, pooling):
                todo = await pending(connection, migrations)
                for migration in todo:
                    await apply(connection, migration)
                await renew_zones(connection, may_be_refused=not todo)
        return [migration.name for migration in todo]
    finally:
        connection.terminate()


def log_notice(_: object, notice: asyncpg.PostgresLogMessage) -> None:
    """Log what a migration could not do and somebody else has to; the schema's own notices are CR001."""
    if notice.sqlstate == "CR001":
        log.warning("migration_incomplete", message=notice.message, remedy=notice.hint)


async def apply(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    """Run one file and write it into the ledger: both, or neither."""
    async with connection.transaction():
        await connection.execute(CREATE_LEDGER)
        await connection.execute(migration.sql)
        await connection.execute(RECORD, migration.version, migration.name, migration.checksum)
    log.info("migration_applied", migration=migration.name)


async def renew_zones(connection: "asyncpg.Connection[asyncpg.Record]", *, may_be_refused: bool) -> None:
    """Make `time_zones` hold the zones that this Python knows.

    A role that may not write it is no reason to keep a replica from starting when nothing else is to be done.
    """
    ours, theirs = zone_names(), {row["name"] for row in await connection.fetch(ZONES)}
    if ours == theirs:
        return
    try:
        async with connection.transaction():
            await connection.execute(ADD_ZONES, sorted(ours - theirs))
            await connection.execute(REMOVE_ZONES, sorted(theirs - ours))
    except asyncpg.InsufficientPrivilegeError:
        if not may_be_refused:
            raise
        log.warning("time_zones_not_renewed", missing=len(ours - theirs), unknown=len(theirs - ours))
