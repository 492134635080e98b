"""Editing a job: which columns may be set, what a merge patch means, and when a schedule is acceptable."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from service.domain.cron import parse_schedule, require_fires
from service.domain.job import Job, ScheduleType

# Every column that somebody may set; the others are stamped by the schema, and `job_id` never changes.
EDITABLE = (
    "display_name",
    "description",
    "job_group",
    "schedule_type",
    "schedule_cron",
    "time_zone",
    "enabled",
    "handler",
    "params",
    "overlap_policy",
    "misfire_policy",
    "misfire_grace_seconds",
    "clock_change_policy",
    "timeout_seconds",
    "max_attempts",
    "retry_backoff_seconds",
    "on_lost",
    "overdue_after_seconds",
    "paused_until",
    "pause_reason",
)
DECIDES_FIRES = ("schedule_type", "schedule_cron", "time_zone", "clock_change_policy")
# The schema's own defaults; a test compares the two.
DEFAULTS = {
    field.name: field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    for field in msgspec.structs.fields(Job)
    if field.name in EDITABLE and not field.required
}


def merge_patch(target: Any, patch: Any) -> Any:
    """Return `target` with a JSON merge patch laid over it; null removes a member.

    Source: RFC 7396, section 2.
    """
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def new_job_columns(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all columns of a new job; without a type, a job with a schedule is CRON, one without MANUAL."""
    type_of = ScheduleType.MANUAL if given.get("schedule_cron") is None else ScheduleType.CRON
    return {**DEFAULTS, "schedule_type": type_of, **given}


def require_schedule_that_fires(job: Job, now: datetime, before: Job | None = None) -> None:
    """Refuse a schedule that cannot be read or never fires; one that `before` had already is left alone.

    An old row stays editable when the zone data or the grammar moved on.

    Raises:
        InvalidSchedule, InvalidInput: naming the column.
    """
    is_new = before is None or any(getattr(job, name) != getattr(before, name) for name in DECIDES_FIRES)
    if is_new and job.schedule_cron is not None:
        require_fires(parse_schedule(job.schedule_cron, job.time_zone, job.clock_change_policy), now)
