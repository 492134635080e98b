"""The pools of one replica, by purpose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec

from service.database.pool import (
    API_CLIENT_SECONDS,
    API_STATEMENT_SECONDS,
    Database,
    open_database,
)
from service.database.pooling import detect_when_possible
from service.database.replicas import application_name
from service.domain.clock import SystemClock
from service.domain.pooling import Pooling

# Small separate pools: fifty busy runs starve neither claims nor the API.
CLAIM_CONNECTIONS, REPORT_CONNECTIONS, API_CONNECTIONS, RUN_CONNECTIONS = 2, 3, 5, 10
LOG_CONNECTIONS, UPKEEP_CONNECTIONS = 1, 1
UPKEEP_SECONDS = 60.0
# All that one replica may open: beside the pools the lease's and the listener's own.
CONNECTIONS = (
    CLAIM_CONNECTIONS
    + REPORT_CONNECTIONS
    + API_CONNECTIONS
    + RUN_CONNECTIONS
    + LOG_CONNECTIONS
    + UPKEEP_CONNECTIONS
    + 2
)


class Pools(msgspec.Struct):
    """The pools of one replica, by purpose; `pooling` is what stands between them and the database."""

    claims: Database
    reports: Database
    api: Database
    runs: Database
    logs: Database
    upkeep: Database
    pooling: Pooling = Pooling.NONE

    async def find_pooler(self, url: str, clock: SystemClock) -> None:
        """Wait for the database, and speak from then on as the pooler in between, if any, wants it."""
        self.pooling = await detect_when_possible(url, clock)
        for database in (self.claims, self.reports, self.api, self.runs, self.logs, self.upkeep):
            await database.adapt_to(self.pooling)


@asynccontextmanager
async def open_pools(url: str, replica_id: UUID) -> AsyncIterator[Pools]:
    """Open the pools of a replica; nothing is connected before it is used."""

    def name(purpose: str) -> str:
        return application_name(replica_id, purpose)

    async with (
        open_database(url, application_name=name("claims"), size=CLAIM_CONNECTIONS) as claims,
        open_database(url, application_name=name("reports"), size=REPORT_CONNECTIONS) as reports,
        open_database(
            url,
            application_name=name("api"),
            size=API_CONNECTIONS,
            statement_seconds=API_STATEMENT_SECONDS,
            client_seconds=API_CLIENT_SECONDS,
        ) as api,
        open_database(url, application_name=name("logs"), size=LOG_CONNECTIONS) as logs,
        open_database(
            url,
            application_name=name("upkeep"),
            size=UPKEEP_CONNECTIONS,
            statement_seconds=UPKEEP_SECONDS,
            client_seconds=UPKEEP_SECONDS + 2,
        ) as upkeep,
        open_database(
            url,
            application_name=name("runs"),
            size=RUN_CONNECTIONS,
            statement_seconds=None,
            client_seconds=None,
            is_for_handlers=True,
        ) as runs,
    ):
        yield Pools(claims, reports, api, runs, logs, upkeep)
