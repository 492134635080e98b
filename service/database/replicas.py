"""Rows of `replicas`: the lease and its renewal."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from service.database.pool import Connection, connect, unavailable_as_ours
from service.domain.pooling import Pooling

RENEW = "select renew_lease($1, $2, $3, $4, $5, $6, $7, $8) as database_now"
GIVE_UP = "select give_up_lease($1)"


class Vitals:
    """What a replica reports of itself with each renewal of its lease.

    `overridable` names, for each handler, the parameters that a manual trigger may override.
    """

    def __init__(
        self,
        replica_id: UUID,
        version: str,
        handlers: list[str],
        overridable: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.replica_id, self.version, self.handlers = replica_id, version, handlers
        self.overridable = overridable or {}
        self.listener_round_trip_ms: float | None = None
        self.clock_offset_ms: float | None = None
        self.is_draining = False


async def renew_lease(connection: Connection, vitals: Vitals, lease_seconds: float) -> datetime:
    """Make this replica's lease last `lease_seconds` from now; returns the database's clock, UTC."""
    row = await connection.fetchrow(
        RENEW,
        vitals.replica_id,
        lease_seconds,
        vitals.version,
        vitals.handlers,
        vitals.overridable,
        vitals.listener_round_trip_ms,
        vitals.clock_offset_ms,
        vitals.is_draining,
    )
    assert row is not None
    database_now: datetime = row["database_now"]
    return database_now


class LeaseConnection:
    """The lease of one replica on a connection of its own."""

    def __init__(self, connection: Connection, vitals: Vitals, lease_seconds: float) -> None:
        self._connection, self._vitals, self._lease_seconds = connection, vitals, lease_seconds

    async def renew(self) -> datetime:
        """Make the lease last its full time from now; returns the database's clock, UTC."""
        with unavailable_as_ours():
            return await renew_lease(self._connection, self._vitals, self._lease_seconds)

    async def give_up(self) -> None:
        """Remove this replica: it owns nothing any more."""
        with unavailable_as_ours():
            await give_up_lease(self._connection, self._vitals.replica_id)


@asynccontextmanager
async def open_lease(
    url: str, vitals: Vitals, lease_seconds: float, pooling: Pooling = Pooling.NONE
) -> AsyncIterator[LeaseConnection]:
    """Connect for the lease alone.

    Raises:
        DatabaseUnavailable: no answer in time.
    """
    connection = await connect(url, application_name(vitals.replica_id, "lease"), pooling)
    try:
        yield LeaseConnection(connection, vitals, lease_seconds)
    finally:
        connection.terminate()


def application_name(replica_id: UUID, purpose: str) -> str:
    """Return what `pg_stat_activity` shows for a connection of a replica."""
    return f"cronsole {str(replica_id)[:8]} {purpose}"


async def give_up_lease(connection: Connection, replica_id: UUID) -> None:
    """Remove this replica: it owns nothing any more."""
    await connection.execute(GIVE_UP, replica_id)
