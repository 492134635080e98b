"""Jobs and executions for tests, without a database."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from service.domain.execution import OwnedExecution, TriggeredBy
from service.domain.job import Job, ScheduleType

MONDAY_9AM = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def a_job(job_id: str = "A", **columns: Any) -> Job:
    """A job that fires every five minutes since Monday, 9:00 UTC; any column can be given."""
    instant = columns.get("planned_from", MONDAY_9AM)
    values: dict[str, Any] = {
        "job_id": job_id,
        "display_name": job_id.title(),
        "schedule_type": ScheduleType.CRON,
        "schedule_cron": "0 */5 * * * *",
        "handler": "noop",
        "revision": 1,
        "planned_from": instant,
        "created_at": instant,
        "updated_at": instant,
        "updated_by": "test",
        **columns,
    }
    return msgspec.convert(values, Job)


def an_execution(**columns: Any) -> OwnedExecution:
    """An execution that this replica owns and has to run; any column can be given."""
    values: dict[str, Any] = {
        "execution_id": uuid4(),
        "job_id": "A",
        "handler": "noop",
        "fencing_number": 1,
        "attempt": 1,
        "triggered_by": TriggeredBy.SCHEDULE,
        "params": {},
        "timeout_seconds": None,
        "fire_time": MONDAY_9AM,
        "window_start": None,
        "window_end": None,
        **columns,
    }
    return OwnedExecution(**values)
