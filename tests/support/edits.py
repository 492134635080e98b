"""A play of edits: many jobs of every second, changed at the same time in every way, under two replicas."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import asyncpg
import msgspec

from service.app import serve
from service.settings import Settings
from tests.support.events import captured_events
from tests.support.live import TOKEN
from tests.support.process_fleet import until as eventually
from tests.support.processes import free_port
from tests.support.stalling_proxy import StallingProxy

SECOND = timedelta(seconds=1)
OPEN_SECONDS = 2.3
EVERY_SECOND = "* * * * * *"
# Each fire until an instant, of the schedules that are in force. A machine that is busy decides them late.
ALL_DECIDED = """
    select not exists (
        select from jobs j join job_state s using (job_id)
         where j.enabled and j.schedule_type = 'CRON'
           and (s.planned_revision is distinct from j.revision or s.next_fire_time <= $1))
"""


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a job; `step` is how many seconds lie between two fires afterwards, None: there are none.

    `was` is the job before, `moves` tells whether it touches what decides fires.
    """

    changes: tuple[str, ...]
    was: str = f"schedule_cron = '{EVERY_SECOND}'"
    step: int | None = 1
    moves: bool = True
    fired_before: bool = True


EDITS = {
    "cron": Edit(changes=("schedule_cron = '*/2 * * * * *'",), step=2),
    "zone": Edit(changes=("time_zone = 'Asia/Kolkata'",)),
    "clock policy": Edit(changes=("clock_change_policy = 'WALL'",)),
    "disable": Edit(changes=("enabled = false",), step=None),
    "enable": Edit(changes=("enabled = true",), was="enabled = false", fired_before=False),
    "off and on": Edit(changes=("enabled = false", "enabled = true")),
    "to manual": Edit(changes=("schedule_type = 'MANUAL', schedule_cron = null",), step=None),
    "to cron": Edit(
        changes=(f"schedule_type = 'CRON', schedule_cron = '{EVERY_SECOND}'",),
        was="schedule_type = 'MANUAL', schedule_cron = null",
        fired_before=False,
    ),
    "there and back": Edit(changes=("schedule_cron = '0 0 3 1 1 *'", f"schedule_cron = '{EVERY_SECOND}'")),
    "description": Edit(changes=("description = 'other'",), moves=False),
    "params": Edit(changes=("params = '{\"a\": 1}', timeout_seconds = 60",), moves=False),
    "nothing": Edit(changes=("display_name = display_name",), moves=False),
}
# When the statement is sent, in seconds from a fire: before it, in the very moment, after it.
MOMENTS = {"before the fire": -0.3, "at the fire": 0.004, "after the fire": 0.4}
# How it ends: at once, after 2.3 seconds and two fires, or after as long, but not at all.
WAYS = ("short", "left open", "rolled back")


def combinations() -> Iterator[tuple[str, str, str]]:
    """Every edit at every moment in every way."""
    return product(EDITS, MOMENTS, WAYS)


def job_of(edit: str, moment: str, way: str) -> str:
    """The id of the job of a combination."""
    return ".".join((edit, moment, way)).replace(" ", "_")


class Scene(msgspec.Struct, frozen=True):
    """What became of one job: when the edit began and had ended, the row then, and the ledger in order."""

    began_at: datetime
    ended_at: datetime
    job: dict[str, Any]
    fires: list[dict[str, Any]]


class Play(msgspec.Struct, frozen=True):
    """What became of all jobs, from when all had been scheduled until all were stopped."""

    since: datetime
    until: datetime
    scenes: dict[str, Scene]


@asynccontextmanager
async def two_replicas(database_url: str, proxy: StallingProxy) -> AsyncIterator[None]:
    """Run two replicas in this process; the second one hears of changes through the proxy."""
    stop = asyncio.Event()
    async with captured_events() as events, asyncio.TaskGroup() as tasks:
        for listen_url in (database_url, proxy.url):
            settings = Settings(
                port=0, database_url=database_url, listen_database_url=listen_url, admin_token=TOKEN
            )
            tasks.create_task(serve(settings, TOKEN, stop, lambda host, port: None))
        try:
            await events.wait_for("listener_connected", count=2)
            await events.wait_for("scheduler_initialized", count=2)
            yield
            assert events.all("listener_lost"), "the second replica was not deaf"
            assert events.all("loop_failed") == events.all("timer_failed") == []
        finally:
            stop.set()


