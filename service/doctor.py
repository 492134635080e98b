"""The doctor: looks at everything that `serve` needs, changes nothing, and says in words what is wrong."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from service.database.embedded import embedded_postgres
from service.database.examination import Examination, examination, examination_over
from service.database.pool import Database
from service.database.pooling import detect_pooling, hears_notify
from service.domain.clock import Clock, SystemClock
from service.domain.cron import tzdata_version
from service.domain.diagnosis import Finding, Measurements, about_clock, milliseconds
from service.domain.errors import CronsoleError, DatabaseUnavailable
from service.domain.examination import (
    Checkup,
    JobFacts,
    judge_fleet,
    judge_jobs,
    judge_schema,
    judge_server,
    judge_way,
    ok,
    problem,
    warning,
)
from service.domain.pooling import Pooling
from service.handlers.catalogue import load_handlers
from service.settings import Settings

# Of an examination over HTTP: each look ends sooner, but all of them, each as slow as it may be, would not.
LONGEST_SECONDS = 8.0
ADDRESS = re.compile(r'(host|address|server at) "[^"]*"')


async def examine(settings: Settings, connections: int) -> AsyncIterator[Finding]:
    """Yield what is found, in the order of looking; stops where nothing further could be seen.

    Nothing in the database is changed. Neither secrets nor addresses are told.
    """
    yield settings_can_be_used()
    try:
        known = load_handlers(settings.handlers).names
        yield handlers_installed(known)
        if settings.database_url is None:
            async with embedded_postgres(settings.data_dir) as server:
                url = server.database_url
                async for finding in examine_database(settings, url, examination(url), known, connections):
                    yield finding
        else:
            url = settings.database_url
            async for finding in examine_database(settings, url, examination(url), known, connections):
                yield finding
    except CronsoleError as fault:
        yield from_error(fault)


async def examine_from_within(
    settings: Settings, url: str, database: Database, known_handlers: list[str], connections: int
) -> AsyncIterator[Finding]:
    """Yield what `examine` would, for a running replica: its handlers are loaded, its pool is open."""
    yield settings_can_be_used()
    yield handlers_installed(known_handlers)
    try:
        seen = examination_over(database)
        async for finding in examine_database(settings, url, seen, known_handlers, connections):
            yield finding
    except CronsoleError as fault:
        yield from_error(fault)


class Doctor:
    """The doctor of a running replica: one examination at a time, which all share who ask meanwhile."""

    def __init__(self, clock: Clock, examine: Callable[[], AsyncIterator[Finding]]) -> None:
        self._clock, self._examine = clock, examine
        self._turn = asyncio.Lock()
        self._latest: Checkup | None = None

    async def checkup(self) -> Checkup:
        """Examine, or wait for the examination that is under way."""
        before = self._latest
        async with self._turn:
            if self._latest is None or self._latest is before:
                self._latest = await self._examined()
            return self._latest

    async def _examined(self) -> Checkup:
        checked_at, findings = self._clock.now(), []
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                async for finding in self._examine():
                    findings.append(finding)
        except TimeoutError:
            findings.append(
                problem(
                    "database",
                    f"The examination was given up after {LONGEST_SECONDS:.0f} s: the database is too slow.",
                    "Look at the database and the way to it.",
                )
            )
        return Checkup(checked_at, findings)


def settings_can_be_used() -> Finding:
    """Say so; otherwise nobody would have come this far."""
    return ok("settings", "The settings can be used.")


def handlers_installed(names: list[str]) -> Finding:
    """Say which handlers there are."""
    return ok("handlers", f"Handlers installed: {', '.join(names)}.")


async def examine_database(
    settings: Settings,
    url: str,
    opened: AbstractAsyncContextManager[Examination],
    known_handlers: list[str],
    connections: int,
) -> AsyncIterator[Finding]:
    """Look at the database and its fleet."""
    async with opened as seen:
        yield ok("database", "The database answers.")
        schema = await seen.schema()
        is_readable = not schema.pending and not schema.missing_rights
        replicas = await seen.replicas() if is_readable else []
        jobs = await seen.jobs() if is_readable else JobFacts()
        alive = [replica for replica in replicas if replica.is_alive]
        server, is_embedded = await seen.server(), settings.database_url is None
        for finding in judge_server(server, connections, max(1, len(alive)), is_embedded=is_embedded):
            yield finding
        for finding in judge_schema(schema):
            yield finding
        yield await examine_clock(seen)
    async for finding in examine_way(settings, url):
        yield finding
    if is_readable:
        for finding in judge_fleet(replicas, tzdata_version()):
            yield finding
        known = [name for replica in alive for name in replica.handlers] if alive else known_handlers
        for finding in judge_jobs(jobs, known, is_anybody_alive=bool(alive)):
            yield finding


async def examine_clock(seen: Examination) -> Finding:
    """Compare this machine's clock with the database's."""
    offset = await seen.clock_offset()
    if offset is None:
        return warning(
            "clock_offset",
            "The way to the database is too slow to compare the clocks.",
            "Run the service near its database.",
        )
    offset_ms = offset / timedelta(milliseconds=1)
    for finding in about_clock(Measurements(clock_offset_ms=offset_ms)):
        return finding
    return ok(
        "clock_offset", f"This machine's clock and the database's agree to {milliseconds(abs(offset_ms))}."
    )


async def examine_way(settings: Settings, url: str) -> AsyncIterator[Finding]:
    """Look for poolers, and listen for a notification as replicas do."""
    listen_url = settings.listen_database_url or url
    try:
        pooling = await detect_pooling(url)
        listen_pooling = pooling if listen_url == url else await detect_pooling(listen_url)
        round_trip_ms = None
        if listen_pooling is not Pooling.TRANSACTION:
            round_trip_ms = await hears_notify(listen_url, url, SystemClock())
    except DatabaseUnavailable as fault:
        yield problem("notifications", f"LISTEN_DATABASE_URL cannot be used: {without_addresses(fault)}.")
        return
    for finding in judge_way(pooling, listen_pooling, round_trip_ms):
        yield finding


def from_error(fault: CronsoleError) -> Finding:
    """Say what stopped the examination."""
    match fault:
        case DatabaseUnavailable():
            return problem(
                "database",
                f"The database cannot be used: {without_addresses(fault)}.",
                "Look at DATABASE_URL, and at whether the server runs and lets this machine in.",
            )
        case _:
            return problem(type(fault).__name__, f"{without_addresses(fault)}.")


def without_addresses(fault: CronsoleError) -> str:
    """Return the error's text; the server names addresses in what it says of its doors."""
    return ADDRESS.sub(r"\1 (…)", str(fault))
