"""Rows of `replicas`: the lease and its renewal."""

from datetime import datetime
from uuid import UUID

from service.database.pool import Connection

RENEW = """
    insert into replicas as r (replica_id, lease_expires_at, version, handlers, listener_round_trip_ms,
                               clock_offset_ms, draining)
    values ($1, clock_timestamp() + $2 * interval '1 second', $3, $4, $5, $6, $7)
    on conflict (replica_id) do update
       set lease_expires_at = excluded.lease_expires_at,
           listener_round_trip_ms = excluded.listener_round_trip_ms,
           clock_offset_ms = excluded.clock_offset_ms,
           draining = excluded.draining
    returning clock_timestamp() as database_now
"""
GIVE_UP = "delete from replicas where replica_id = $1"
FORGET_DEAD = "delete from replicas where lease_expires_at < clock_timestamp() - interval '1 day'"
ASKED_TO_CANCEL = """
    select execution_id from job_executions
     where replica_id = $1 and status = 'RUNNING' and cancel_requested_at is not null
"""


class Vitals:
    """What a replica reports of itself with each renewal of its lease."""

    def __init__(self, replica_id: UUID, version: str, handlers: list[str]) -> None:
        self.replica_id, self.version, self.handlers = replica_id, version, handlers
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
        vitals.listener_round_trip_ms,
        vitals.clock_offset_ms,
        vitals.is_draining,
    )
    assert row is not None
    database_now: datetime = row["database_now"]
    return database_now


async def give_up_lease(connection: Connection, replica_id: UUID) -> None:
    """Remove this replica: it owns nothing any more."""
    await connection.execute(GIVE_UP, replica_id)


async def executions_to_cancel(connection: Connection, replica_id: UUID) -> list[UUID]:
    """Return the running executions of this replica that somebody asked to cancel."""
    return [row["execution_id"] for row in await connection.fetch(ASKED_TO_CANCEL, replica_id)]
