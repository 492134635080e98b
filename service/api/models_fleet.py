"""What the calls about replicas and pauses take and answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from service.api.models_jobs import Instant, Reason
from service.database.fleet import ReplicaView
from service.database.pauses import Pause
from service.domain.handler import HandlerDescription, LiveHandler


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


class HandlerJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A handler, and how many live replicas know it.

    `paramsSchema` is the JSON Schema of its parameters, with defaults; null where the replica that answers
    does not know the handler. `overridable` names those parameters that a trigger may override.
    """

    name: str
    description: str | None
    params_schema: dict[str, Any] | None
    overridable: list[str]
    live_replicas: int


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


def handler_json(name: str, known: HandlerDescription | None, live: LiveHandler | None) -> HandlerJson:
    """Show a handler that is `known` here, or to the `live` replicas; what the code here says comes first."""
    said = known or live
    return HandlerJson(
        name=name,
        description=known.description if known else None,
        params_schema=known.params_schema if known else None,
        overridable=said.overridable if said else [],
        live_replicas=live.live_replicas if live else 0,
    )


def pause_json(pause: Pause, message: str | None = None) -> PauseJson:
    """Show the pause of all jobs."""
    return PauseJson(**msgspec.structs.asdict(pause), message=message)
