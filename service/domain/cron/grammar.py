"""From the text of a cron expression to bit masks; refusals name the field and the remedy.

`cron_fault` in the schema holds the same rules in SQL, down to the words: change both, and the shared table
of cases (`tests/cron/cases.jsonl`) with them.
"""

import re
from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple, NoReturn

from croniter import croniter

from service.domain.cron.days import LONGEST_MONTH, DayRule
from service.domain.cron.fields import DAY_OF_MONTH, DAY_OF_WEEK, FIELDS, Field
from service.domain.errors import InvalidSchedule

LONGEST_EXPRESSION = 512
LONGEST_QUOTE = 24
SIX_FIELDS = "second minute hour day-of-month month day-of-week, such as 0 */5 * * * MON-FRI"
MACROS = {
    "@YEARLY": "0 0 0 1 1 *",
    "@ANNUALLY": "0 0 0 1 1 *",
    "@MONTHLY": "0 0 0 1 * *",
    "@WEEKLY": "0 0 0 * * 0",
    "@DAILY": "0 0 0 * * *",
    "@MIDNIGHT": "0 0 0 * * *",
    "@HOURLY": "0 0 * * * *",
}
# Each repetition is followed by something it cannot itself match, so that no text makes these slow.
NUMERIC_ITEM = re.compile(r"(?:(\*)|([0-9]+|[A-Z]+)(?:-([0-9]+|[A-Z]+))?)(?:/([0-9]+))?")
SPECIAL_DAY_OF_MONTH = re.compile(r"(L)|(LW)|L-([0-9]+)|([0-9]+)W")
SPECIAL_DAY_OF_WEEK = re.compile(r"([0-9]+|[A-Z]{3})(?:(L)|#([0-9]+))")
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
RANDOM_ITEM = re.compile(r"[HR](?:[/(].*)?")


class Kind(Enum):
    """What an item of a field is."""

    ALL = auto()
    NUMBER = auto()
    RANGE = auto()
    LAST_DAY = auto()
    LAST_WORKDAY = auto()
    NEAREST_WORKDAY = auto()
    LAST_OF_WEEKDAY = auto()
    NTH_OF_WEEKDAY = auto()


class Item(NamedTuple):
    """One item of a field's list; `low` to `high` by `step`, or a special of that `kind`.

    LAST_DAY: `low` days before the last. NEAREST_WORKDAY: to day `low`. LAST_OF_WEEKDAY: of weekday `low`.
    NTH_OF_WEEKDAY: the `high`-th weekday `low`.
    """

    kind: Kind
    low: int
    high: int
    step: int = 1


class Expression(NamedTuple):
    """A valid expression: `items` as written, one tuple a field, and what they come to.

    Bit n of a mask is the value n.
    """

    items: tuple[tuple[Item, ...], ...]
    seconds: int
    minutes: int
    hours: int
    day_rule: DayRule


def read_expression(text: str) -> Expression:
    """Read a cron expression of six fields (five: second 0) or a macro.

    Raises:
        InvalidSchedule: it is none, or no month that it names has the day that it names.
    """
    fields = _split(text)
    items = tuple(
        tuple(dict.fromkeys(_read_item(field, item) for item in written.split(",")))
        if written != "?" or field not in (DAY_OF_MONTH, DAY_OF_WEEK)
        else (Item(Kind.ALL, field.first, field.last),)
        for field, written in zip(FIELDS, fields, strict=True)
    )
    seconds, minutes, hours, days, months = _masks(items)
    day_rule = DayRule(
        months=months,
        days=days,
        before_last=_mask(item.low for item in items[3] if item.kind is Kind.LAST_DAY),
        last_workday=any(item.kind is Kind.LAST_WORKDAY for item in items[3]),
        nearest=_mask(item.low for item in items[3] if item.kind is Kind.NEAREST_WORKDAY),
        weekdays=_mask(
            value % 7
            for item in items[5]
            if item.kind in (Kind.ALL, Kind.NUMBER, Kind.RANGE)
            for value in range(item.low, item.high + 1, item.step)
        ),
        last_of=_mask(item.low % 7 for item in items[5] if item.kind is Kind.LAST_OF_WEEKDAY),
        nth_of=_mask(
            (item.high - 1) * 7 + item.low % 7 for item in items[5] if item.kind is Kind.NTH_OF_WEEKDAY
        ),
    )
    _refuse_days_of_no_month(items[3], months)
    return Expression(items, seconds, minutes, hours, day_rule)


