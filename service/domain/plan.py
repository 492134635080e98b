"""The plan: from which instant a job's fires are still to be decided, and what comes next."""

from datetime import datetime

import msgspec

from service.domain.job import Job


class PlannedJob(msgspec.Struct, frozen=True):
    """A job and its last decided fire; the next one is planned from that or `planned_from`."""

    job: Job
    decided_through: datetime | None

    @property
    def plan_from(self) -> datetime:
        """The instant after which fires are still to be decided."""
        if self.decided_through is None:
            return self.job.planned_from
        return max(self.job.planned_from, self.decided_through)


class Plan(msgspec.Struct, frozen=True):
    """What a replica made of a revision of a job: its next fire time, or why it has none."""

    job_id: str
    revision: int
    next_fire_time: datetime | None
    schedule_error: str | None = None
