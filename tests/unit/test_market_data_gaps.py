"""Where the stored bars lack trading days."""

from datetime import date

from service.domain.market_data import Timeframe, missing_spans, span_of_days

DAYS = [date(2012, 12, day) for day in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14)]


def test_nothing_is_asked_for_where_every_day_is_stored():
    """A second backfill asks the provider for nothing."""
    assert missing_spans(DAYS, DAYS, Timeframe.DAY_1, 10_000) == []


def test_everything_is_asked_for_where_nothing_is_stored():
    """A first backfill is one request, from the first day to the last."""
    assert missing_spans(DAYS, [], Timeframe.DAY_1, 10_000) == [span_of_days(DAYS[0], DAYS[-1])]


def test_stretches_a_page_apart_are_asked_for_one_by_one():
    """What is stored between two stretches is skipped where it fills a page."""
    stored = [*DAYS[1:4], *DAYS[5:]]
    assert missing_spans(DAYS, stored, Timeframe.DAY_1, 2) == [
        span_of_days(DAYS[0], DAYS[0]),
        span_of_days(DAYS[4], DAYS[4]),
    ]
    assert missing_spans(DAYS, stored, Timeframe.DAY_1, 10_000) == [span_of_days(DAYS[0], DAYS[4])]


def test_days_beside_a_stretch_of_minutes_are_asked_for_too():
    """A load that broke off in the middle of a day left that day half stored."""
    assert missing_spans(DAYS, DAYS[:5], Timeframe.MIN_1, 10_000) == [span_of_days(DAYS[4], DAYS[-1])]


def test_bars_longer_than_a_day_are_asked_for_whole():
    """A week has one bar, so its other days say nothing."""
    assert missing_spans(DAYS, DAYS[:1], Timeframe.WEEK_1, 10_000) == [span_of_days(DAYS[0], DAYS[-1])]