def _refuse(message: str, hint: str) -> NoReturn:
    raise InvalidSchedule("schedule_cron", message, hint)


def _quote(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}..."


def _split(text: str) -> list[str]:
    """Return the six fields in upper case."""
    if len(text) > LONGEST_EXPRESSION:
        _refuse(
            f"the cron expression has more than {LONGEST_EXPRESSION} characters",
            "shorten it, or spread it over two jobs",
        )
    # Before any upper-casing: `ſun` and `frı` upper-case to SUN and FRI.
    if not text.isascii():
        position = next(place for place, character in enumerate(text, start=1) if character > "\x7f")
        _refuse(
            f"character {position} of the cron expression is not ASCII",
            "retype it with plain letters, digits and spaces",
        )
    if control := CONTROL_CHARACTER.search(text):
        _refuse(
            f"character {control.start() + 1} of the cron expression is a control character",
            "separate the fields with spaces or tabs",
        )
    text = text.upper().replace("\t", " ").strip(" ")
    fields = text.split()
    if not fields:
        _refuse("the cron expression is empty", SIX_FIELDS)
    if fields[0].startswith("@"):
        if text not in MACROS:
            _refuse(
                f"{_quote(text)} is not a known macro",
                "the macros are @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly",
            )
        return MACROS[text].split()
    if fields[0].startswith(("TZ=", "CRON_TZ=")):
        _refuse("a time zone does not belong in the cron expression", "set time_zone of the job instead")
    if len(fields) == 7:
        _refuse("the cron expression has 7 fields; a year field is not supported", SIX_FIELDS)
    if len(fields) not in (5, 6):
        count = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        _refuse(f"the cron expression has {count}, not six (or five, without the second)", SIX_FIELDS)
    return fields if len(fields) == 6 else ["0", *fields]


def _read_item(field: Field, text: str) -> Item:
    """Return the item that `text` is, in a field's list."""
    if not text:
        _refuse(f"{field.label}: an item of the list is empty", "remove the comma that is too many")
    special = _read_special(field, text)
    if special is not None:
        return special
    match = NUMERIC_ITEM.fullmatch(text)
    if match is None or RANDOM_ITEM.fullmatch(text):
        _refuse_unreadable(field, text)
    star, low_text, high_text, step_text = match.groups()
    low = field.first if star else _value(field, low_text)
    high = low if high_text is None else _value(field, high_text)
    step = 1 if step_text is None else _number(step_text)
    if step == 0:
        _refuse(f"{field.label}: in {_quote(text)} the step is less than 1", field.remedy)
    if star:
        return Item(Kind.ALL if step == 1 else Kind.RANGE, low, field.last, step)
    if high_text is None:
        return Item(Kind.NUMBER, low, low) if step_text is None else Item(Kind.RANGE, low, field.last, step)
    if low == high:
        return Item(Kind.NUMBER, low, low)
    if field is DAY_OF_WEEK:
        low, high = low % 7, high or 7
    if low > high:
        hint = f"write {_span(low, field.last)},{_span(field.first, high)}"
        _refuse(
            f"{field.label}: the range {_quote(text)} runs backwards; list the {field.plural} instead",
            hint if step_text is None else field.remedy,
        )
    return Item(Kind.RANGE, low, high, step)


