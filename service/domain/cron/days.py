"""Which days of a year a schedule names: one bit mask for each of the fourteen kinds of year."""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

FIRST_YEAR, LAST_YEAR = 1, 9998  # in 9999 a fire could lie beyond the last datetime
LONGEST_MONTH = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
SUNDAY, SATURDAY = 0, 6
EVERY_WEEKDAY = 0b111_1111
WEEKLY = sum(1 << day for day in range(1, 32, 7))
"""Bits 1, 8, 15, 22 and 29: the days of a month that share the weekday of its first."""


class DayRule(NamedTuple):
    """The day and month fields as masks; both day fields must match. Weekday 0 is Sunday.

    `months` and `days`: bit n is n. `before_last`: bit n is `L-n`, bit 0 is `L`. `last_workday`: `LW`.
    `nearest`: bit n is `nW`. `weekdays`, `last_of` (`dL`): bit d is the weekday d. `nth_of` (`d#n`): bit
    7 (n - 1) + d.
    """

    months: int
    days: int
    before_last: int
    last_workday: bool
    nearest: int
    weekdays: int
    last_of: int
    nth_of: int


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


NEW_YEAR = [0] + [date(year, 1, 1).toordinal() - 719_163 for year in range(FIRST_YEAR, LAST_YEAR + 1)]
"""By year: the number of its first day, counted from 1 January 1970."""

KIND_OF_YEAR = bytes(
    [0] + [7 * _is_leap(year) + (NEW_YEAR[year] + 4) % 7 for year in range(FIRST_YEAR, LAST_YEAR + 1)]
)
"""By year: the weekday of its first day, plus 7 in a leap year."""


@lru_cache(maxsize=4_096)
def days_of_years(rule: DayRule) -> tuple[int, ...]:
    """Return the days that the rule names, by kind of year; bit 0 is 1 January."""
    of_month: dict[tuple[int, int], int] = {}
    kinds = []
    for leap in (0, 1):
        for new_year in range(7):
            days, start = 0, 0
            for month, length in LONGEST_MONTH.items():
                if month == 2:
                    length = 28 + leap
                if rule.months >> month & 1:
                    key = (length, (new_year + start) % 7)
                    if key not in of_month:
                        of_month[key] = _days_of_month(rule, *key)
                    days |= of_month[key] << start
                start += length
            kinds.append(days >> 1)
    return tuple(kinds)


def _days_of_month(rule: DayRule, length: int, first: int) -> int:
    """Return the days (bit n is day n) of a month of that length whose first day is the weekday `first`."""
    if rule.weekdays == EVERY_WEEKDAY:
        matching = -1
    else:
        matching = 0
        for day in range(1, 8):
            weekday = (first + day - 1) % 7
            if rule.weekdays >> weekday & 1:
                matching |= WEEKLY << day - 1
            if rule.last_of >> weekday & 1:
                matching |= 1 << day + (length - day) // 7 * 7
            if rule.nth_of:
                for nth in range(5):
                    if rule.nth_of >> 7 * nth + weekday & 1:
                        matching |= 1 << day + 7 * nth
    days = rule.days
    if rule.before_last or rule.last_workday or rule.nearest:
        days |= _special_days(rule, length, first)
    within_month = (2 << length) - 2
    return days & matching & within_month


def _special_days(rule: DayRule, length: int, first: int) -> int:
    """Return the days of a month that `L`, `L-n`, `LW` and `nW` name."""
    days = 0
    for before in range(length):
        if rule.before_last >> before & 1:
            days |= 1 << length - before
    if rule.last_workday:
        weekday = (first + length - 1) % 7
        days |= 1 << length - {SATURDAY: 1, SUNDAY: 2}.get(weekday, 0)
    for day in range(1, length + 1):
        if rule.nearest >> day & 1:
            weekday = (first + day - 1) % 7
            if weekday == SATURDAY:
                day += 2 if day == 1 else -1
            elif weekday == SUNDAY:
                day += 1  # past the end of the month, where it counts for nothing, if this is the last day
            days |= 1 << day
    return days
