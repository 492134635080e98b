"""What the calls about replicas and pauses take and answer."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from service.api.models_jobs import Instant, Reason
from service.database.fleet import ReplicaView
from service.database.pauses import Pause
from service.domain.diagnosis import Finding, Severity
from service.domain.examination import Checkup
from service.domain.handler import HandlerDescription, LiveHandler


class FindingJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that was looked at, and what is to be done about it; null: nothing, or nothing that is known.

    `check` is stable and says what was looked at; one check may find several things.
    """

    check: str
    severity: Severity
    message: str
    advice: str | None


class CheckupJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All that an examination found, what is in order too, as of `checkedAt`."""

    checked_at: datetime
    findings: list[FindingJson]


class ReplicaJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One replica; `leaseState` is HELD, DRAINING or EXPIRED, `leaseLeftMs` is negative once it ran out.

    What it measured of itself, it wrote at `vitalsAt`: `loopLagMs`, the longest delay of its event loop in
    the minute before; `listenerMode`, null while it neither hears changes nor polls for them; `findings` of
    what is not in order.
    """

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
    vitals_at: datetime | None
    loop_lag_ms: float | None
    listener_mode: Literal["NOTIFY", "POLLING"] | None
    tzdata_version: str | None
    findings: list[FindingJson]


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
    shown = {name: getattr(replica, name) for name in ReplicaJson.__struct_fields__}
    return ReplicaJson(**shown | {"findings": [finding_json(each) for each in replica.findings]})


def finding_json(finding: Finding) -> FindingJson:
    """Show a finding in its own words."""
    return FindingJson(
        check=finding.code,
        severity=finding.severity,
        message=finding.sentence,
        advice=finding.remedy or None,
    )


def checkup_json(checkup: Checkup) -> CheckupJson:
    """Show what an examination found."""
    return CheckupJson(
        checked_at=checkup.checked_at, findings=[finding_json(each) for each in checkup.findings]
    )


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
