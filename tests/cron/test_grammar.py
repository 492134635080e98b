"""Which expressions are valid, and what is said about those that are not."""

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cron import parse_schedule
from service.domain.cron.fields import FIELDS, Field
from service.domain.cron.matching import read_pattern
from service.domain.errors import InvalidInput, InvalidSchedule
from tests.cron.cases import Case, judged_by_python, known_cases, random_expressions

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("case", known_cases(), ids=lambda case: ascii(case.expression[:40]))
def test_the_known_cases_are_judged_as_the_table_says(case: Case):
    """Verdict, message and hint are those of `cases.jsonl`."""
    assert judged_by_python(case.expression) == case


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=600))
def test_no_text_raises_anything_but_a_refusal(text: str):
    """Whatever is typed, the answer is a schedule or an InvalidSchedule with a hint."""
    case = judged_by_python(text)
    assert (case.message is None) == (case.hint is None)


def test_a_refusal_is_short_however_long_the_expression():
    """What is quoted back is cut, so that a message fits a log line and a prompt."""
    for text in ("9" * 500, "0 0 0 " + "MON" * 160, "@" + "d" * 500, "0 0 0 * * " + "x" * 400):
        with pytest.raises(InvalidSchedule) as refusal:
            parse_schedule(text, "UTC")
        assert len(refusal.value.message) < 120


def test_refused_expressions_are_not_kept():
    """Typing errors by the thousand grow no cache."""
    before = read_pattern.cache_info().currsize
    for number in range(100):
        with pytest.raises(InvalidSchedule):
            parse_schedule(f"0 0 0 * * MON#{number + 6}", "UTC")
    assert read_pattern.cache_info().currsize == before


def test_one_text_is_parsed_once_for_all_zones():
    """Jobs with the same expression share its masks."""
    before = read_pattern.cache_info().misses
    for zone in ("UTC", "Europe/Berlin", "Asia/Tokyo"):
        parse_schedule("17 18 19 20 * *", zone)
    assert read_pattern.cache_info().misses == before + 1


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "utc", "UTC ", "../zones", "/etc/passwd", "A" * 9999, "\0"]
)
def test_an_unknown_zone_is_an_error_and_never_utc(name: str):
    """Only the exact names of the packaged zone data are zones."""
    with pytest.raises(InvalidInput, match="is not a time zone") as refusal:
        parse_schedule("0 0 0 * * *", name)
    assert refusal.value.field == "time_zone"
    assert len(refusal.value.message) < 150


def numeric_field(field: Field) -> st.SearchStrategy[str]:
    """A field of `*`, numbers, rising ranges and steps, in a form that croniter reads as we do."""
    last = min(field.last, 6) if field.label == "day-of-week" else min(field.last, 28)
    number = st.integers(field.lowest, last)
    rising = st.tuples(number, number, st.integers(1, 9)).filter(lambda item: item[0] < item[1])
    item = st.one_of(number.map(str), rising.map(lambda item: "{}-{}/{}".format(*item)))
    return st.one_of(st.just("*"), st.lists(item, min_size=1, max_size=3).map(",".join))


@settings(max_examples=100, deadline=None)
@given(st.tuples(*map(numeric_field, FIELDS)).map(" ".join), st.integers(0, 400 * 86_400))
def test_numeric_schedules_fire_as_croniter_says(expression: str, offset: int):
    """In UTC, without specials, croniter is right, and we agree with it."""
    after = START + timedelta(seconds=offset)
    theirs = croniter(expression, after, second_at_beginning=True, day_or=False, max_years_between_matches=60)
    ours = parse_schedule(expression, "UTC").fire_times(after, 3)
    assert ours == [theirs.get_next(datetime) for _ in ours]
    assert ours  # days up to 28 in any month: there is always one


def test_random_expressions_are_half_valid():
    """The comparison with SQL sees both verdicts, and faults of every kind."""
    judged = [judged_by_python(expression) for expression in random_expressions(seed=1, count=2_000)]
    valid = sum(case.message is None for case in judged)
    assert 600 < valid < 1_600
    kinds = {case.message.split(":")[0] for case in judged if case.message}
    assert {field.label for field in FIELDS} < kinds
