"""A database in which stories of executions happen, one after the other, on a loop of their own."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from service.database.pool import Database, open_database
from service.database.replicas import Vitals, renew_lease
from tests.support.executions import die
from tests.support.fleet import HANDLERS, FakeReplica, database_now, insert_job, move_plan

T = TypeVar("T")

JOBS = [
    ("SKIP", "SKIP", "FAIL", 1, 0),
    ("SKIP_RETRY", "SKIP", "RETRY", 3, 0),
    ("QUEUE", "QUEUE", "RETRY", 2, 600),
    ("ALLOW", "ALLOW", "RETRY", 2, 0),
    ("REPLACE", "REPLACE", "FAIL", 2, 0),
]
FORGET = """
    delete from job_execution_stats; delete from job_executions; delete from job_fires;
    update job_state set decided_through = null, active_executions = 0, waiting_execution_id = null,
           last_execution_id = null, last_start_time = null, last_status = null, failures_in_succession = 0,
           recent_outcomes = '{}'
"""


class World:
    """The database of all stories, with two replicas; the stories are told one after the other."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        self._runner, self.database = runner, database
        self.replicas: dict[UUID, FakeReplica] = {}
        self.fires_from: datetime

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def fetch(self, query: str, *values: Any) -> list[asyncpg.Record]:
        async def fetch() -> list[asyncpg.Record]:
            async with self.database.connection() as connection:
                return list(await connection.fetch(query, *values))

        return self.run(fetch())

    async def prepare(self) -> None:
        """Insert the jobs, with an hour of fires behind them."""
        async with self.database.connection() as connection:
            await connection.execute("truncate jobs, job_state")
            for job_id, overlap_policy, on_lost, max_attempts, backoff in JOBS:
                columns: dict[str, Any] = {"overlap_policy": overlap_policy, "on_lost": on_lost}
                columns |= {"max_attempts": max_attempts, "retry_backoff_seconds": backoff}
                await insert_job(connection, job_id, **columns)
            self.fires_from = await database_now(connection) - timedelta(seconds=3000)
        for _ in range(2):
            replica = await FakeReplica.join(self.database)
            self.replicas[replica.replica_id] = replica

    async def begin_again(self) -> dict[str, int]:
        """Forget what happened; the revision of each job."""
        async with self.database.connection() as connection:
            await connection.execute(FORGET)
            await connection.execute("update jobs set enabled = true")
            for job_id, *_ in JOBS:
                await move_plan(connection, job_id, -3600)
            rows = await connection.fetch("select job_id, revision from jobs")
        for replica in self.replicas.values():
            await self.live(replica)
        return {row["job_id"]: row["revision"] for row in rows}

    async def live(self, replica: FakeReplica) -> None:
        async with self.database.connection() as connection:
            await renew_lease(connection, Vitals(replica.replica_id, "test", HANDLERS), 600)

    async def die(self, replica: FakeReplica) -> None:
        async with self.database.connection() as connection:
            await die(connection, replica)

    async def enable(self, job_id: str, is_enabled: bool) -> int:
        """Enable or disable a job without moving its plan; its revision."""
        async with self.database.connection() as connection:
            await connection.execute("update jobs set enabled = $2 where job_id = $1", job_id, is_enabled)
            await move_plan(connection, job_id, -3600)
            revision: int = await connection.fetchval("select revision from jobs where job_id = $1", job_id)
        return revision


@contextmanager
def a_world(database_url: str) -> Iterator[World]:
    """Yield a world with its jobs and replicas."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            opening = open_database(database_url, application_name="cronsole test", size=2)
            world = World(runner, runner.run(stack.enter_async_context(opening)))
            runner.run(world.prepare())
            yield world
        finally:
            runner.run(stack.aclose())
