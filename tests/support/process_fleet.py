"""Several replicas as processes on one database, and a look behind them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg

from tests.support.processes import ReplicaProcess, replica_process

SECOND = timedelta(seconds=1)
LEASE_SECONDS = 5.0
KILL_CONNECTIONS = """
    select count(pg_terminate_backend(pid)) from pg_stat_activity
     where application_name like 'cronsole %' and datname = current_database()
"""


class Fleet:
    """Replicas on one database, and a look behind them."""

    def __init__(self, database_url: str, sql: Any, stack: AsyncExitStack) -> None:
        self.database_url, self.sql, self._stack = database_url, sql, stack
        self.replicas: list[ReplicaProcess] = []

    async def start(self, **settings: str) -> ReplicaProcess:
        """Start one more replica, and return when it is ready."""
        replica = await self.launch(**settings)
        await replica.until_ready()
        return replica

    async def launch(self, **settings: str) -> ReplicaProcess:
        """Start one more replica."""
        url = settings.pop("database_url", self.database_url)
        replica = await self._stack.enter_async_context(replica_process(url, **settings))
        self.replicas.append(replica)
        return replica

    async def add(self, job_id: str, handler: str = "noop", cron: str | None = None, **columns: Any) -> None:
        """Insert a job; without a schedule it is MANUAL."""
        values = {
            "job_id": job_id,
            "display_name": job_id,
            "schedule_type": "MANUAL" if cron is None else "CRON",
            "schedule_cron": cron,
            "handler": handler,
            **columns,
        }
        names, places = ", ".join(values), ", ".join(f"${i}" for i in range(1, len(values) + 1))
        await self.sql.execute(f"insert into jobs ({names}) values ({places})", *values.values())

    async def disable(self, *job_ids: str) -> None:
        """Let these jobs fire no more."""
        await self.sql.execute("update jobs set enabled = false where job_id = any ($1)", list(job_ids))

    async def trigger(self, *job_ids: str) -> None:
        """Ask for an execution of each, as somebody at the psql prompt."""
        for job_id in job_ids:
            await self.sql.execute("select trigger_job($1)", job_id)

    async def executions(self, job_id: str) -> list[Any]:
        """The executions of a job, the first one first."""
        query = "select * from job_executions where job_id = $1 order by created_at, attempt"
        return list(await self.sql.fetch(query, job_id))

    async def fires(self, job_id: str) -> list[Any]:
        """The rows of the ledger about a job, in order."""
        return list(
            await self.sql.fetch("select * from job_fires where job_id = $1 order by fire_time", job_id)
        )

    async def connect_again(self) -> None:
        """Look at the database again after it was away, as soon as it is back."""
        self.sql.terminate()
        while True:
            try:
                self.sql = await connect(self.database_url)
                return
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.02)  # nothing announces it

    async def kill_connections(self) -> int:
        """End every connection of every replica; returns how many there were."""
        return int(await self.sql.fetchval(KILL_CONNECTIONS))


async def connect(database_url: str) -> Any:
    """Connect as a test that looks on."""
    return await asyncpg.connect(database_url, server_settings={"application_name": "test"})


@asynccontextmanager
async def process_fleet(database_url: str) -> AsyncIterator[Fleet]:
    """Yield a fleet without replicas on a migrated database, from which the seeded jobs are taken away."""
    async with AsyncExitStack() as stack:
        fleet = Fleet(database_url, await connect(database_url), stack)
        try:
            await fleet.sql.execute("truncate jobs, job_state")
            yield fleet
        finally:
            fleet.sql.terminate()


async def until(sql: Any, query: str, *values: Any, within: float = 30.0) -> Any:
    """Ask the database again until it answers with something true."""
    async with asyncio.timeout(within):
        while True:
            if answer := await sql.fetchval(query, *values):
                return answer
            await asyncio.sleep(0.02)  # nothing announces it


def most_at_once(executions: Sequence[Any]) -> int:
    """How many of these executions ran at the same time, at most."""
    steps = [(x["start_time"], 1) for x in executions] + [(x["end_time"], -1) for x in executions]
    most = running = 0
    for _, step in sorted(steps):
        running += step
        most = max(most, running)
    return most
