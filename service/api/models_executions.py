"""What the calls about executions and fires take and answer."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from service.api.models import ExecutionJson, execution_json
from service.domain.history import ExecutionDetails
from service.domain.ledger import DecidedFire


class ProgressJson(msgspec.Struct, frozen=True, rename="camel"):
    """How far a run is, as it last said itself."""

    done: float | None
    total: float | None
    note: str | None
    updated_at: datetime | None


class AttemptJson(ExecutionJson, frozen=True, kw_only=True, rename="camel"):
    """An execution with all of its row; `latenessMs` is from the fire time to the start."""

    created_at: datetime
    not_before: datetime
    lateness_ms: float | None
    params: dict[str, Any]
    result: Any
    progress: ProgressJson | None
    replica_id: UUID | None
    fencing_number: int
    cancel_requested_at: datetime | None
    cancel_requested_by: str | None


class ExecutionDetailJson(AttemptJson, frozen=True, kw_only=True, rename="camel"):
    """One execution, and all attempts at its work in their order, itself among them."""

    attempts: list[AttemptJson]


class FireJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a fire; one row may sum `firesCovered` missed ones from `coversFrom` on."""

    job_id: str
    fire_time: datetime
    outcome: str
    reason: str | None
    revision: int
    replica_id: UUID
    decided_at: datetime
    execution_id: UUID | None
    execution_status: str | None
    fires_covered: int | None
    covers_from: datetime | None


class FiresJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the ledger, newest first; `nextCursor` is null at its end, `page` beside a cursor."""

    fires: list[FireJson]
    page: int | None
    page_size: int
    next_cursor: str | None


OF_THE_ROW = (
    "created_at",
    "not_before",
    "params",
    "result",
    "replica_id",
    "fencing_number",
    "cancel_requested_at",
    "cancel_requested_by",
)


def attempt_json(execution: ExecutionDetails) -> AttemptJson:
    """Show one execution with all of its row."""
    progress = None
    if execution.progress_at is not None:
        progress = ProgressJson(
            execution.progress_done,
            execution.progress_total,
            execution.progress_note,
            execution.progress_at,
        )
    return AttemptJson(
        **msgspec.structs.asdict(execution_json(execution)),
        **{name: getattr(execution, name) for name in OF_THE_ROW},
        lateness_ms=execution.lateness_ms,
        progress=progress,
    )


def execution_detail_json(
    execution: ExecutionDetails, attempts: list[ExecutionDetails]
) -> ExecutionDetailJson:
    """Show an execution with its attempts."""
    shown = msgspec.structs.asdict(attempt_json(execution))
    return ExecutionDetailJson(**shown, attempts=[attempt_json(attempt) for attempt in attempts])


def fire_json(fire: DecidedFire) -> FireJson:
    """Show a row of the ledger."""
    return FireJson(**msgspec.structs.asdict(fire))
