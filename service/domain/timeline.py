"""The timeline: what ran, runs and will fire between two instants, job by job, in bounded amounts."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from service.domain.cron import parse_schedule, zone_clock
from service.domain.errors import InvalidInput
from service.domain.execution import ExecutionStatus, TriggeredBy
from service.domain.job import ClockChangePolicy
from service.domain.ledger import FireOutcome

LONGEST_SPAN = timedelta(days=7)


class LaneExecution(msgspec.Struct, frozen=True, kw_only=True):
    """One execution on a lane."""

    execution_id: UUID
    job_id: str
    status: ExecutionStatus
    start_time: datetime
    end_time: datetime | None
    triggered_by: TriggeredBy
    fire_time: datetime | None
    attempt: int


class LaneBucket(msgspec.Struct, frozen=True, kw_only=True):
    """Ended executions that started in [start_time, end_time), where single ones are too many to show."""

    job_id: str
    start_time: datetime
    end_time: datetime
    success_count: int
    failure_count: int
    cancelled_count: int


class LaneFire(msgspec.Struct, frozen=True, kw_only=True):
    """A fire that started nothing; one row may sum `fires_covered` missed ones from `covers_from` on."""

    job_id: str
    fire_time: datetime
    outcome: FireOutcome
    fires_covered: int | None
    covers_from: datetime | None


class LaneJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that has a lane; a deleted one, with its history, has no schedule.

    `paused_until` is when its pause ends, or that of all jobs; None also where it lasts until resumed.
    """

    job_id: str
    display_name: str
    job_group: str | None
    is_deleted: bool
    is_enabled: bool
    schedule_cron: str | None
    time_zone: str
    clock_change_policy: ClockChangePolicy
    planned_from: datetime | None
    is_paused: bool
    paused_until: datetime | None


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which no replica held a lease; without an end it goes on."""

    from_time: datetime
    to_time: datetime | None


class ClockChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The clock of a zone changes: its offsets from UTC before and after, in seconds."""

    time_zone: str
    at: datetime
    offset_before_seconds: int
    offset_after_seconds: int


class ComingFires(msgspec.Struct, frozen=True, kw_only=True):
    """The next fires, and whether there are more of them before the timeline ends."""

    fire_times: list[datetime]
    has_more: bool


class LaneChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs get a lane: those of a group, these ones, those that are gone; None and False: all."""

    job_group: str | None = None
    job_ids: frozenset[str] | None = None
    is_deleted: bool = False


class TimelineRows(msgspec.Struct, frozen=True, kw_only=True):
    """What the database knows of a timeline; `job_count` is of all jobs, with a lane or not."""

    jobs: list[LaneJob]
    job_count: int
    executions: list[LaneExecution]
    buckets: list[LaneBucket]
    fires: list[LaneFire]
    running: list[LaneExecution]
    outages: list[Outage]


def coming_fires(job: LaneJob, after: datetime, until: datetime, limit: int) -> ComingFires:
    """Return when a job fires with `after` < fire < `until`, the first `limit` times.

    A job that is paused fires again when its pause ends; one that is disabled, deleted, or whose schedule
    cannot be read, never.
    """
    is_kept = not job.is_enabled or (job.is_paused and job.paused_until is None)
    if job.is_deleted or is_kept or job.schedule_cron is None:
        return ComingFires(fire_times=[], has_more=False)
    # Like a replica: nothing at or before `planned_from`, nor while the job is paused.
    after = max(instant for instant in (after, job.planned_from, job.paused_until) if instant is not None)
    if after >= until:
        return ComingFires(fire_times=[], has_more=False)
    try:
        schedule = parse_schedule(job.schedule_cron, job.time_zone, job.clock_change_policy)
    except InvalidInput:
        return ComingFires(fire_times=[], has_more=False)
    # Fires fall on whole seconds: up to `until`, without itself.
    found = schedule.fire_times_between(after, until - timedelta(microseconds=1), limit + 1)
    return ComingFires(fire_times=found[:limit], has_more=len(found) > limit)


def clock_changes(time_zone: str, after: datetime, until: datetime) -> list[ClockChange]:
    """Return the changes of a zone's clock with `after` < change <= `until`; none of an unknown zone."""
    try:
        changes = zone_clock(time_zone).changes_after(after, until - after)
    except InvalidInput:
        return []
    return [
        ClockChange(
            time_zone=time_zone,
            at=datetime.fromtimestamp(at, UTC),
            offset_before_seconds=before,
            offset_after_seconds=now,
        )
        for at, before, now in changes
    ]
