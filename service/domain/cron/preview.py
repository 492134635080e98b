"""What a schedule would do: valid or why not, in words, its next fires, and the days with a clock change."""

from datetime import UTC, datetime, timedelta

import msgspec

from service.domain.cron.description import describe
from service.domain.cron.schedule import Schedule, parse_schedule, require_fires
from service.domain.cron.zones import find_zone, tzdata_version
from service.domain.errors import InvalidInput
from service.domain.job import ClockChangePolicy

ODD_DAYS_AHEAD = timedelta(days=397)  # 13 months
MOST_TIMES_NAMED = 3


class PreviewError(msgspec.Struct, frozen=True):
    """Why a schedule is refused: the field at fault, and what is allowed there."""

    field: str
    message: str
    hint: str | None


class PreviewFire(msgspec.Struct, frozen=True, rename="camel"):
    """A fire: the instant in UTC, and ISO 8601 with the zone's offset."""

    fire_time: datetime
    local_time: str


class OddDay(msgspec.Struct, frozen=True, rename="camel"):
    """A clock change: at `clock_change` the clock stops at `local_before` and goes on at `local_after`.

    Both are ISO 8601 without an offset. `effect` says what it means for this schedule.
    """

    clock_change: datetime
    local_before: str
    local_after: str
    is_affected: bool
    effect: str


class SchedulePreview(msgspec.Struct, frozen=True, rename="camel"):
    """What a schedule would do; with an `error` there is nothing else to tell."""

    valid: bool
    error: PreviewError | None
    description: str | None
    fire_times: list[PreviewFire]
    odd_days: list[OddDay]
    tzdata_version: str


def preview_schedule(
    expression: str,
    time_zone: str,
    after: datetime,
    count: int,
    clock_change_policy: str = ClockChangePolicy.ONCE,
) -> SchedulePreview:
    """Return the `count` fires after `after` (aware) and the clock changes of the 13 months from there.

    Never raises for what the expression, the zone or the policy holds; the caller bounds `count`.
    """
    try:
        schedule = parse_schedule(expression, time_zone, read_policy(clock_change_policy))
        require_fires(schedule, after)
    except InvalidInput as fault:
        error = PreviewError(fault.field, fault.message, fault.hint)
        return SchedulePreview(False, error, None, [], [], tzdata_version())
    zone = find_zone(time_zone)
    fires = [
        PreviewFire(fire, fire.astimezone(zone).isoformat()) for fire in schedule.fire_times(after, count)
    ]
    words = describe(schedule.pattern.expression)
    return SchedulePreview(True, None, words, fires, odd_days(schedule, after), tzdata_version())


def read_policy(text: str) -> ClockChangePolicy:
    """Return the policy of that name.

    Raises:
        InvalidInput: there is none.
    """
    if text not in list(ClockChangePolicy):
        allowed = f"one of {', '.join(ClockChangePolicy)}"
        raise InvalidInput("clock_change_policy", f"{text[:64]!r} is not allowed", allowed)
    return ClockChangePolicy(text)


class PlanDifference(msgspec.Struct, frozen=True, rename="camel"):
    """What another schedule changes of the fires after now and up to `until`; both lists are in order."""

    until: datetime | None
    added: list[datetime]
    removed: list[datetime]


Rule = tuple[str, str, ClockChangePolicy]


def plan_difference(current: Rule | None, proposed: Rule, after: datetime, count: int) -> PlanDifference:
    """Compare two rules (expression, zone, policy) from `after` on, over the next `count` fires of each.

    They are compared up to where both are known: the earlier of the two last fires. A current rule that is
    None, or that cannot be read, has no fires.
    """
    new = parse_schedule(*proposed).fire_times(after, count)
    try:
        old = [] if current is None else parse_schedule(*current).fire_times(after, count)
    except InvalidInput:
        old = []
    ends = [fires[-1] for fires in (old, new) if len(fires) == count]
    until = min(ends, default=max(old + new, default=None))
    if until is None:
        return PlanDifference(None, [], [])
    added = sorted(set(new) - set(old))
    removed = sorted(set(old) - set(new))
    return PlanDifference(
        until, [fire for fire in added if fire <= until], [fire for fire in removed if fire <= until]
    )


def odd_days(schedule: Schedule, after: datetime) -> list[OddDay]:
    """Return the clock changes of the 13 months after `after`, and what each means for the schedule."""
    found = []
    for change, before, now in schedule.clock.changes_after(after, ODD_DAYS_AHEAD):
        clock_stops, clock_goes_on = change + before, change + now
        effect = _skip(schedule, clock_stops, clock_goes_on)
        if now < before:
            effect = _repeat(schedule, clock_goes_on, clock_stops)
        found.append(
            OddDay(
                datetime.fromtimestamp(change, UTC),
                _shown(clock_stops),
                _shown(clock_goes_on),
                effect is not None,
                effect or "no fire is affected",
            )
        )
    return found


def _skip(schedule: Schedule, start: int, end: int) -> str | None:
    """Return what becomes of the times that the clock skips; None if the schedule names none."""
    times = _times_between(schedule, start, end)
    if not times:
        return None
    if schedule.follows_the_wall_clock:
        return f"{_list(times)} skipped, without a fire"
    return f"{_list(times)} skipped; one fire at {_time(end)} instead"


def _repeat(schedule: Schedule, start: int, end: int) -> str | None:
    """Return what becomes of the times that the clock shows twice; None if the schedule names none."""
    times = _times_between(schedule, start, end)
    if not times:
        return None
    which = "both times" if schedule.follows_the_wall_clock else "the first time only"
    return f"{_list(times)} shown twice; fires {which}"


def _times_between(schedule: Schedule, start: int, end: int) -> list[str]:
    """Return the first of the local times with a match, start <= time < end, one more than are named."""
    times: list[str] = []
    match = schedule.pattern.next_match(start)
    while match is not None and match < end and len(times) <= MOST_TIMES_NAMED:
        times.append(_time(match))
        match = schedule.pattern.next_match(match + 1)
    return times


def _list(times: list[str]) -> str:
    if len(times) > MOST_TIMES_NAMED:
        return f"{', '.join(times[:MOST_TIMES_NAMED])} and further times are"
    return f"{', '.join(times[:-1])} and {times[-1]} are" if len(times) > 1 else f"{times[0]} is"


def _shown(wall_time: int) -> str:
    return datetime.fromtimestamp(wall_time, UTC).replace(tzinfo=None).isoformat()


def _time(wall_time: int) -> str:
    return _shown(wall_time)[11:].removesuffix(":00") if wall_time % 60 == 0 else _shown(wall_time)[11:]
