"""When the New York Stock Exchange trades: its hours, its days, its holidays by rule; no clock.

Source: the calendars that the exchange publishes (NYSE Group's release of 2024-11-08 reaches to 2027).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPENS, CLOSES = time(9, 30), time(16, 0)
ONE_DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6

FIRST_JUNETEENTH = 2022
SPECIAL_CLOSURES = frozenset(
    {
        *(date(2001, 9, day) for day in (11, 12, 13, 14)),  # the attacks of September 11
        date(2004, 6, 11),  # mourning of President Reagan
        date(2007, 1, 2),  # mourning of President Ford
        date(2012, 10, 29),  # hurricane Sandy
        date(2012, 10, 30),
        date(2018, 12, 5),  # mourning of President G. H. W. Bush
        date(2025, 1, 9),  # mourning of President Carter
    }
)
"""Days since 2000 that no rule tells."""


def is_market_open(instant: datetime) -> bool:
    """Whether the exchange trades at this aware instant: 09:30 to 16:00 New York, both included.

    16:00 counts, so that a run then collects the last bars. Short sessions (to 13:00, on the eve of a
    holiday) count as full ones: a later run finds nothing new, which hurts nobody.
    """
    local = instant.astimezone(NEW_YORK)
    return is_trading_day(local.date()) and OPENS <= local.time() <= CLOSES


def was_market_open(after: datetime, through: datetime) -> bool:
    """Whether the exchange traded at an instant later than `after`, not later than `through`, both aware."""
    for day in trading_days(after.astimezone(NEW_YORK).date(), through.astimezone(NEW_YORK).date()):
        opens, closes = (datetime.combine(day, edge, NEW_YORK).astimezone(UTC) for edge in (OPENS, CLOSES))
        if after < closes and opens <= through:
            return True
    return False


def day_start(day: date) -> datetime:
    """Return the instant, in UTC, at which this day begins in New York: the timestamp of its daily bar."""
    return datetime.combine(day, time(0), NEW_YORK).astimezone(UTC)


def trading_days(first: date, last: date) -> Iterator[date]:
    """Yield the days on which the exchange trades, from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        if is_trading_day(day := first + offset * ONE_DAY):
            yield day


def is_trading_day(day: date) -> bool:
    """Whether the exchange trades on this day at all."""
    return day.weekday() < SATURDAY and day not in holidays(day.year)


@lru_cache(maxsize=256)
def holidays(year: int) -> frozenset[date]:
    """Return the weekdays of `year` (2000 or later) on which the exchange stays closed."""
    days = {
        new_years_day(year),
        nth_weekday(year, 1, 0, 3),  # Martin Luther King, Jr. Day
        nth_weekday(year, 2, 0, 3),  # Washington's Birthday
        easter_sunday(year) - 2 * ONE_DAY,  # Good Friday
        last_monday_of_may(year),  # Memorial Day
        observed(date(year, 7, 4)),
        nth_weekday(year, 9, 0, 1),  # Labor Day
        nth_weekday(year, 11, 3, 4),  # Thanksgiving Day
        observed(date(year, 12, 25)),
    }
    if year >= FIRST_JUNETEENTH:
        days.add(observed(date(year, 6, 19)))
    days |= {day for day in SPECIAL_CLOSURES if day.year == year}
    return frozenset(day for day in days if day.weekday() < SATURDAY)


def observed(day: date) -> date:
    """Return the day a holiday is kept on: Friday for a Saturday, Monday for a Sunday."""
    return day + {SATURDAY: -ONE_DAY, SUNDAY: ONE_DAY}.get(day.weekday(), timedelta(0))


def new_years_day(year: int) -> date:
    """Return the day New Year is kept on; a Saturday's is not moved to the Friday that ends the old year."""
    first = date(year, 1, 1)
    return first if first.weekday() == SATURDAY else observed(first)


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    """Return the n-th Monday (0) to Sunday (6) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def last_monday_of_may(year: int) -> date:
    """Return the last Monday of May."""
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar.

    Source: the anonymous algorithm, as in Meeus, Astronomical Algorithms, chapter 8.
    """
    century, of_century = divmod(year, 100)
    golden = year % 19
    leap_centuries, century_rest = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - correction + 15) % 30
    leap_years, year_rest = divmod(of_century, 4)
    to_sunday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    shift = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
