"""Market data in our words: timeframe, bar, the span a run asks for, the gaps in what is stored."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec

from service.domain.market_hours import ONE_DAY, day_start

INSTANT = timedelta(microseconds=1)


class Timeframe(StrEnum):
    """How long a bar lasts, in the spelling of the tables and of the data vendors."""

    MIN_1 = "1Min"
    MIN_5 = "5Min"
    MIN_15 = "15Min"
    MIN_30 = "30Min"
    HOUR_1 = "1Hour"
    HOUR_4 = "4Hour"
    DAY_1 = "1Day"
    WEEK_1 = "1Week"
    MONTH_1 = "1Month"

    @property
    def stale_after(self) -> timedelta:
        """How far the newest bar may lie behind what the provider shows: past the longest holiday weekend."""
        return {
            Timeframe.DAY_1: timedelta(days=7),
            Timeframe.WEEK_1: timedelta(days=21),
            Timeframe.MONTH_1: timedelta(days=70),
        }.get(self, timedelta(days=5))

    @property
    def bars_a_day(self) -> int | None:
        """The most bars of one trading day; None where a bar lasts longer than a day."""
        return {
            Timeframe.MIN_1: 390,
            Timeframe.MIN_5: 78,
            Timeframe.MIN_15: 26,
            Timeframe.MIN_30: 13,
            Timeframe.HOUR_1: 7,
            Timeframe.HOUR_4: 3,
            Timeframe.DAY_1: 1,
        }.get(self)


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar. `timestamp` is the aware instant it begins; a daily bar begins at midnight in New York."""

    symbol: str
    timeframe: Timeframe
    timestamp: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    vwap: Decimal | None = None
    trade_count: int | None = None
    source: str


class TrackedSymbol(msgspec.Struct, frozen=True):
    """A row of `symbols`, as far as loading its data needs it; `cik` is the SEC's key, ten digits."""

    symbol: str
    cik: str | None = None


class Span(msgspec.Struct, frozen=True):
    """The instants later than `after` and not later than `through`, both aware."""

    after: datetime
    through: datetime

    @property
    def is_empty(self) -> bool:
        """Whether no instant lies in it."""
        return self.after >= self.through

    def meet(self, other: "Span") -> "Span":
        """Return what lies in both."""
        return Span(max(self.after, other.after), min(self.through, other.through))


class Stored(NamedTuple):
    """What storing a batch changed: rows `written` (new or different), of them `inserted` (new)."""

    written: int
    inserted: int


def span_of_days(first: date, last: date) -> Span:
    """Return the span of whole New York days from `first` to `last`, both included."""
    return Span(day_start(first) - INSTANT, day_start(last + ONE_DAY) - INSTANT)


def missing_spans(
    days: Sequence[date], stored: Iterable[date], timeframe: Timeframe, page_size: int
) -> list[Span]:
    """Return the spans to ask a provider for, so that no trading day in `days` (ascending) lacks bars.

    Stretches of missing days with less than a page of stored bars between them become one span: a request
    costs a page anyhow. In timeframes shorter than a day, the days beside a stretch belong to it, for one of
    them may be half stored where a load broke off. Bars longer than a day are few: all are asked for.
    """
    if not days:
        return []
    a_day = timeframe.bars_a_day
    if a_day is None:
        return [span_of_days(days[0], days[-1])]
    known, beside = set(stored), 0 if a_day == 1 else 1
    ranges: list[tuple[int, int]] = []
    for index in (index for index, day in enumerate(days) if day not in known):
        if ranges and (index - ranges[-1][1]) * a_day <= page_size:
            ranges[-1] = (ranges[-1][0], index)
        else:
            ranges.append((index, index))
    final = len(days) - 1
    return [
        span_of_days(days[max(first - beside, 0)], days[min(last + beside, final)]) for first, last in ranges
    ]
