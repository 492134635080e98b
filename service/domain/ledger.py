"""The ledger as people read it: what became of each fire, and who changed a job before that."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec


class FireOutcome(StrEnum):
    """STARTED: it has an execution, perhaps queued; the others say why not. The list is closed."""

    STARTED = "STARTED"
    SKIPPED_OVERLAP = "SKIPPED_OVERLAP"
    SKIPPED_CALENDAR = "SKIPPED_CALENDAR"
    COALESCED = "COALESCED"
    MISSED = "MISSED"
    PAUSED = "PAUSED"
    NO_HANDLER = "NO_HANDLER"


class DecidedFire(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `job_fires`; `execution_status` is that of its execution, while it is kept."""

    job_id: str
    fire_time: datetime
    outcome: FireOutcome
    reason: str | None
    revision: int
    replica_id: UUID
    decided_at: datetime
    execution_id: UUID | None
    execution_status: str | None
    fires_covered: int | None
    covers_from: datetime | None


class FireFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which fires are asked for, of one job, in [since, until); empty means any."""

    job_id: str
    since: datetime | None = None
    until: datetime | None = None
    outcomes: frozenset[FireOutcome] = frozenset()


class ChangeOperation(StrEnum):
    """What was done to a row of `jobs`; PAUSE and RESUME are of all jobs at once."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    TRUNCATE = "TRUNCATE"
    PAUSE = "PAUSE"
    RESUME = "RESUME"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the audit; `before` and `after` are the whole rows, by column."""

    change_id: int
    job_id: str
    operation: ChangeOperation
    changed_at: datetime
    changed_by: str
    session_role: str
    application_name: str
    revision: int | None
    moves_plan: bool
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ChangeFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes are asked for, in [since, until); empty means any. `job_id` may be `*`: all at once."""

    job_id: str | None = None
    actor: str | None = None
    operations: frozenset[ChangeOperation] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
