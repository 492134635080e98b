"""The search for the next match on a wall clock, with whole seconds and bit masks; it knows no zones.

A wall time is an int: the seconds from 1970-01-01 00:00:00 to the date and time that the clock shows, counted
as if every day had 86,400 of them.
"""

from datetime import date
from functools import lru_cache

from service.domain.cron.days import KIND_OF_YEAR, LAST_YEAR, NEW_YEAR, days_of_years
from service.domain.cron.grammar import Expression, read_expression

SECONDS_PER_DAY = 86_400
EPOCH_ORDINAL = 719_163
EVERY_HOUR = (1 << 24) - 1
HORIZON_YEARS = 50
EARLIEST_WALL_TIME = NEW_YEAR[1] * SECONDS_PER_DAY
LATEST_WALL_TIME = (NEW_YEAR[LAST_YEAR] + 365) * SECONDS_PER_DAY - 1


class Pattern:
    """What one expression matches on a wall clock; immutable, shared by every job with the same text."""

    __slots__ = (
        "_days",
        "_first_in_hour",
        "_first_in_minute",
        "_first_of_day",
        "_hours",
        "_minutes",
        "_seconds",
        "expression",
        "is_rhythm",
    )

    def __init__(self, expression: Expression) -> None:
        self.expression = expression
        self.is_rhythm = expression.hours == EVERY_HOUR
        self._seconds, self._minutes, self._hours = expression.seconds, expression.minutes, expression.hours
        self._first_in_minute = _lowest(expression.seconds)
        self._first_in_hour = 60 * _lowest(expression.minutes) + self._first_in_minute
        self._first_of_day = 3600 * _lowest(expression.hours) + self._first_in_hour
        self._days = days_of_years(expression.day_rule)

    def next_match(self, wall_time: int) -> int | None:
        """Return the first wall time from `wall_time` on that matches; None if there is none in 50 years."""
        if not EARLIEST_WALL_TIME <= wall_time <= LATEST_WALL_TIME:
            return None
        day, time_of_day = divmod(wall_time, SECONDS_PER_DAY)
        year = date.fromordinal(day + EPOCH_ORDINAL).year
        day_of_year = day - NEW_YEAR[year]
        days = self._days[KIND_OF_YEAR[year]] >> day_of_year
        if days & 1:
            found = self._next_time_of_day(time_of_day)
            if found >= 0:
                return day * SECONDS_PER_DAY + found
            days -= 1
        if days:
            return (day + _lowest(days)) * SECONDS_PER_DAY + self._first_of_day
        for later in range(year + 1, min(year + HORIZON_YEARS, LAST_YEAR) + 1):
            if days := self._days[KIND_OF_YEAR[later]]:
                return (NEW_YEAR[later] + _lowest(days)) * SECONDS_PER_DAY + self._first_of_day
        return None

    def _next_time_of_day(self, time_of_day: int) -> int:
        """Return the first matching second of the day from `time_of_day` on, -1 if there is none."""
        minute_of_day, second = divmod(time_of_day, 60)
        hour, minute = divmod(minute_of_day, 60)
        if self._hours >> hour & 1:
            if self._minutes >> minute & 1 and (seconds := self._seconds >> second):
                return time_of_day + (seconds & -seconds).bit_length() - 1
            minute += 1
            if minutes := self._minutes >> minute:
                minute += (minutes & -minutes).bit_length() - 1
                return 3600 * hour + 60 * minute + self._first_in_minute
        hour += 1
        if hours := self._hours >> hour:
            return 3600 * (hour + _lowest(hours)) + self._first_in_hour
        return -1


def _lowest(mask: int) -> int:
    """Return the place of the lowest bit that is set."""
    return (mask & -mask).bit_length() - 1


@lru_cache(maxsize=16_384)
def read_pattern(text: str) -> Pattern:
    """Return the pattern of an expression, parsed once for all who ask for the same text.

    Raises:
        InvalidSchedule: see `read_expression`. Refusals are not kept.
    """
    return Pattern(read_expression(text))
