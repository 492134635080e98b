"""Executions for tests, without a database."""

from typing import Any
from uuid import uuid4

from service.domain.execution import OwnedExecution, TriggeredBy
from tests.support.jobs import MONDAY_9AM


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
