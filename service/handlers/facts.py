"""The facts of a run that the shipped handlers pass on: to SQL as settings, over HTTP as headers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from service.handlers.run import Run


def facts_of(run: Run[Any]) -> Mapping[str, str | None]:
    """Return the facts by name, as text; None: the run has no such fact. Instants are RFC 3339 in UTC."""
    return {
        "job_id": run.job_id,
        "execution_id": str(run.execution_id),
        "fire_time": as_text(run.fire_time),
        "window_start": as_text(run.window_start),
        "window_end": as_text(run.window_end),
        "attempt": str(run.attempt),
    }


def as_text(instant: datetime | None) -> str | None:
    """Write an instant, to the microsecond where it has any."""
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
