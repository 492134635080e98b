"""The execution: one run of a job, a row of `job_executions`."""

import os
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from service.domain.job import OnLost


class ExecutionStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    CANCELLED = "CANCELLED"
    LOST = "LOST"


class TriggeredBy(StrEnum):
    """Why an execution exists."""

    SCHEDULE = "SCHEDULE"
    MANUAL = "MANUAL"
    SQL = "SQL"
    RETRY = "RETRY"
    CATCH_UP = "CATCH_UP"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_execution_id(now: datetime) -> UUID:
    """Return a new UUIDv7: the milliseconds of `now` (aware), then 74 random bits.

    The caller makes the id before it asks the database, so that a repeated claim recognises itself.

    Source: RFC 9562, section 5.7.
    """
    milliseconds = (now - EPOCH) // timedelta(milliseconds=1)
    number = milliseconds << 80 | int.from_bytes(os.urandom(10))
    number = number & ~(0xF << 76) | 0x7 << 76  # version 7
    number = number & ~(0x3 << 62) | 0x2 << 62  # variant 10
    return UUID(int=number)


class OwnedExecution(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that this replica owns and has to run now, with all that running it needs.

    `fencing_number` is the proof of ownership; spans are seconds.
    """

    execution_id: UUID
    job_id: str
    handler: str
    fencing_number: int
    attempt: int
    triggered_by: TriggeredBy
    params: dict[str, Any]
    timeout_seconds: int | None
    fire_time: datetime | None
    window_start: datetime | None
    window_end: datetime | None
    checkpoint: Any = None
    on_lost: OnLost = OnLost.FAIL


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an execution, as the runner reports it.

    `error_details` are messages; `timeframes` is what clients see as `context`.
    """

    execution_id: UUID
    fencing_number: int
    status: ExecutionStatus
    symbols_processed: int = 0
    data_points_stored: int = 0
    error_count: int = 0
    error_details: list[str] = []
    timeframes: list[str] | None = None
    result: Any = None
