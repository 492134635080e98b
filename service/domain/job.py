"""The job: a row of `jobs`, what may run and when."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class ScheduleType(StrEnum):
    CRON = "CRON"
    MANUAL = "MANUAL"


class OverlapPolicy(StrEnum):
    """What becomes of a fire or trigger while an execution of the job is unfinished."""

    SKIP = "SKIP"
    QUEUE = "QUEUE"
    ALLOW = "ALLOW"
    REPLACE = "REPLACE"


class MisfirePolicy(StrEnum):
    """What becomes of fire times that passed while nobody could fire them."""

    COALESCE = "COALESCE"
    SKIP = "SKIP"
    ALL = "ALL"


class ClockChangePolicy(StrEnum):
    """ONCE: a time of day fires once a day. WALL: whenever the wall clock shows a match."""

    ONCE = "ONCE"
    WALL = "WALL"


class OnLost(StrEnum):
    """What a lost run means. FAIL: started at most once. RETRY: completed at least once."""

    FAIL = "FAIL"
    RETRY = "RETRY"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `jobs`; attributes carry their column's names, instants are aware UTC."""

    job_id: str
    display_name: str
    description: str | None = None
    job_group: str = "DEFAULT"
    schedule_type: ScheduleType
    schedule_cron: str | None = None
    time_zone: str = "UTC"
    enabled: bool = True
    handler: str
    params: dict[str, Any] = {}
    overlap_policy: OverlapPolicy = OverlapPolicy.SKIP
    misfire_policy: MisfirePolicy = MisfirePolicy.COALESCE
    misfire_grace_seconds: int = 86_400
    clock_change_policy: ClockChangePolicy = ClockChangePolicy.ONCE
    timeout_seconds: int | None = None
    max_attempts: int = 1
    retry_backoff_seconds: int = 30
    on_lost: OnLost = OnLost.FAIL
    overdue_after_seconds: int = 60
    paused_until: datetime | None = None
    pause_reason: str | None = None
    revision: int
    planned_from: datetime
    created_at: datetime
    updated_at: datetime
    updated_by: str

    @property
    def is_scheduled(self) -> bool:
        """Whether the job fires by itself."""
        return self.enabled and self.schedule_type is ScheduleType.CRON
