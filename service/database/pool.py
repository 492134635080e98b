"""The one bounded way to the database: every wait ends, and every fault becomes one of our errors."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeAlias

import asyncpg
import msgspec

from service.domain.errors import CronsoleError, DatabaseUnavailable, InvalidInput, JobNotFound, StateForbids
from service.domain.pooling import Pooling

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

ACQUIRE_SECONDS = 2.0
# Below the client's limit, so that a statement whose caller gave up has ended on the server too.
STATEMENT_SECONDS = 5.0
CLIENT_SECONDS = 7.0
# Of a request: whoever waits longer has gone, and what takes longer is asked for in the wrong way.
API_STATEMENT_SECONDS = 2.5
API_CLIENT_SECONDS = 3.0
RELEASE_SECONDS = 2.0
CONNECT_SECONDS = 2.0
# An idle peer that vanished is noticed within about 15 s, unanswered data within 10 s (Linux tcp(7)).
KEEPALIVE_IDLE_SECONDS, KEEPALIVE_INTERVAL_SECONDS, KEEPALIVE_PROBES = 5, 3, 3
TCP_USER_TIMEOUT_MS = 10_000
CACHED_STATEMENTS = 100  # asyncpg's default

# The escape of U+0000 in JSON. Backslashes before it that come in pairs are themselves escaped backslashes.
ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")

UNAVAILABLE = (
    TimeoutError,
    OSError,
    asyncpg.InterfaceError,
    # "cannot switch to state 12": a connection that the server ended between two statements.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
)


def translated(error: asyncpg.PostgresError) -> CronsoleError | None:
    """Return our error for one that the schema raised on purpose, else None.

    The schema's codes: CR400 bad input with the field in COLUMN, CR404, CR409 (schema/001_jobs.sql).
    """
    message = str(error.message if hasattr(error, "message") else error)
    match error.sqlstate:
        case "CR400":
            field = error.column_name or "input"
            return InvalidInput(field, message.removeprefix(f"{field}: "), error.hint)
        case "CR404":
            return JobNotFound(error.detail or "")
        case "CR409":
            return StateForbids(error.detail or "", message)
        case "23502":
            return InvalidInput(error.column_name or "input", "a value is required")
        case "42P01" | "42703" | "42883":
            # A table, column or function that is not there: HTTP serves before the migrations have run.
            return DatabaseUnavailable("the database lacks a part of this version's schema")
        case _:
            return None


def harden(connection: Connection) -> None:
    """Make the kernel notice a peer that vanished; asyncpg itself does not."""
    transport: Any = getattr(connection, "_transport", None)
    wire = transport.get_extra_info("socket") if transport is not None else None
    if wire is None or wire.family not in (socket.AF_INET, socket.AF_INET6):
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE_SECONDS),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_SECONDS),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
        ("TCP_USER_TIMEOUT", TCP_USER_TIMEOUT_MS),
    ):
        if hasattr(socket, name):
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def json_text(value: Any) -> str | None:
    """Write a value as JSON that `jsonb` accepts; None stays SQL's null.

    Source: PostgreSQL's manual, 8.14: jsonb refuses the escape of U+0000, which text cannot hold.
    """
    if value is None:
        return None
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        # Half a surrogate pair, which Python makes of a file name that is not UTF-8, becomes a question mark.
        text = json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-8", "replace").decode()
    return ESCAPED_NUL.sub(r"\1\\ufffd", text) if "\\u0000" in text else text


def plain_text(value: str | None) -> str | None:
    """Write a text that `text` accepts: half a surrogate pair becomes a question mark, U+0000 U+FFFD."""
    if value is None:
        return None
    return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


async def prepare(connection: Connection) -> None:
    """Make a new connection speak our types: jsonb as plain Python values."""
    harden(connection)
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            encoder=json_text,
            decoder=msgspec.json.decode,
            schema="pg_catalog",
        )


def cached_statements(pooling: Pooling) -> int:
    """Return how many prepared statements a connection may keep.

    None behind a pooler in transaction mode, where another client's statement may have the name. asyncpg then
    sends each call under no name and in one unit up to its Sync, which no pooler cuts.

    Source: https://magicstack.github.io/asyncpg/current/faq.html (prepared statements and pgbouncer).
    """
    return CACHED_STATEMENTS if pooling.keeps_sessions else 0


async def connect(
    url: str, application_name: str, pooling: Pooling = Pooling.NONE
) -> "asyncpg.Connection[asyncpg.Record]":
    """Open a connection outside any pool.

    Raises:
        DatabaseUnavailable: no answer in time.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await asyncpg.connect(
                url,
                server_settings={"application_name": application_name},
                statement_cache_size=cached_statements(pooling),
            )
            await prepare(connection)
            return connection
    except (*UNAVAILABLE, asyncpg.PostgresError) as fault:
        # A refusal at the door, such as a wrong password, may pass as any other fault of a connection.
        raise DatabaseUnavailable(describe(fault)) from fault


