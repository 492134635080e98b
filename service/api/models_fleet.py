"""What the calls about replicas and pauses take and answer."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.api.models_jobs import Instant, Reason
from service.database.fleet import ReplicaView
from service.database.pauses import Pause


class ReplicaJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One replica; `leaseState` is HELD, DRAINING or EXPIRED, `leaseLeftMs` is negative once it ran out."""

    replica_id: UUID
    lease_state: str
    lease_expires_at: datetime
    lease_left_ms: float
    started_at: datetime
    version: str
    handlers: list[str]
    draining: bool
    running_executions: int
    listener_round_trip_ms: float | None
    clock_offset_ms: float | None


class PauseRequest(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Why, and until when; without `until`, until somebody resumes."""

    reason: Reason | None = None
    until: Instant | None = None


class PauseJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The pause of all jobs; `message` says what a call did, and is null where nothing was done."""

    is_paused: bool
    paused_until: datetime | None
    pause_reason: str | None
    paused_by: str | None
    message: str | None


def replica_json(replica: ReplicaView) -> ReplicaJson:
    """Show a replica."""
    names = ReplicaJson.__struct_fields__
    return ReplicaJson(**{name: getattr(replica, name) for name in names})


def pause_json(pause: Pause, message: str | None = None) -> PauseJson:
    """Show the pause of all jobs."""
    return PauseJson(**msgspec.structs.asdict(pause), message=message)
