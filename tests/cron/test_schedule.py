"""When a schedule fires, above all around clock changes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.cron import find_zone, parse_schedule, require_fires
from service.domain.cron.matching import read_pattern
from service.domain.cron.zones import EPOCH
from service.domain.errors import InvalidSchedule
from service.domain.job import ClockChangePolicy

ONCE, WALL = ClockChangePolicy
MINUTE = timedelta(minutes=1)
CLOCK_CHANGES = {
    "America/New_York": ["2026-03-08T07:00Z", "2026-11-01T06:00Z"],
    "Europe/Dublin": ["2026-03-29T01:00Z", "2026-10-25T01:00Z"],
    "Australia/Lord_Howe": ["2026-04-04T15:00Z", "2026-10-03T15:30Z"],
    "Africa/Cairo": ["2026-04-23T22:00Z", "2026-10-29T21:00Z"],
    "America/Santiago": ["2026-04-05T03:00Z", "2026-09-06T04:00Z"],
    "Africa/Casablanca": ["2026-02-15T02:00Z", "2026-03-22T02:00Z", "2026-09-20T02:00Z"],
    "Antarctica/Troll": ["2026-03-29T01:00Z", "2026-10-25T01:00Z"],
    "Asia/Gaza": ["2040-10-19T23:00Z", "2040-10-26T23:00Z"],
    "Pacific/Apia": ["2011-12-30T10:00Z"],
    "Pacific/Kwajalein": ["1993-08-21T12:00Z"],
    "America/Caracas": ["2007-12-09T07:00Z"],
}
expressions = st.builds(
    "0 {} {} * * *".format,
    st.sampled_from(["*", "0", "30", "59", "*/5", "0,30", "7/13"]),
    st.sampled_from(["*", "0-23", "0", "1", "2", "3", "0-2", "*/2", "1,23", "22-23", "0,12"]),
)
moments = st.sampled_from([(zone, change) for zone, changes in CLOCK_CHANGES.items() for change in changes])


def first_instants(zone_name: str, start: datetime, minutes: int) -> dict[datetime, datetime]:
    """By instant, minute by minute: what the wall clock of the zone shows, as a naive time."""
    zone = find_zone(zone_name)
    instants = (start + minute * MINUTE for minute in range(minutes))
    return {instant: instant.astimezone(zone).replace(tzinfo=None) for instant in instants}


def matcher(expression: str) -> Callable[[datetime], bool]:
    """Whether a naive minute matches."""
    pattern = read_pattern(expression)

    def matches(shown: datetime) -> bool:
        wall_time = int((shown.replace(tzinfo=UTC) - EPOCH).total_seconds())
        return pattern.next_match(wall_time) == wall_time

    return matches


@settings(max_examples=60, deadline=None)
@given(expressions, moments, st.integers(-1_600, 300))
def test_wall_fires_whenever_the_clock_shows_a_match(expression: str, moment: tuple[str, str], shift: int):
    """Against a walk through every minute around a clock change."""
    zone, change = moment
    start = datetime.fromisoformat(change) + shift * MINUTE
    shown = first_instants(zone, start + MINUTE, 3_000)
    matches = matcher(expression)
    wanted = [instant for instant, clock in shown.items() if matches(clock)]
    found = parse_schedule(expression, zone, WALL).fire_times_between(start, max(shown), 10_000)
    assert found == wanted


@settings(max_examples=60, deadline=None)
@given(expressions, moments, st.integers(-1_600, 300))
def test_times_of_day_fire_when_the_clock_first_reaches_them(
    expression: str, moment: tuple[str, str], shift: int
):
    """The rule in other words: a local time fires when the clock first shows it or anything later."""
    zone, change = moment
    schedule = parse_schedule(expression, zone, ONCE)
    start = datetime.fromisoformat(change) + shift * MINUTE
    shown = first_instants(zone, datetime.fromisoformat(change) - timedelta(days=2), 6_000)
    matches = matcher(expression)
    wanted, latest = set(), min(shown.values()) - MINUTE
    for instant, clock in shown.items():
        if read_pattern(expression).is_rhythm:
            wanted |= {instant} if matches(clock) else set()
        while latest < clock:
            latest += MINUTE
            wanted |= {instant} if matches(latest) and not read_pattern(expression).is_rhythm else set()
    found = schedule.fire_times_between(start, max(shown), 10_000)
    assert found == sorted(instant for instant in wanted if instant > start)


@pytest.mark.parametrize(
    ("expression", "after", "once", "wall"),
    [
        ("0 30 2 * * *", "2026-03-08T00:00-05:00", "2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"),
        ("0 0,30 2 * * *", "2026-03-08T03:00-04:00", "2026-03-09T02:00-04:00", "2026-03-09T02:00-04:00"),
        ("0 30 1 * * *", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00", "2026-11-01T01:30-05:00"),
        ("0 7 * * * *", "2026-11-01T01:07-04:00", "2026-11-01T01:07-05:00", "2026-11-01T01:07-05:00"),
        ("0 0 0 13 * FRI", "2026-01-01T00:00-05:00", "2026-02-13T00:00-05:00", "2026-02-13T00:00-05:00"),
    ],
)
def test_the_two_policies_differ_only_at_clock_changes(expression: str, after: str, once: str, wall: str):
    """New York, 8 March and 1 November 2026."""
    for policy, wanted in ((ONCE, once), (WALL, wall)):
        schedule = parse_schedule(expression, "America/New_York", policy)
        found = schedule.next_fire_time(datetime.fromisoformat(after))
        assert found == datetime.fromisoformat(wanted)
        assert found.tzinfo is UTC


def test_a_fraction_of_a_second_is_later_than_its_second():
    """Strictly later, and on whole seconds."""
    schedule, second = parse_schedule("* * * * * *", "UTC"), datetime(2026, 1, 1, tzinfo=UTC)
    assert schedule.next_fire_time(second - timedelta(microseconds=1)) == second
    assert schedule.next_fire_time(second + timedelta(microseconds=1)) == second + timedelta(seconds=1)


def test_fires_between_leave_out_the_start_and_keep_the_end():
    """The missed fires of a stretch: after < fire <= until, and never more than asked for."""
    schedule, noon = parse_schedule("0 0 * * * *", "UTC"), datetime(2026, 1, 1, 12, tzinfo=UTC)
    hours = [noon + timedelta(hours=hour) for hour in range(4)]
    assert schedule.fire_times_between(noon, hours[3], 100) == hours[1:]
    assert schedule.fire_times_between(noon, hours[3], 2) == hours[1:3]
    assert schedule.fire_times_between(noon, noon, 100) == []
    assert schedule.fire_times_between(noon, hours[3], 0) == []


def test_the_rarest_schedule_waits_forty_years():
    """29 February on a given weekday, across 2100, which is no leap year."""
    schedule = parse_schedule("0 0 0 29 2 MON", "UTC")
    assert schedule.fire_times(datetime(2072, 3, 1, tzinfo=UTC), 1) == [datetime(2112, 2, 29, tzinfo=UTC)]


@pytest.mark.parametrize("policy", [ONCE, WALL])
@pytest.mark.parametrize("expression", ["0 0 0 8 * MON#1", "0 0 0 29W 2 SUN", "* * * 1 * 7#5,1L"])
def test_a_schedule_that_never_fires_is_refused_when_it_is_set(expression: str, policy: ClockChangePolicy):
    """It can be read, so that a row with it can be shown, but there is no fire."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    schedule = parse_schedule(expression, "America/New_York", policy)
    assert schedule.fire_times(now, 3) == []
    with pytest.raises(InvalidSchedule, match="no fire in the next 50 years"):
        require_fires(schedule, now)
    require_fires(parse_schedule("0 0 0 * * *", "UTC"), now)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("policy", [ONCE, WALL])
def test_the_ends_of_the_calendar_are_no_error(zone: str, policy: ClockChangePolicy):
    """Any aware datetime may be asked about; past the last date there are no fires."""
    schedule = parse_schedule("0 0 0 1 1 *", zone, policy)
    assert schedule.next_fire_time(datetime.max.replace(tzinfo=UTC)) is None
    assert schedule.fire_times(datetime(9998, 6, 1, tzinfo=UTC), 5)[1:] == []
    first = schedule.next_fire_time(datetime.min.replace(tzinfo=UTC))
    assert first is None or first.year < 3
