"""The replicas as people look at them: leases, what they run, how they hear."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

from service.database.pool import Database
from service.domain.diagnosis import Finding
from service.domain.examination import findings_from_json
from service.domain.handler import LiveHandler

MOST_REPLICAS = 500
# By replica, from the index of what is running: not one look at the history.
REPLICAS = """
    select r.replica_id, r.started_at, r.lease_expires_at, r.version, r.handlers, r.draining,
           r.listener_round_trip_ms, r.clock_offset_ms, r.vitals_at, r.loop_lag_ms, r.listener_mode,
           r.tzdata_version, r.findings,
           extract(epoch from r.lease_expires_at - clock_timestamp())::double precision * 1000
               as lease_left_ms,
           coalesce(x.executions, 0) as running_executions
      from replicas r
      left join (select replica_id, count(*) as executions from job_executions
                  where status = 'RUNNING' group by replica_id) x on x.replica_id = r.replica_id
     order by r.started_at, r.replica_id
     limit $1
"""
# What one of them does not let anybody override nobody may: any of them may run the execution.
LIVE_HANDLERS = """
    with live as materialized (
        select handlers, overridable from replicas where lease_expires_at > clock_timestamp()
    )
    select k.name, k.live_replicas,
           array(select o.name
                   from live r, jsonb_array_elements_text(r.overridable -> k.name) o (name)
                  where k.name = any (r.handlers)
                  group by o.name having count(*) = k.live_replicas) as overridable
      from (select h.name, count(*) as live_replicas from live, unnest(live.handlers) h (name)
             group by h.name) k
"""


class LeaseState(StrEnum):
    """HELD: it may claim and run. DRAINING: it ends what it has. EXPIRED: what it ran is others' to close."""

    HELD = "HELD"
    DRAINING = "DRAINING"
    EXPIRED = "EXPIRED"


class ReplicaView(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `replicas`; `lease_left_ms` is negative where the lease has run out."""

    replica_id: UUID
    started_at: datetime
    lease_expires_at: datetime
    lease_left_ms: float
    version: str
    handlers: list[str]
    draining: bool
    listener_round_trip_ms: float | None
    clock_offset_ms: float | None
    running_executions: int
    vitals_at: datetime | None  # when it last wrote what stands below
    loop_lag_ms: float | None
    listener_mode: Literal["NOTIFY", "POLLING"] | None
    tzdata_version: str | None
    findings: list[Finding]

    @property
    def lease_state(self) -> LeaseState:
        if self.lease_left_ms <= 0:
            return LeaseState.EXPIRED
        return LeaseState.DRAINING if self.draining else LeaseState.HELD


class FleetStore:
    """Reads the replicas."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replicas(self) -> list[ReplicaView]:
        """All replicas, the oldest first, also those whose lease ran out.

        Raises:
            DatabaseUnavailable: no answer in time.
        """
        async with self._database.connection() as connection:
            return [replica_from_row(row) for row in await connection.fetch(REPLICAS, MOST_REPLICAS)]

    async def live_handlers(self) -> list[LiveHandler]:
        """Every handler that a replica with a lease knows, in no order.

        Raises:
            DatabaseUnavailable: no answer in time.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(LIVE_HANDLERS)
        return [
            LiveHandler(
                name=row["name"],
                live_replicas=row["live_replicas"],
                overridable=sorted(row["overridable"]),
            )
            for row in rows
        ]


def replica_from_row(row: asyncpg.Record) -> ReplicaView:
    """Return the replica that a row of REPLICAS holds."""
    return msgspec.convert({**row, "findings": findings_from_json(row["findings"])}, ReplicaView)
