"""Finds out whether a pooler stands between us and the server, and whether a connection hears NOTIFY."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias
from uuid import uuid4

import asyncpg
import structlog

from service.database.pool import CONNECT_SECONDS, STATEMENT_SECONDS, describe, harden, unavailable_as_ours
from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.pooling import Pooling

log = structlog.get_logger(__name__)

ROUNDS = 3
LONGEST_PAUSE_SECONDS = 1.0
ANSWER_SECONDS = 2.0
PROTOCOL_VIOLATION = "08P01"  # PgBouncer: "unsupported startup parameter: statement_timeout"
WHICH_SESSION = "select pg_backend_pid()"
Probe: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def detect_pooling(url: str) -> Pooling:
    """Connect twice and see whether each connection keeps a session of the server to itself.

    A pooler in transaction mode shows when, beside another in a transaction, a connection finds that one's
    session or another than before. Where sessions happen not to move meanwhile it passes for SESSION or NONE;
    `hears_notify` finds it out all the same.

    Raises:
        DatabaseUnavailable: no answer in time.
    """
    async with AsyncExitStack() as stack:
        with unavailable_as_ours():
            async with asyncio.timeout(CONNECT_SECONDS + ANSWER_SECONDS):
                takes_settings = await accepts_settings(url)
                first, second = [await stack.enter_async_context(bare_connection(url)) for _ in range(2)]
                for _ in range(ROUNDS):
                    if await share_sessions(first, second):
                        return Pooling.TRANSACTION
    return Pooling.NONE if takes_settings else Pooling.SESSION


async def share_sessions(first: Probe, second: Probe) -> bool:
    """Answer whether a session serves both connections, or one of them is moved to another."""
    before = await first.fetchval(WHICH_SESSION)
    # Never committed: a session in a transaction stays with its client whatever the mode.
    async with second.transaction(readonly=True):
        if await second.fetchval(WHICH_SESSION) == before:
            return True
        return bool(await first.fetchval(WHICH_SESSION) != before)


async def accepts_settings(url: str) -> bool:
    """Answer whether a connection may name a statement timeout at its start, as our pools like to.

    Raises:
        DatabaseUnavailable: refused for another reason.
    """
    try:
        async with bare_connection(url, statement_timeout=str(int(STATEMENT_SECONDS * 1000))):
            return True
    except asyncpg.PostgresError as fault:
        if fault.sqlstate == PROTOCOL_VIOLATION:
            return False
        raise DatabaseUnavailable(describe(fault)) from fault


@asynccontextmanager
async def bare_connection(url: str, **settings: str) -> AsyncIterator[Probe]:
    """Connect for a few statements that are right behind any pooler."""
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        statement_cache_size=0,
        server_settings={"application_name": "cronsole probe", **settings},
    )
    try:
        harden(connection)
        yield connection
    finally:
        connection.terminate()


async def detect_when_possible(url: str, clock: Clock) -> Pooling:
    """Detect as soon as the database answers."""
    pause = 0.05
    while True:
        try:
            pooling = await detect_pooling(url)
        except DatabaseUnavailable as fault:
            log.warning("waiting_for_database", error=str(fault))
            await clock.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            continue
        if pooling is not Pooling.NONE:
            log.warning("pooler_detected", mode=pooling.value.lower(), remedy=REMEDIES[pooling])
        return pooling


REMEDIES = {
    Pooling.SESSION: "none needed; statements have no time limit on the server",
    Pooling.TRANSACTION: "set LISTEN_DATABASE_URL to a way past it, or changes take effect by polling",
}


async def hears_notify(listen_url: str, notify_url: str, clock: Clock) -> float | None:
    """Send a NOTIFY from one connection to another; returns its milliseconds, None if it is not heard.

    Two connections, because a pooler does bring home what a connection sends to itself.

    Raises:
        DatabaseUnavailable: no answer in time.
    """
    channel, heard = f"cronsole_probe_{uuid4().hex}", asyncio.Event()
    with unavailable_as_ours():
        async with bare_connection(listen_url) as listener, asyncio.timeout(CONNECT_SECONDS + ANSWER_SECONDS):
            await listener.add_listener(channel, lambda *_: heard.set())
            async with bare_connection(notify_url) as sender:
                return await milliseconds_to_hear(sender, channel, heard, clock)


async def milliseconds_to_hear(
    sender: Probe, channel: str, heard: asyncio.Event, clock: Clock
) -> float | None:
    """Send one NOTIFY and wait for it; returns None if it was sent and not heard in time."""
    sent_at = clock.monotonic()
    await sender.execute("select pg_notify($1, '')", channel)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await heard.wait()
    except TimeoutError:
        return None
    return (clock.monotonic() - sent_at) * 1000
