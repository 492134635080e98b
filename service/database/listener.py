"""Hears NOTIFY on a connection of its own, and proves every two seconds that it still hears."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias
from uuid import UUID

import asyncpg
import structlog

from service.database.pool import connect, unavailable_as_ours
from service.database.pooling import detect_pooling, hears_notify
from service.database.replicas import application_name
from service.domain.backoff import Backoff
from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable

log = structlog.get_logger(__name__)

JOBS_CHANNEL, EVENTS_CHANNEL = "cronsole_jobs", "cronsole_events"
PROBE_SECONDS = 2.0
HEAR_SECONDS = 2.0
POLL_SECONDS = 5.0
POLLS_BEFORE_LISTENING = 12
BEHIND_A_POOLER = "a pooler in transaction mode keeps no LISTEN; set LISTEN_DATABASE_URL to a way past it"
DEAF = "what the database sends does not arrive; let LISTEN_DATABASE_URL lead to the same database"

Hear = Callable[[str], None]
ListenerConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Listener:
    """One per replica. `on_jobs` and `on_event` get payloads, which are hints and never the truth.

    `on_connected` is called after each (re)connect, once LISTEN is in force: hints may have been lost. Where
    LISTEN has no effect it is called every five seconds instead, and `polling` says why. `notify_url` is
    where the others send their hints: by default the same.
    """

    def __init__(
        self,
        clock: Clock,
        url: str,
        replica_id: UUID,
        *,
        on_jobs: Hear,
        on_event: Hear,
        on_connected: Callable[[], None],
        notify_url: str | None = None,
    ) -> None:
        self._clock, self._url, self._replica_id = clock, url, replica_id
        self._on_jobs, self._on_event, self._on_connected = on_jobs, on_event, on_connected
        self._probe_channel = f"cronsole_probe_{replica_id.hex}"
        self._notify_url = notify_url or url
        self._has_heard_others = False
        self.round_trip_ms: float | None = None
        self.polling: str | None = None

    @property
    def is_hearing(self) -> bool:
        """Whether the last probe came back, and none is overdue."""
        return self.round_trip_ms is not None

    async def run(self) -> None:
        """Listen, for ever; deaf or cut means a new connection, after a growing, jittered pause."""
        backoff = Backoff()
        while True:
            try:
                if (reason := await self._reason_to_poll()) is not None:
                    await self._poll(reason)
                    continue
                async with self._connected() as (connection, heard):
                    self.polling = None
                    log.info("listener_connected")
                    self._on_connected()
                    backoff.succeeded()
                    await self._prove(connection, heard)
            except DatabaseUnavailable as fault:
                pause = backoff.failed()
                if backoff.is_worth_a_line:
                    log.warning("listener_lost", error=str(fault))
            finally:
                self.round_trip_ms = None
            await self._clock.sleep(pause)

    async def _reason_to_poll(self) -> str | None:
        """Say why LISTEN would have no effect, None if it has: examined until others were heard once.

        Our own probe proves too little: a pooler brings home what a connection sends to itself.
        """
        if self._has_heard_others:
            return None
        if not (await detect_pooling(self._url)).keeps_sessions:
            return BEHIND_A_POOLER
        if await hears_notify(self._url, self._notify_url, self._clock) is None:
            return DEAF
        self._has_heard_others = True
        return None

    async def _poll(self, reason: str) -> None:
        """Have everything looked at every five seconds, for a minute; then LISTEN may be tried again."""
        if self.polling != reason:
            log.warning("listener_polls", reason=reason, every_seconds=POLL_SECONDS)
        self.polling = reason
        for _ in range(POLLS_BEFORE_LISTENING):
            self._on_connected()
            await self._clock.sleep(POLL_SECONDS)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[ListenerConnection, asyncio.Event]]:
        connection = await connect(self._url, application_name(self._replica_id, "listener"))
        heard = asyncio.Event()
        try:
            with unavailable_as_ours():
                async with asyncio.timeout(HEAR_SECONDS):
                    await connection.add_listener(JOBS_CHANNEL, lambda *hint: self._on_jobs(str(hint[3])))
                    await connection.add_listener(EVENTS_CHANNEL, lambda *it: self._on_event(str(it[3])))
                    await connection.add_listener(self._probe_channel, lambda *_: heard.set())
            connection.add_termination_listener(lambda *_: heard.set())
            yield connection, heard
        finally:
            # Not close(): a suspect peer would have to agree to it.
            connection.terminate()

    async def _prove(self, connection: ListenerConnection, heard: asyncio.Event) -> None:
        """Send a probe to ourselves every two seconds, and raise when one does not come back."""
        while True:
            heard.clear()
            sent_at = self._clock.monotonic()
            with unavailable_as_ours():
                async with asyncio.timeout(HEAR_SECONDS):
                    await connection.execute("select pg_notify($1, '')", self._probe_channel)
                    await heard.wait()
            if connection.is_closed():
                raise DatabaseUnavailable("the listener's connection was closed")
            self.round_trip_ms = (self._clock.monotonic() - sent_at) * 1000
            heard.clear()
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await heard.wait()  # only the end of the connection comes unasked
            except TimeoutError:
                continue
