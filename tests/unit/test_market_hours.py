"""When the New York Stock Exchange trades."""

from datetime import UTC, date, datetime, timedelta

import pytest

from service.domain.market_hours import (
    day_start,
    holidays,
    is_market_open,
    is_trading_day,
    trading_days,
    was_market_open,
)
from service.handlers.providers.sample import read_daily_bars

# Source: NYSE Group's release of 2024-11-08 for 2025 to 2027; its calendar of 2024, and a day of mourning.
PUBLISHED = {
    2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
    2025: "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_holidays_are_those_that_the_exchange_published(year):
    """The rules give the published calendar, holidays moved from a weekend included."""
    assert sorted(holidays(year)) == [date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[year].split()]


def test_trading_days_are_those_on_which_shares_were_traded():
    """Over thirteen years, the rules and the closures name exactly the days that have a bar."""
    traded = [bar.timestamp for bar in read_daily_bars()["IBM"]]
    assert [day_start(day) for day in trading_days(date(2000, 3, 1), date(2013, 3, 1))] == traded


def test_a_new_year_on_saturday_is_not_moved():
    """The exchange trades on Friday, December 31, 2021."""
    assert is_trading_day(date(2021, 12, 31))
    assert is_trading_day(date(2022, 1, 3))


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        ("2026-01-14T14:29:59", False),  # winter: New York is five hours behind
        ("2026-01-14T14:30:00", True),
        ("2026-01-14T21:00:00", True),
        ("2026-01-14T21:00:01", False),
        ("2026-07-15T13:29:59", False),  # summer: four hours
        ("2026-07-15T13:30:00", True),
        ("2026-07-15T20:00:00", True),
        ("2026-07-15T20:00:01", False),
        ("2026-03-06T14:00:00", False),  # the Friday before the clocks go forward
        ("2026-03-09T14:00:00", True),  # the Monday after it
        ("2026-10-30T14:00:00", True),  # the Friday before they go back
        ("2026-11-02T14:00:00", False),
        ("2026-01-17T15:00:00", False),  # Saturday
        ("2026-11-26T15:00:00", False),  # Thanksgiving
    ],
)
def test_the_market_is_open_by_new_york_time(instant, is_open):
    """09:30 to 16:00 in New York, whatever the season and the weekday."""
    assert is_market_open(datetime.fromisoformat(instant).replace(tzinfo=UTC)) is is_open


def test_a_window_that_touches_trading_hours_was_open():
    """A night was not open; a night with the first minute of the day was."""
    closed, opened = (
        datetime(2026, 1, 14, 21, tzinfo=UTC),
        datetime(2026, 1, 15, 14, 30, tzinfo=UTC),
    )
    assert not was_market_open(closed, opened - timedelta(seconds=1))
    assert was_market_open(closed, opened)
    assert was_market_open(closed - timedelta(seconds=1), closed)
    assert not was_market_open(datetime(2026, 1, 16, 22, tzinfo=UTC), datetime(2026, 1, 19, 22, tzinfo=UTC))