def describe(fault: BaseException) -> str:
    """Say what a fault was without any address or secret in it."""
    if isinstance(fault, asyncpg.QueryCanceledError):
        return "the database did not finish in time; ask again, or for less"
    if isinstance(fault, asyncpg.PostgresError):
        return f"the database says: {fault}"
    return f"the database does not answer ({type(fault).__name__})"


@contextmanager
def unavailable_as_ours() -> Iterator[None]:
    """Turn the faults of a connection outside any pool into `DatabaseUnavailable`."""
    try:
        yield
    except UNAVAILABLE as fault:
        raise DatabaseUnavailable(describe(fault)) from fault


def cut(connection: Connection) -> None:
    """End a suspect connection without a word to its peer; the pool may have noticed its end before."""
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


class Door:
    """How the connections of a pool are opened, from now on."""

    def __init__(self, pooling: Pooling = Pooling.NONE) -> None:
        self.pooling = pooling

    async def connect(self, url: str, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":
        """Open a connection for a pool, with what a pooler in between takes and keeps."""
        if not self.pooling.takes_settings:
            # The name alone is known to every pooler; statements are then bounded on our side only.
            name = options["server_settings"]["application_name"]
            options["server_settings"] = {"application_name": name}
        options["statement_cache_size"] = cached_statements(self.pooling)
        return await asyncpg.connect(url, **options)


class Database:
    """A small pool of connections for one purpose."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        client_seconds: float | None,
        is_for_handlers: bool,
        door: Door,
    ) -> None:
        self._pool, self._client_seconds, self._is_for_handlers = pool, client_seconds, is_for_handlers
        self._door = door

    async def adapt_to(self, pooling: Pooling) -> None:
        """Open all connections, in place of the present ones too, as the pooler that was found wants them."""
        if pooling is not self._door.pooling:
            self._door.pooling = pooling
            await self._pool.expire_connections()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection, for a bounded time.

        Raises:
            DatabaseUnavailable: no answer in time; what was asked may or may not have happened.
            InvalidInput: the schema refused a value.
        """
        # A run waits as long as its job may take: that others are at work is no fault of the database.
        patience = None if self._is_for_handlers else ACQUIRE_SECONDS
        try:
            connection = await self._pool.acquire(timeout=patience)
        except (*UNAVAILABLE, asyncpg.PostgresError) as fault:
            raise DatabaseUnavailable(describe(fault)) from fault
        try:
            async with asyncio.timeout(self._client_seconds):
                yield connection
        except UNAVAILABLE as fault:
            if self._is_for_handlers:
                raise  # it may well be the handler's own
            if not isinstance(fault, asyncpg.QueryCanceledError):
                cut(connection)
            raise DatabaseUnavailable(describe(fault)) from fault
        except asyncio.CancelledError:
            # A statement may be under way; waiting for a frozen peer to confirm its end would have no bound.
            cut(connection)
            raise
        except asyncpg.PostgresError as fault:
            if (ours := translated(fault)) is not None:
                raise ours from fault
            raise
        finally:
            await self._release(connection)

    async def _release(self, connection: Connection) -> None:
        try:
            await self._pool.release(connection, timeout=RELEASE_SECONDS)  # type: ignore[arg-type]
        except UNAVAILABLE:
            cut(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction of its own; errors as `connection`."""
        async with self.connection() as connection, connection.transaction():
            yield connection


async def no_reset(_: Connection) -> None:
    """Leave a returned connection as it is: our own statements change nothing of the session."""


@asynccontextmanager
async def open_database(
    url: str,
    *,
    application_name: str,
    size: int,
    statement_seconds: float | None = STATEMENT_SECONDS,
    client_seconds: float | None = CLIENT_SECONDS,
    is_for_handlers: bool = False,
) -> AsyncIterator[Database]:
    """Open a pool of at most `size` connections; nothing is connected before the first use.

    A pool for handlers resets each returned connection, since they may leave anything behind in it, and
    lets their own errors through as they are.
    """
    settings = {
        "application_name": application_name,
        "timezone": "UTC",
        # A plan kept from when `jobs` had four rows scans all of them for each of 10,000 that came since.
        "plan_cache_mode": "force_custom_plan",
    }
    if statement_seconds is not None:
        settings["statement_timeout"] = str(int(statement_seconds * 1000))
    door = Door()
    open_connection: Any = door.connect  # its keyword arguments are asyncpg's own, all of them
    pool = asyncpg.create_pool(
        url,
        connect=open_connection,
        min_size=0,
        max_size=size,
        max_inactive_connection_lifetime=300,
        init=prepare,
        reset=None if is_for_handlers else no_reset,
        timeout=CONNECT_SECONDS,
        server_settings=settings,
    )
    await pool
    try:
        yield Database(pool, client_seconds, is_for_handlers, door)
    finally:
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await pool.close()
        except (TimeoutError, *UNAVAILABLE):
            pool.terminate()
