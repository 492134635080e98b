"""The log of a run: one line as it is written, and as it is read."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class LogLine(msgspec.Struct, frozen=True):
    """A line as it is written; `fields` is JSON, and no two lines of an execution share `logged_at`."""

    execution_id: UUID
    job_id: str
    logged_at: datetime
    level: str
    logger: str
    message: str
    fields: str


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is read. Of the lines of one job, those with smaller ids were visible earlier."""

    log_id: int
    execution_id: UUID
    job_id: str
    job_name: str
    logged_at: datetime
    level: str
    logger: str
    message: str
    fields: dict[str, Any]
