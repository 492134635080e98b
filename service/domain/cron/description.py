"""A schedule in words, for the common shapes only: where words would mislead or ramble, none are given."""

from collections.abc import Sequence
from functools import lru_cache

from service.domain.cron.days import EVERY_WEEKDAY, LONGEST_MONTH
from service.domain.cron.grammar import Expression, Item, Kind, read_expression
from service.domain.errors import InvalidSchedule

EVERY_SECOND = EVERY_MINUTE = (1 << 60) - 1
EVERY_HOUR = (1 << 24) - 1
MOST_TIMES = 6
MOST_DAYS = 5
MONTH_NAMES = (
    *("", "January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@lru_cache(maxsize=16_384)
def schedule_description(expression: str) -> str | None:
    """Return what a schedule means in words, found once for all jobs that have it.

    None where that is hard to say, as for `describe`, and for what cannot be read.
    """
    try:
        return describe(read_expression(expression))
    except InvalidSchedule:
        return None


def describe(expression: Expression) -> str | None:
    """Return what the expression means, such as 'Every 5 minutes, Monday to Friday'; None if that is hard."""
    time = _rhythm(expression) or _times(expression)
    days = _days(expression)
    if time is None or days is None:
        return None
    is_any_day = not days or days.startswith((", in ", ", from "))
    if is_any_day and time.startswith("At ") and not time.endswith(" hour"):
        time += " every day"
    return time + days


def _rhythm(expression: Expression) -> str | None:
    """Return 'Every 5 minutes' and the like, None if it is no even rhythm."""
    seconds, minutes, hours = expression.seconds, expression.minutes, expression.hours
    if minutes == EVERY_MINUTE and hours == EVERY_HOUR and (pace := _pace(seconds, 60, "second")):
        return f"Every {pace}"
    if seconds != 1:
        return None
    all_minutes, all_hours = _values(minutes), _values(hours)
    if pace := _pace(minutes, 60, "minute"):
        if hours == EVERY_HOUR:
            return f"Every {pace}"
        if _is_run(all_hours):
            return f"Every {pace} from {all_hours[0]:02}:00 to {all_hours[-1]:02}:{all_minutes[-1]:02}"
        return None
    if hours == EVERY_HOUR:
        if minutes == 1:
            return "Every hour"
        if len(all_minutes) > 3:
            return None
        unit = "minute" if minutes == 1 << 1 else "minutes"
        return f"At {_join(list(map(str, all_minutes)))} {unit} past every hour"
    if len(all_minutes) == 1 and len(all_hours) > 2:
        minute = all_minutes[0]
        if pace := _pace(hours, 24, "hour"):
            return f"Every {pace} from 00:{minute:02}"
        if _is_run(all_hours):
            return f"Every hour from {all_hours[0]:02}:{minute:02} to {all_hours[-1]:02}:{minute:02}"
    return None


def _pace(mask: int, size: int, unit: str) -> str | None:
    """Return '5 minutes' if the mask is every fifth from 0 and that comes out even, which `*/7` does not."""
    if mask == (1 << size) - 1:
        return unit
    values = _values(mask)
    if len(values) < 2 or size % len(values):
        return None
    step = size // len(values)
    return f"{step} {unit}s" if values == list(range(0, size, step)) else None


def _times(expression: Expression) -> str | None:
    """Return 'At 06:00 and 18:00', None if there are too many times of day for a list."""
    parts = [_values(mask) for mask in (expression.hours, expression.minutes, expression.seconds)]
    hours, minutes, seconds = parts
    if len(hours) * len(minutes) * len(seconds) > MOST_TIMES:
        return None
    times = [
        f"{hour:02}:{minute:02}:{second:02}" if seconds != [0] else f"{hour:02}:{minute:02}"
        for hour in hours
        for minute in minutes
        for second in seconds
    ]
    return f"At {_join(times)}"


def _days(expression: Expression) -> str | None:
    """Return the end of the sentence: ' on the 13th, if it is a Friday'; '' for every day."""
    rule, (*_, of_month, months, of_week) = expression.day_rule, expression.items
    every_month = any(item.kind is Kind.ALL for item in months) or rule.months == _mask_of_year()
    month_names = _month_names(rule.months)
    if month_names is None and not every_month:
        return None
    all_days = any(item.kind is Kind.ALL for item in of_month)
    all_weekdays = rule.weekdays == EVERY_WEEKDAY
    of_months = "of the month" if every_month else f"of {month_names}"
    if all_days:
        in_months = "" if every_month else f", {'from' if ' to ' in str(month_names) else 'in'} {month_names}"
        if all_weekdays:
            return in_months
        weekdays = _weekdays(of_week, of_months)
        if weekdays is None:
            return None
        if " month" in weekdays or " of " in weekdays:
            return f" on {weekdays}"
        return (f", {weekdays}" if " to " in weekdays else f" on {weekdays}") + in_months
    if all_weekdays:
        days = _days_of_month(of_month, rule.months, of_months)
        return days and days + _where_it_exists(of_month, rule.months)
    days = _days_of_month(of_month, rule.months, "" if every_month else of_months)
    weekdays = _weekdays(of_week, "of the month")
    if days is None or weekdays is None:
        return None
    plain = all(item.kind in (Kind.NUMBER, Kind.RANGE) for item in of_week)
    if plain and " to " not in weekdays:
        weekdays = " or ".join(f"a {name}" for name in weekdays.replace(" and ", ", ").split(", "))
    return f"{days}, if it {'falls on' if plain and ' to ' in weekdays else 'is'} {weekdays}"


def _days_of_month(items: Sequence[Item], months: int, of_months: str) -> str | None:
    end = f" {of_months}" if of_months else ""
    kinds = {item.kind for item in items}
    if kinds <= {Kind.NUMBER, Kind.RANGE}:
        days = sorted({day for item in items for day in range(item.low, item.high + 1, item.step)})
        if len(days) > 2 and _is_run(days):
            return f" on the {_ordinal(days[0])} to {_ordinal(days[-1])}{end}"
        return f" on the {_join(list(map(_ordinal, days)))}{end}" if len(days) <= MOST_DAYS else None
    if len(items) > 1:
        return None
    [item] = items
    end = end or " of the month"
    if item.kind is Kind.LAST_WORKDAY:
        return f" on the last Monday-to-Friday day{end}"
    if item.kind is Kind.NEAREST_WORKDAY:
        if item.low >= _shortest(months):
            return None  # not in every month, and not if it is a Sunday at the end of one
        return f" on the Monday-to-Friday day nearest the {_ordinal(item.low)}{end}"
    if item.low == 0:
        return f" on the last day{end}"
    if item.low >= _shortest(months):
        return None
    return f" {item.low} {'day' if item.low == 1 else 'days'} before the last day{end}"


def _where_it_exists(items: Sequence[Item], months: int) -> str:
    """Return a warning if a month that is named lacks a day that is named."""
    latest = max(item.high for item in items)
    if latest <= _shortest(months):
        return ""
    return ", in leap years" if months == 1 << 2 and latest == 29 else ", where the month has that day"


def _weekdays(items: Sequence[Item], of_months: str) -> str | None:
    """Return 'Monday to Friday', 'Monday and Friday' or 'the last Friday of the month'."""
    kinds = {item.kind for item in items}
    if kinds <= {Kind.NUMBER, Kind.RANGE}:
        days = sorted(
            {(day + 6) % 7 for item in items for day in range(item.low, item.high + 1, item.step)}
        )  # from Monday on
        if len(days) > 2 and _is_run(days):
            return f"{DAY_NAMES[days[0]]} to {DAY_NAMES[days[-1]]}"
        return _join([DAY_NAMES[day] for day in days])
    if kinds <= {Kind.LAST_OF_WEEKDAY, Kind.NTH_OF_WEEKDAY}:
        which = [
            f"the {'last' if item.kind is Kind.LAST_OF_WEEKDAY else _ordinal(item.high)}"
            f" {DAY_NAMES[(item.low + 6) % 7]}"
            for item in items
        ]
        return f"{_join(which)} {of_months}"
    return None


def _month_names(months: int) -> str | None:
    numbers = [month for month in _values(months) if month <= 12]
    if len(numbers) > 2 and _is_run(numbers):
        return f"{MONTH_NAMES[numbers[0]]} to {MONTH_NAMES[numbers[-1]]}"
    return _join([MONTH_NAMES[month] for month in numbers]) if len(numbers) <= MOST_DAYS else None


def _shortest(months: int) -> int:
    return min(28 if month == 2 else LONGEST_MONTH[month] for month in _values(months))


def _mask_of_year() -> int:
    return sum(1 << month for month in LONGEST_MONTH)


def _ordinal(number: int) -> str:
    ending = "th" if 11 <= number <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _values(mask: int) -> list[int]:
    return [value for value in range(mask.bit_length()) if mask >> value & 1]


def _is_run(values: Sequence[int]) -> bool:
    return len(values) > 1 and values[-1] - values[0] == len(values) - 1
