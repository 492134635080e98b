"""What only the schedule knows when somebody asks why a job did not run: the instants that it names."""

from datetime import datetime, timedelta

import msgspec

from service.domain.cron import Schedule, parse_schedule
from service.domain.errors import InvalidInput
from service.domain.job import Job

SECOND = timedelta(seconds=1)
# What has not fired for so long is not looked for; a leap day comes every eight years at the worst.
LONGEST_LOOK_BACK = timedelta(days=9 * 366)


class NamedInstants(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a schedule names an instant, and the fire times on either side of it.

    `is_named` is None without a schedule, and where it cannot be read: `error` says why.
    """

    is_named: bool | None = None
    previous: datetime | None = None
    following: datetime | None = None
    error: str | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a job did, or did not, run at an instant: one sentence, and the fire times around it."""

    sentence: str
    previous_fire_time: datetime | None
    next_fire_time: datetime | None


def named_instants(job: Job, instant: datetime) -> NamedInstants:
    """Look `instant` (aware, a whole second) up in the schedule; never raises for what the row holds."""
    if job.schedule_cron is None:
        return NamedInstants()
    try:
        schedule = parse_schedule(job.schedule_cron, job.time_zone, job.clock_change_policy)
    except InvalidInput as fault:
        return NamedInstants(error=str(fault))
    return NamedInstants(
        is_named=schedule.next_fire_time(instant - SECOND) == instant,
        previous=last_fire_time(schedule, instant),
        following=schedule.next_fire_time(instant),
    )


def last_fire_time(schedule: Schedule, before: datetime) -> datetime | None:
    """Return the last fire time earlier than `before` (aware), in UTC; None if none for nine years."""
    # `next_fire_time` only looks ahead, and never goes back as its argument advances: halve what is in doubt.
    early, late = before - LONGEST_LOOK_BACK, before
    found = schedule.next_fire_time(early)
    if found is None or found >= before:
        return None
    while late - early > SECOND:
        middle = early + (late - early) / 2
        upcoming = schedule.next_fire_time(middle)
        if upcoming is not None and upcoming < before:
            early, found = max(middle, upcoming - SECOND), upcoming
        else:
            late = middle
    return found
