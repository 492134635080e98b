"""The schedule: one expression on the wall clock of one zone, and what it does when that clock changes."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from service.domain.cron.matching import HORIZON_YEARS, read_pattern
from service.domain.cron.zones import EPOCH, zone_clock
from service.domain.errors import InvalidSchedule
from service.domain.job import ClockChangePolicy

SECONDS_PER_DAY = 86_400


class Schedule:
    """One cron expression in one zone; immutable, and safe to share.

    Both day fields must match when both are restricted. Policy ONCE: a rhythm (the hour field matches all
    24 hours) fires whenever the wall clock shows a match; times of day fire once for each date, at the end of
    the skip if the clock skips them, the first time if it shows them twice. Policy WALL: all is rhythm.
    """

    __slots__ = (
        "_next",
        "clock",
        "clock_change_policy",
        "expression",
        "follows_the_wall_clock",
        "pattern",
        "time_zone",
    )

    def __init__(self, expression: str, time_zone: str, clock_change_policy: ClockChangePolicy) -> None:
        self.pattern = read_pattern(expression)
        self.clock = zone_clock(time_zone)
        self.expression, self.time_zone = expression, time_zone
        self.clock_change_policy = clock_change_policy
        self.follows_the_wall_clock = clock_change_policy is ClockChangePolicy.WALL or self.pattern.is_rhythm
        self._next = self._next_showing if self.follows_the_wall_clock else self._next_time_of_day

    def next_fire_time(self, after: datetime) -> datetime | None:
        """Return the first fire time later than `after` (aware), in UTC; None if none in 50 years."""
        since = after - EPOCH
        found = self._next(since.days * SECONDS_PER_DAY + since.seconds)
        return None if found is None else EPOCH + timedelta(0, found)

    def fire_times(self, after: datetime, count: int) -> list[datetime]:
        """Return the next `count` fire times strictly later than `after`; fewer if there are no more."""
        return [fire for _, fire in zip(range(count), self._fires(after), strict=False)]

    def fire_times_between(self, after: datetime, until: datetime, limit: int) -> list[datetime]:
        """Return the fire times with `after` < fire <= `until`, the first `limit` of them."""
        found: list[datetime] = []
        for fire in self._fires(after):
            if fire > until or len(found) >= limit:
                break
            found.append(fire)
        return found

    def fires_within_50_years(self, after: datetime) -> bool:
        """Whether there is any fire at all: what does not fire in 50 years never does."""
        return self.next_fire_time(after) is not None

    def _fires(self, after: datetime) -> Iterator[datetime]:
        since = after - EPOCH
        instant: int | None = since.days * SECONDS_PER_DAY + since.seconds
        while instant is not None and (instant := self._next(instant)) is not None:
            yield EPOCH + timedelta(0, instant)

    def _next_time_of_day(self, after: int) -> int | None:
        """Return the first fire later than `after`; each matching date and time fires once."""
        changes, offsets, resumes = self.clock.window(after)
        number = bisect_right(changes, after)
        wall_time = after + offsets[number] + 1
        if number and wall_time < resumes[number - 1]:
            wall_time = resumes[number - 1]  # the clock shows this stretch the second time
        match = self.pattern.next_match(wall_time)
        return None if match is None else self.clock.window(match).first_showing(match)[0]

    def _next_showing(self, after: int) -> int | None:
        """Return the first instant later than `after` at which the wall clock shows a match."""
        changes, offsets, resumes = self.clock.window(after)
        number = bisect_right(changes, after)
        match = self.pattern.next_match(after + offsets[number] + 1)
        if match is not None and match - offsets[number] < changes[number]:
            return match - offsets[number]
        if number < len(resumes):
            # The clock changes before it shows the match. If it goes back, it may show an earlier one again.
            again = self.pattern.next_match(changes[number] + offsets[number + 1])
            if again is not None and again < resumes[number]:
                return again - offsets[number + 1]
        while match is not None:
            window = self.clock.window(match)
            instant, number = window.first_showing(match)
            if instant < window.changes[number]:
                return instant
            match = self.pattern.next_match(window.resumes[number])
        return None


@lru_cache(maxsize=16_384)
def parse_schedule(
    expression: str, time_zone: str, clock_change_policy: ClockChangePolicy = ClockChangePolicy.ONCE
) -> Schedule:
    """Read an expression once; the answer is shared by all who ask for the same.

    Raises:
        InvalidSchedule: the expression is no valid cron expression; the message names the field.
        InvalidInput: the zone is unknown.
    """
    return Schedule(expression, time_zone, clock_change_policy)


def require_fires(schedule: Schedule, after: datetime) -> None:
    """Refuse a schedule that is well formed and yet never fires.

    Raises:
        InvalidSchedule: it has no fire in the 50 years after `after`.
    """
    if not schedule.fires_within_50_years(after):
        raise InvalidSchedule(
            "schedule_cron",
            f"the schedule has no fire in the next {HORIZON_YEARS} years",
            "both day fields must match on the same day; put * in one of them, or name other days",
        )