def _read_special(field: Field, text: str) -> Item | None:
    """Return the special of a day field that `text` is, None if it is not one."""
    if field is DAY_OF_MONTH and (match := SPECIAL_DAY_OF_MONTH.fullmatch(text)):
        last_day, last_workday, before_last, nearest = match.groups()
        if last_day:
            return Item(Kind.LAST_DAY, 0, 0)
        if last_workday:
            return Item(Kind.LAST_WORKDAY, 0, 0)
        if nearest:
            return Item(Kind.NEAREST_WORKDAY, _value(field, nearest), 0)
        days = _number(before_last)
        if not 1 <= days <= 30:
            _refuse(f"{field.label}: {_quote(text)} is outside L-1 to L-30", field.remedy)
        return Item(Kind.LAST_DAY, days, 0)
    if field is DAY_OF_WEEK and (match := SPECIAL_DAY_OF_WEEK.fullmatch(text)):
        weekday, last, nth_text = match.groups()
        day = _value(field, weekday)
        if last:
            return Item(Kind.LAST_OF_WEEKDAY, day, 0)
        nth = _number(nth_text)
        if not 1 <= nth <= 5:
            _refuse(f"{field.label}: in {_quote(text)} the number after # is not 1 to 5", field.remedy)
        return Item(Kind.NTH_OF_WEEKDAY, day, nth)
    return None


def _refuse_unreadable(field: Field, text: str) -> NoReturn:
    if "?" in text:
        _refuse(f"{field.label}: ? stands alone, and only in the two day fields", field.remedy)
    if RANDOM_ITEM.fullmatch(text):
        _refuse(
            f"{field.label}: {_quote(text)} would be another time on each replica; H and R are not supported",
            field.remedy,
        )
    _refuse(f"{field.label}: {_quote(text)} is not understood", field.remedy)


def _value(field: Field, text: str) -> int:
    """Return the value of a number or a name."""
    if text.isdigit():
        value = _number(text)
        if not field.lowest <= value <= field.last:
            _refuse(f"{field.label}: {_quote(text)} is outside {field.lowest}-{field.last}", field.remedy)
        return value
    if text not in field.names:
        _refuse(f"{field.label}: {_quote(text)} is not {field.what_a_word_is_not}", field.remedy)
    return field.names[text]


def _number(digits: str) -> int:
    """Return the number, or 999 for any larger one: no field goes so far, and long ones are slow to read."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= 3 else 999


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _mask(values: Iterable[int]) -> int:
    mask = 0
    for value in values:
        mask |= 1 << value
    return mask


def _masks(items: tuple[tuple[Item, ...], ...]) -> list[int]:
    """Return the masks of second, minute, hour, day of month and month; croniter spells the numbers out.

    It gets them in a form on which it agrees with us: `5-5` and the specials are not among it.
    """
    written = [
        "*"
        if any(item.kind is Kind.ALL for item in of_field)
        else ",".join(
            str(item.low) if item.low == item.high else f"{item.low}-{item.high}/{item.step}"
            for item in of_field
            if item.kind in (Kind.NUMBER, Kind.RANGE)
        )
        for of_field in items[:5]
    ]
    try:
        spelled_out, _ = croniter.expand(
            " ".join([*(text or "1" for text in written), "*"]), second_at_beginning=True
        )
    except Exception as fault:
        # Cannot happen as far as we know, and must not become a 500, nor show croniter's words to anybody.
        raise InvalidSchedule("schedule_cron", "the cron expression cannot be read", SIX_FIELDS) from fault
    minutes, hours, days, months, _, seconds = spelled_out
    found = zip(FIELDS, (seconds, minutes, hours, days, months), written, strict=False)
    return [
        0 if not text else _mask(range(field.first, field.last + 1) if values == ["*"] else values)
        for field, values, text in found
    ]


def _refuse_days_of_no_month(days: tuple[Item, ...], months: int) -> None:
    """Refuse 31 June and 30 February, `31W` and `L-30` included."""
    longest = max(length for month, length in LONGEST_MONTH.items() if months >> month & 1)
    needed = min(item.low + 1 if item.kind is Kind.LAST_DAY else item.low or 1 for item in days)
    if needed > longest:
        _refuse(
            f"day-of-month: the months named have at most {longest} days, and this needs {needed}",
            "name an earlier day or a longer month; L is the last day of any month",
        )
