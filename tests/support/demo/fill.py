"""Fills an empty migrated database with the demo: 26 jobs, a week of history, and what is wrong just now."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from service import __version__
from service.domain.cron import tzdata_version, zone_clock
from tests.support.console import HANDLERS as TEST_HANDLERS
from tests.support.demo import changes, stories
from tests.support.demo.handlers import NAMES
from tests.support.demo.history import OVERDUE, OVERDUE_FOR, History, Past
from tests.support.demo.hostile import insert_hostile
from tests.support.demo.jobs import JOBS
from tests.support.demo.rows import SECOND, copy_rows
from tests.support.sums import sum_up_history

REPLICAS = [
    UUID("3f9a1c52-7d0e-4b8a-9c41-5e2f8d6a7b10"),
    UUID("b07e44d1-2c95-4f6e-8a13-9d4c1e7f5a62"),
    UUID("6d12e8f0-91ab-4c37-b5d2-0f8e3a6c4b29"),
]
HANDLERS = [*NAMES, "risk.valuation", "noop", "sql", "http"]
FINDINGS = [
    {
        "code": "clock_offset",
        "severity": "warning",
        "sentence": "This machine's clock is 740 ms behind the database's; fires are corrected for it, "
        "log times and the expiry of tokens are not.",
        "remedy": "Let both machines synchronise their clocks (NTP).",
    },
    {
        "code": "loop_blocked",
        "severity": "warning",
        "sentence": "Something blocked the event loop for 412 ms in the last minute, and whatever was due "
        "then was late.",
        "remedy": "Write the handler as a plain `def`, which runs in a thread, or let it await.",
    },
]
INSERT_REPLICA = """
    insert into replicas (replica_id, started_at, lease_expires_at, version, handlers, overridable,
                          listener_round_trip_ms, clock_offset_ms, vitals_at, loop_lag_ms, listener_mode,
                          tzdata_version, findings)
    values ($1, $2, $3, $4, $5, '{"risk.valuation": ["desk", "scenarios", "is_dry_run"]}', $6, $7, $8, $9,
            'NOTIFY', $10, $11)
"""
DECIDE = """
    update job_state
       set decided_through = clock_timestamp() - case when job_id = $1 then $2::interval else '0' end
"""
RENEW = """
    update replicas set lease_expires_at = clock_timestamp() + $2::interval, vitals_at = clock_timestamp()
     where replica_id = any ($1)
"""
LEASE = timedelta(seconds=15)
# Zones whose clock changes at other times than Europe's, for a job that wants to show a change.
ZONES = ("America/Santiago", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Africa/Casablanca")


async def fill_demo(connection: Any, *, with_hostile: bool = False) -> None:
    """Fill the database; the connection is a superuser's.

    Of its replicas two seem to live. `with_hostile` adds jobs whose names and texts try to break the page.
    """
    now: datetime = await connection.fetchval("select date_trunc('second', clock_timestamp())")
    past = Past(now, REPLICAS)
    history = History(past)
    for job in JOBS:
        history.add(job)
    stories.tell_stories(history)
    await changes.insert_jobs(connection, past, zone_with_change(now))
    async with connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await copy_rows(connection, "job_executions", history.executions)
        await copy_rows(connection, "job_fires", history.fires)
        await copy_rows(
            connection, "job_execution_logs", sorted(history.logs, key=lambda line: line.logged_at)
        )
        await connection.execute(
            "insert into job_execution_progress (execution_id, done, total, note) values ($1, $2, $3, $4)",
            *history.progress or (),
        )
        await connection.execute("delete from lease_gaps")
        await connection.execute(
            "insert into lease_gaps (from_time, to_time) values ($1, $2)", past.outage_start, past.outage_end
        )
        await insert_replicas(connection, past)
        if with_hostile:
            await insert_hostile(connection)
        await sum_up_history(connection)
    await connection.execute("vacuum analyze")


async def insert_replicas(connection: Any, past: Past) -> None:
    """One that is well, one with findings, and one that died."""
    hour = timedelta(hours=1)
    for replica_id, started_at, lease_end, offset, lag, findings in (
        (REPLICAS[0], past.outage_end, past.now + hour, 1.8, 3.1, []),
        (REPLICAS[1], past.now - 9 * hour, past.now + hour, 740.2, 412.0, FINDINGS),
        (REPLICAS[2], past.outage_end + 0.4 * hour, past.crash, -2.4, 5.0, []),
    ):
        await connection.execute(
            INSERT_REPLICA, replica_id, started_at, lease_end, __version__, HANDLERS, 1.4, offset,
            min(past.now, lease_end), lag, tzdata_version(), json.dumps(findings),
        )  # fmt: skip


async def fill_at(database_url: str, **options: bool) -> None:
    """Fill the database at that address."""
    connection = await asyncpg.connect(database_url)
    try:
        await fill_demo(connection, **options)
    finally:
        await connection.close()


@asynccontextmanager
async def ready_demo(database_url: str) -> AsyncIterator[dict[str, Any]]:
    """Get a filled database ready for a service, and yield the settings that the service needs.

    It may have been filled minutes ago: what was due since counts as decided, but for one job. Somebody holds
    its row in an open psql transaction meanwhile, so that no replica can decide its fires: it is overdue.
    The two replicas that seem to live keep their leases.
    """
    connection = await asyncpg.connect(database_url, server_settings={"application_name": "psql"})
    try:
        await connection.execute(DECIDE, OVERDUE, OVERDUE_FOR)
        await connection.execute(RENEW, REPLICAS[:2], LEASE)
        heartbeat = asyncio.create_task(keep_leases(database_url), name="leases of the demo")
        try:
            async with connection.transaction():
                await connection.execute("select from jobs where job_id = $1 for update", OVERDUE)
                yield {"handlers": (*TEST_HANDLERS, "tests.support.demo.handlers")}
        finally:
            heartbeat.cancel()
            await asyncio.wait({heartbeat})
    finally:
        await connection.close()


async def keep_leases(database_url: str) -> None:
    """Renew the leases of the replicas that seem to live, until cancelled."""
    connection = await asyncpg.connect(database_url)
    try:
        while True:
            await connection.execute(RENEW, REPLICAS[:2], LEASE)
            await asyncio.sleep(LEASE / SECOND / 3)
    finally:
        await connection.close()


def zone_with_change(now: datetime) -> str:
    """Return a zone whose clock changes within three days, else the first one."""
    days = timedelta(days=3)
    return next((zone for zone in ZONES if zone_clock(zone).changes_after(now - days, 2 * days)), ZONES[0])
