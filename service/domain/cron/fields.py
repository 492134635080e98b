"""The six fields of a cron expression: their values, names, and the words used about them."""

from typing import NamedTuple

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class Field(NamedTuple):
    """One field; `first` to `last` is what `*` means, `lowest` is the smallest number that may be written.

    `remedy` lists what is allowed. The schema's `cron_fault` says the same in the same words.
    """

    label: str
    plural: str
    lowest: int
    first: int
    last: int
    names: dict[str, int]
    what_a_word_is_not: str
    remedy: str


def _clock_field(label: str, last: int, range_: str, step: str) -> Field:
    remedy = f"a number from 0 to {last}, a range such as {range_}, a step such as {step}, or a list of these"
    return Field(label, f"{label}s", 0, 0, last, {}, "a number", remedy)


SECOND = _clock_field("second", 59, "10-20", "*/15")
MINUTE = _clock_field("minute", 59, "10-20", "*/15")
HOUR = _clock_field("hour", 23, "9-17", "*/2")
DAY_OF_MONTH = Field(
    "day-of-month",
    "days",
    *(1, 1, 31),
    {},
    "a number",
    "a number from 1 to 31, a range such as 1-7, a step such as */2, one of L, L-3, LW, 15W, or a list of"
    " these; or ?",
)
MONTH = Field(
    "month",
    "months",
    *(1, 1, 12),
    {name: number for number, name in enumerate(MONTHS, start=1)},
    "the name of a month",
    "a number from 1 to 12 or a name from JAN to DEC, a range such as MAR-MAY, a step such as */3, or a list"
    " of these",
)
DAY_OF_WEEK = Field(
    "day-of-week",
    "days",
    *(0, 1, 7),  # Sunday is 0 and 7; `*` counts from Monday, which is what `*/2` shows
    {name: number or 7 for number, name in enumerate(WEEKDAYS)},  # SUN/3 is 7/3: Sunday alone
    "the name of a day",
    "a number from 0 to 7 (0 and 7 are Sunday) or a name from SUN to SAT, a range such as MON-FRI, one of"
    " FRIL, MON#1, or a list of these; or ?",
)
FIELDS = (SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK)
