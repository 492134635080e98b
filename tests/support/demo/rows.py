"""Rows of the history as the demo makes them, and their way into the database by COPY."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

SECOND = timedelta(seconds=1)


class Execution(msgspec.Struct, kw_only=True):
    """A row of `job_executions`; `end_time` is None while it is queued or runs."""

    execution_id: UUID
    job_id: str
    job_name: str
    handler: str
    start_time: datetime
    end_time: datetime | None = None
    duration_ms: int | None = None
    status: str = "SUCCESS"
    symbols_processed: int = 0
    data_points_stored: int = 0
    error_count: int = 0
    error_details: str = "[]"
    created_at: datetime
    triggered_by: str = "SCHEDULE"
    requested_by: str | None = None
    fire_time: datetime | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    attempt: int = 1
    first_execution_id: UUID | None = None
    fencing_number: int = 1
    replica_id: UUID | None = None
    params: str = "{}"
    result: str | None = None
    not_before: datetime
    cancel_requested_at: datetime | None = None
    cancel_requested_by: str | None = None


class Fire(msgspec.Struct, kw_only=True):
    """A row of `job_fires`."""

    job_id: str
    fire_time: datetime
    outcome: str
    reason: str | None = None
    revision: int = 1
    replica_id: UUID
    decided_at: datetime
    execution_id: UUID | None = None
    fires_covered: int | None = None
    covers_from: datetime | None = None


class LogLine(msgspec.Struct, kw_only=True):
    """A row of `job_execution_logs`."""

    execution_id: UUID
    job_id: str
    logged_at: datetime
    level: str
    logger: str
    message: str
    fields: str = "{}"


def id_of(instant: datetime, chance: random.Random) -> UUID:
    """Return a UUIDv7 of that instant (RFC 9562, section 5.7)."""
    milliseconds = int(instant.timestamp() * 1000)
    number = (
        milliseconds << 80 | 0x7 << 76 | chance.getrandbits(12) << 64 | 0x2 << 62 | chance.getrandbits(62)
    )
    return UUID(int=number)


async def copy_rows(connection: Any, table: str, rows: list[Any]) -> None:
    """Insert rows of one kind, unchecked by triggers and fast."""
    if rows:
        columns = type(rows[0]).__struct_fields__
        records = [[getattr(row, column) for column in columns] for row in rows]
        await connection.copy_records_to_table(table, records=records, columns=list(columns))
