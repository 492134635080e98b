"""A job as people look at it: its row, its state, and whether it will fire."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from service.domain.cron import parse_schedule, schedule_description
from service.domain.errors import InvalidInput
from service.domain.job import ClockChangePolicy, Job, ScheduleType


class JobStatus(StrEnum):
    """RUNNING: an execution is queued or running. PAUSED: nothing will start by itself. IDLE: neither."""

    IDLE = "IDLE"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"


class PausedBy(StrEnum):
    """What keeps a job from starting by itself."""

    DISABLED = "DISABLED"
    JOB = "JOB"
    ALL = "ALL"


class JobOverview(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of jobs shows of one; attributes carry their column's names, instants are aware UTC."""

    job_id: str
    display_name: str
    description: str | None
    job_group: str
    schedule_type: ScheduleType
    schedule_cron: str | None
    time_zone: str
    clock_change_policy: ClockChangePolicy
    enabled: bool
    handler: str
    revision: int
    planned_from: datetime
    paused_until: datetime | None  # None also where it is paused until resumed
    pause_reason: str | None
    is_paused: bool
    are_all_paused: bool
    next_fire_time: datetime | None
    planned_revision: int | None
    is_active: bool  # an execution is queued, running, or waiting behind another
    is_overdue: bool  # as the view `job_overdue` has it
    last_execution_id: UUID | None
    last_start_time: datetime | None
    last_status: str | None
    last_duration_ms: int | None
    failures_in_succession: int
    recent_outcomes: list[str]
    schedule_error: str | None
    running_since: datetime | None  # of what runs now, the start of the earliest
    running_execution_id: UUID | None

    @property
    def paused_by(self) -> PausedBy | None:
        """What keeps the job from starting by itself, the narrowest cause first."""
        if not self.enabled:
            return PausedBy.DISABLED
        if self.is_paused:
            return PausedBy.JOB
        return PausedBy.ALL if self.are_all_paused else None

    @property
    def status(self) -> JobStatus:
        if self.is_active:
            return JobStatus.RUNNING
        return JobStatus.PAUSED if self.paused_by else JobStatus.IDLE

    @property
    def will_fire(self) -> bool:
        """Whether the job starts by itself at its next fire time."""
        return self.schedule_type is ScheduleType.CRON and self.paused_by is None

    @property
    def is_plan_current(self) -> bool:
        """Whether `next_fire_time` was planned from the row as it is now."""
        return self.planned_revision == self.revision

    @property
    def schedule_description(self) -> str | None:
        """The schedule in words; None without a readable one, and where words would mislead."""
        return schedule_description(self.schedule_cron) if self.schedule_cron is not None else None

    def next_run_time(self, now: datetime) -> datetime | None:
        """Return when the job starts by itself next, or None where nothing will.

        In the moment between a change and its plan the answer is computed from the row.
        """
        if not self.will_fire or self.schedule_cron is None:
            return None
        if self.is_plan_current:
            return self.next_fire_time
        try:
            schedule = parse_schedule(self.schedule_cron, self.time_zone, self.clock_change_policy)
        except InvalidInput:
            return None  # stored before the grammar or the zone data moved on
        return schedule.next_fire_time(max(now, self.planned_from))


class JobDetails(msgspec.Struct, frozen=True):
    """One job as its own page shows it: the overview, the whole row, whether a live replica can run it."""

    overview: JobOverview
    row: Job
    is_handler_live: bool


class ScheduleChange(msgspec.Struct, frozen=True):
    """What a change of the schedule did."""

    old: str | None
    new: str
    revision: int


class EnabledChange(msgspec.Struct, frozen=True):
    """What enabling or disabling did."""

    old: bool
    new: bool
    revision: int
