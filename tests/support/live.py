"""A whole replica inside the test's process, on a real database, and what it says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import aiohttp
import asyncpg
import msgspec

from service.app import serve
from service.settings import Settings
from tests.support.events import EventLog, captured_events

TOKEN = "a-token-for-tests-and-nothing-else"


class LiveReplica:
    """A running replica: change rows under it by SQL or HTTP, and wait for what it makes of that."""

    def __init__(
        self,
        events: EventLog,
        sql: "asyncpg.Connection[asyncpg.Record]",
        http: aiohttp.ClientSession,
    ) -> None:
        self.events, self.sql, self.http = events, sql, http

    async def add(self, job_id: str, cron: str | None = "0 0 3 * * *", **columns: Any) -> None:
        """Insert a job as an operator would."""
        values = {
            "job_id": job_id,
            "display_name": job_id.title(),
            "schedule_type": "MANUAL" if cron is None else "CRON",
            "schedule_cron": cron,
            "handler": "noop",
            **columns,
        }
        names, places = ", ".join(values), ", ".join(f"${i}" for i in range(1, len(values) + 1))
        await self.sql.execute(f"insert into jobs ({names}) values ({places})", *values.values())

    async def past_the_triggers(self, statement: str, *values: Any) -> None:
        """Change rows as a restore or a replication does: unchecked, and nobody is told."""
        async with self.sql.transaction():
            await self.sql.execute("set local session_replication_role = replica")
            await self.sql.execute(statement, *values)

    async def put(self, path: str) -> int:
        """PUT below /v1/console/jobs; returns the status."""
        async with self.http.put("/v1/console/jobs" + path) as response:
            return response.status

    async def value(self, query: str, *values: Any) -> Any:
        """Read one value."""
        return await self.sql.fetchval(query, *values)

    async def fires(self, job_id: str) -> list[tuple[datetime, str]]:
        """What the ledger says about a job, in order."""
        query = "select fire_time, outcome from job_fires where job_id = $1 order by fire_time"
        return [tuple(row) for row in await self.sql.fetch(query, job_id)]

    async def fired(self, job_id: str, count: int) -> None:
        """Wait until that many executions of the job have ended well."""
        await self.events.wait_for("execution_success", job_id=job_id, count=count)


@asynccontextmanager
async def live_replica(database_url: str, **settings: Any) -> AsyncIterator[LiveReplica]:
    """Run a replica on a migrated database from which the seeded jobs are gone."""
    values = {"port": 0, "database_url": database_url, "lease_seconds": 5, "admin_token": TOKEN, **settings}
    stop: asyncio.Event = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    sql = await asyncpg.connect(database_url)
    try:
        await sql.execute("truncate jobs, job_state")
        async with captured_events() as events, asyncio.TaskGroup() as tasks:
            await sql.add_listener("cronsole_events", lambda *hint: keep_acknowledgements(events, hint[3]))
            tasks.create_task(
                serve(
                    Settings(**values),
                    TOKEN,
                    stop,
                    lambda host, port: ready.set_result(f"http://{host}:{port}"),
                )
            )
            headers = {"Authorization": f"Bearer {TOKEN}"}
            try:
                async with asyncio.timeout(10):
                    address = await ready
                    await events.wait_for("listener_connected")
                async with aiohttp.ClientSession(address, headers=headers) as http:
                    yield LiveReplica(events, sql, http)
            finally:
                stop.set()
    finally:
        await sql.close()


def keep_acknowledgements(events: EventLog, payload: object) -> None:
    """Put what replicas say to be in force among the events, one for each job."""
    with suppress(msgspec.DecodeError, RecursionError):
        hint = msgspec.json.decode(str(payload))
        if isinstance(hint, dict) and hint.get("type") == "acknowledged":
            for job_id, revision in hint["revisions"].items():
                events.add({"event": "acknowledged", "job_id": job_id, "revision": revision})