async def perform(database_url: str) -> Play:
    """Let all edits happen, and return what became of them; takes some ten seconds."""
    proxy = StallingProxy(database_url, free_port())
    await proxy.open()
    connections = [await asyncpg.connect(database_url) for _ in range(1 + len(MOMENTS) * len(WAYS))]
    sql = connections.pop()
    try:
        await sql.execute("truncate jobs, job_state")
        for edit, moment, way in combinations():
            await insert(sql, job_of(edit, moment, way), EDITS[edit].was)
        async with two_replicas(database_url, proxy):
            since = await next_second(sql, after=1)
            fire_time = await next_second(sql, after=2)
            await wait_until(sql, fire_time - 0.5 * SECOND)
            proxy.stall()
            acts = await asyncio.gather(
                *(
                    act(connection, fire_time, moment, way)
                    for connection, (moment, way) in zip(connections, product(MOMENTS, WAYS), strict=True)
                )
            )
            await wait_until(sql, fire_time + 6.5 * SECOND)
            jobs = {row["job_id"]: dict(row) for row in await sql.fetch("select * from jobs")}
            until: datetime = await sql.fetchval("select date_trunc('second', clock_timestamp())")
            await eventually(sql, ALL_DECIDED, until)
            await sql.execute("update jobs set enabled = false")
        fires = await sql.fetch("select * from job_fires order by fire_time")
    finally:
        for connection in (sql, *connections):
            await connection.close()
        await proxy.close()
    times = {combination: act for each in acts for combination, act in each.items()}
    return Play(
        since,
        until,
        {
            job_id: Scene(*times[job_id], jobs[job_id], [dict(f) for f in fires if f["job_id"] == job_id])
            for job_id in jobs
        },
    )


async def insert(sql: Any, job_id: str, columns: str) -> None:
    """Insert a job that shows every fire: nothing is skipped, and a missed one would be caught up."""
    await sql.execute(
        """
        insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler, overlap_policy,
                          misfire_policy)
        values ($1, $1, 'CRON', $2, 'noop', 'ALLOW', 'ALL')
        """,
        job_id,
        EVERY_SECOND,
    )
    await sql.execute(f"update jobs set {columns} where job_id = $1", job_id)


async def act(
    connection: Any, fire_time: datetime, moment: str, way: str
) -> dict[str, tuple[datetime, datetime]]:
    """Make all edits of a moment and a way, in a transaction each or in one; when each began and ended."""
    await wait_until(connection, fire_time + MOMENTS[moment] * SECOND)
    if way == "short":
        times = {}
        for edit in EDITS:
            began_at = await clock(connection)
            await change(connection, edit, job_of(edit, moment, way))
            times[job_of(edit, moment, way)] = (began_at, await clock(connection))
        return times
    transaction = connection.transaction()
    await transaction.start()
    began_at = await clock(connection)
    for edit in EDITS:
        await change(connection, edit, job_of(edit, moment, way))
    await connection.execute("select pg_sleep($1)", OPEN_SECONDS)
    await (transaction.commit() if way == "left open" else transaction.rollback())
    ended_at = await clock(connection)
    return {job_of(edit, moment, way): (began_at, ended_at) for edit in EDITS}


async def change(connection: Any, edit: str, job_id: str) -> None:
    for columns in EDITS[edit].changes:
        await connection.execute(f"update jobs set {columns} where job_id = $1", job_id)


async def clock(connection: Any) -> datetime:
    """The database's clock."""
    instant: datetime = await connection.fetchval("select clock_timestamp()")
    return instant


async def next_second(connection: Any, after: int) -> datetime:
    """A whole second to come, by the database's clock."""
    instant: datetime = await connection.fetchval("select date_trunc('second', clock_timestamp())")
    return instant + after * SECOND


async def wait_until(connection: Any, instant: datetime) -> None:
    """Return when the database's clock has come to an instant."""
    await connection.execute("select pg_sleep_until($1)", instant)
