"""A real HTTP server on a free loopback port, over a real database, and a client with the admin token."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
from aiohttp import web

from service.api.auth import Access
from service.api.models import Readiness
from service.api.server import build_application, serving
from service.database.pool import API_CLIENT_SECONDS, API_STATEMENT_SECONDS, open_database
from service.database.stores import Stores
from service.doctor import Doctor, examine_from_within
from service.domain.clock import SystemClock
from service.domain.errors import InvalidInput
from service.domain.hint import ExecutionsChanged, write_hint
from service.handlers.catalogue import load_handlers
from service.handlers.descriptions import describe_handlers
from service.live import Live
from service.observability.metrics import Metrics
from service.pools import CONNECTIONS
from service.settings import Settings
from tests.support.descriptions import AnswerCheck
from tests.support.page import write_page

TOKEN = "a-token-for-tests-and-nothing-else"
COOKIE = "strategiz-access-token"
LIVE_REPLICA = """
    insert into replicas (replica_id, lease_expires_at, version, handlers)
    values ($1, clock_timestamp() + interval '1 hour', 'test',
            array(select distinct handler from jobs) || '{noop}')
"""


class Answer:
    """What the server said."""

    def __init__(self, response: aiohttp.ClientResponse, body: Any) -> None:
        self.status, self.headers, self.body = response.status, response.headers, body
        self.content_type = response.content_type

    def __repr__(self) -> str:
        return f"{self.status} {self.body}"


class Api:
    """A running server: call it, and look behind it."""

    def __init__(
        self, address: str, client: aiohttp.ClientSession, connection: "asyncpg.Connection[asyncpg.Record]"
    ) -> None:
        self.address, self.client, self.sql = address, client, connection
        self.readiness = Readiness(replica_id=uuid4(), database=True, listener=True, lease=True)
        self.live: Live

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = TOKEN,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Answer:
        """Call the server; the admin token goes along unless another one, or None, is given."""
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with self.client.request(method, path, headers=headers, **more) as response:
            return Answer(response, await response.json(content_type=None))

    async def get(self, path: str, **more: Any) -> Answer:
        """GET below /v1/console/jobs."""
        return await self.call("GET", "/v1/console/jobs" + path, **more)

    async def put(self, path: str, **more: Any) -> Answer:
        """PUT below /v1/console/jobs."""
        return await self.call("PUT", "/v1/console/jobs" + path, **more)

    async def post(self, path: str, **more: Any) -> Answer:
        """POST below /v1/console/jobs."""
        return await self.call("POST", "/v1/console/jobs" + path, **more)

    async def start_replica(self) -> UUID:
        """Let there be a live replica that has every handler."""
        replica_id = uuid4()
        await self.sql.execute(LIVE_REPLICA, replica_id)
        return replica_id


def check_params(handler: str, params: dict[str, Any]) -> dict[str, Any]:
    """Stand in for the handlers: of each only `symbols` may be overridden."""
    for name in params:
        if name != "symbols":
            raise InvalidInput("params", f"handler {handler!r} lets nobody override {name!r}", "symbols")
    return params


@asynccontextmanager
async def running_server(
    database_url: str,
    api_of: Any = None,
    on_live: Callable[[Live], None] = lambda _: None,
    extend: Callable[[web.Application], None] = lambda _: None,
    statement_seconds: float = API_STATEMENT_SECONDS,
    **settings: Any,
) -> AsyncIterator[str]:
    """Run a server on `database_url`, which may be nobody's, and yield its address.

    `settings` are those of Access; `extend` may add routes; `on_live` is told of its streams. Every answer
    has to be as described.
    """
    ready = Readiness(replica_id=uuid4(), database=True, listener=True, lease=True)
    given: dict[str, Any] = {"admin_token": TOKEN, "access_cookie": COOKIE, "is_on_loopback": True}
    access = Access(**given | settings)
    async with open_database(
        database_url,
        application_name="cronsole api test",
        size=4,
        statement_seconds=statement_seconds,
        client_seconds=API_CLIENT_SECONDS,
    ) as database:
        live = Live.over(database, SystemClock())
        on_live(live)
        here = Settings(database_url=database_url)
        doctor = Doctor(
            SystemClock(), partial(examine_from_within, here, database_url, database, ["noop"], CONNECTIONS)
        )
        with TemporaryDirectory() as folder:
            application = build_application(
                stores=Stores.over(database),
                log_streams=live.log_streams,
                events=live.events,
                acknowledgements=live.acknowledgements,
                announce=lambda change: live.hub.hear(write_hint(ExecutionsChanged(executions=[change]))),
                clock=SystemClock(),
                check_params=check_params,
                checkup=doctor.checkup,
                known_handlers=lambda: describe_handlers(load_handlers()),
                readiness=lambda: api_of().readiness if api_of else ready,
                render_metrics=Metrics().render,
                access=access,
                console=write_page(Path(folder, "dist")),
            )
        answers = AnswerCheck(access.access_cookie)
        application.middlewares.insert(0, answers.middleware)
        extend(application)
        async with asyncio.TaskGroup() as tasks:
            loops = [tasks.create_task(loop) for loop in (live.log_streams.run(), live.events.run())]
            async with serving(application, "127.0.0.1", 0) as (host, port):
                yield f"http://{host}:{port}"
            for loop in loops:
                loop.cancel()
        assert answers.faults == []


@asynccontextmanager
async def running_api(database_url: str, **settings: Any) -> AsyncIterator[Api]:
    """Run a server on a migrated database."""
    connection = await asyncpg.connect(database_url)
    holder: list[Api] = []
    lives: list[Live] = []
    try:
        async with (
            running_server(
                database_url, api_of=lambda: holder[0], on_live=lives.append, **settings
            ) as address,
            aiohttp.ClientSession(address, timeout=aiohttp.ClientTimeout(total=20)) as client,
        ):
            holder.append(Api(address, client, connection))
            [holder[0].live] = lives
            yield holder[0]
    finally:
        await connection.close()
