"""Fire times that passed while nobody could fire them, and what the job's policy makes of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import msgspec

from service.domain.cron import Schedule
from service.domain.fire import Fire, FireKind
from service.domain.job import Job, MisfirePolicy

# A fire that is later than this was missed; below it, it is merely late and fires as any other.
MISFIRE_AFTER = timedelta(seconds=5)
MOST_ROWS = 1_000
MOST_COUNTED = 10_000


class MissedFires(msgspec.Struct, frozen=True):
    """The missed fire times: the latest ones each, the older ones summed.

    `older_count` is None where there are more than 10,000 older ones.
    """

    times: list[datetime]
    older_first: datetime | None = None
    older_last: datetime | None = None
    older_count: int | None = None


def missed_fires(schedule: Schedule, after: datetime, now: datetime) -> MissedFires:
    """Find the fire times in `(after, now]`: at most the 999 latest each, the older ones summed."""
    times: list[datetime] = []
    for fire_time in fire_times_until(schedule, after, now):
        times.append(fire_time)
        if len(times) > MOST_COUNTED:
            break
    else:
        recent = times[-(MOST_ROWS - 1) :]
        older = times[: len(times) - len(recent)]
        if not older:
            return MissedFires(recent)
        return MissedFires(recent, older[0], older[-1], len(older))
    # Too many to count: look back from now over spans that double until they hold enough.
    span = timedelta(seconds=MOST_ROWS)
    while True:
        recent = list(fire_times_until(schedule, max(after, now - span), now))
        if len(recent) >= MOST_ROWS:
            return MissedFires(recent[-(MOST_ROWS - 1) :], times[0], recent[-MOST_ROWS], None)
        span *= 2


def fire_times_until(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the fire times in `(after, until]`."""
    fire_time = schedule.next_fire_time(after)
    while fire_time is not None and fire_time <= until:
        yield fire_time
        fire_time = schedule.next_fire_time(fire_time)


def catch_up(job: Job, schedule: Schedule, after: datetime, now: datetime) -> list[Fire]:
    """Return what to ask for the fires missed in `(after, now]`, oldest first, by the job's misfire policy.

    COALESCE: one execution, at the last of them, with a window over all. SKIP: none. ALL: one each.
    Fires older than the job's grace are recorded as missed under every policy.
    """
    missed = missed_fires(schedule, after, now)
    oldest_kept = now - timedelta(seconds=job.misfire_grace_seconds)
    kept = [fire_time for fire_time in missed.times if fire_time >= oldest_kept]
    following = schedule.next_fire_time(now)
    fires = []
    if missed.older_last is not None:
        fires.append(summary(job, missed, oldest_kept))
    for fire_time, next_time in pairwise([*missed.times, following]):
        assert fire_time is not None
        kind, reason = judge(job, fire_time, oldest_kept, kept)
        is_whole = kind is FireKind.CATCH_UP and job.misfire_policy is MisfirePolicy.COALESCE
        fires.append(
            Fire(
                job=job,
                fire_time=fire_time,
                following=next_time,
                kind=kind,
                reason=reason,
                window_start=window_start(missed, kept, oldest_kept) if is_whole else None,
            )
        )
    return fires


def judge(
    job: Job, fire_time: datetime, oldest_kept: datetime, kept: list[datetime]
) -> tuple[FireKind, str | None]:
    """Return what to ask for one missed fire, and the reason for the ledger."""
    if fire_time < oldest_kept:
        return FireKind.MISSED, f"missed by more than the grace of {job.misfire_grace_seconds} s"
    if job.misfire_policy is MisfirePolicy.SKIP:
        return FireKind.MISSED, "no replica could fire it in time, and the misfire policy is SKIP"
    if job.misfire_policy is MisfirePolicy.COALESCE and fire_time != kept[-1]:
        return FireKind.COALESCED, f"missed; one execution covers it, that of {kept[-1]:%Y-%m-%dT%H:%M:%SZ}"
    return FireKind.CATCH_UP, None


def window_start(missed: MissedFires, kept: list[datetime], oldest_kept: datetime) -> datetime:
    """Return the first fire time that the one execution for all has to cover."""
    if missed.older_first is not None and missed.older_first >= oldest_kept:
        return missed.older_first
    return kept[0]


def summary(job: Job, missed: MissedFires, oldest_kept: datetime) -> Fire:
    """Return the one row for all older fires, which stands at the last of them."""
    assert missed.older_first is not None
    assert missed.older_last is not None
    is_kept = missed.older_first >= oldest_kept
    is_covered = is_kept and job.misfire_policy is MisfirePolicy.COALESCE
    count = "more than 10,000" if missed.older_count is None else f"{missed.older_count:,}"
    return Fire(
        job=job,
        fire_time=missed.older_last,
        following=None,
        kind=FireKind.COALESCED if is_covered else FireKind.MISSED,
        reason=f"{count} missed fires in one row"
        + ("; one later execution covers them" if is_covered else "; too many to run each"),
        covers_from=missed.older_first,
        fires_covered=missed.older_count,
    )
