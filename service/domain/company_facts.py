"""What a company reported, and the quarters in it: pure arithmetic on the facts of its filings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

import msgspec

ONE_DAY = timedelta(days=1)
DAYS_A_QUARTER = 91.3
UNITS = frozenset({"USD", "shares", "USD/shares"})


class Fact(msgspec.Struct, frozen=True):
    """One figure of one filing: of the day `end` alone, or of the days from `start` to `end`."""

    concept: str
    unit: str
    start: date | None
    end: date
    value: Decimal
    filed: date


class Period(NamedTuple):
    """The days from `start` to `end`, both included. Fiscal calendars of 52 or 53 weeks make them uneven."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1

    @property
    def is_quarter(self) -> bool:
        """Whether it is about three months."""
        return 80 <= self.days <= 100

    @property
    def is_year(self) -> bool:
        """Whether it is about twelve months."""
        return 350 <= self.days <= 380


class Figure(NamedTuple):
    """A value, and the day of the newest filing that it comes from."""

    value: Decimal
    filed: date


class CompanyFacts:
    """All facts of a company in US dollars, of which the latest filing of each counts."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._spans: dict[str, dict[Period, Figure]] = defaultdict(dict)
        self._days: dict[str, dict[date, Figure]] = defaultdict(dict)
        for fact in sorted(facts, key=lambda fact: fact.filed):
            if fact.unit not in UNITS:
                continue
            if fact.start is None:
                self._days[fact.concept][fact.end] = Figure(fact.value, fact.filed)
            else:
                self._spans[fact.concept][Period(fact.start, fact.end)] = Figure(fact.value, fact.filed)

    def spans(self, concepts: Sequence[str]) -> dict[Period, Figure]:
        """The figures of periods; where several of the concepts have one, that of the first."""
        merged: dict[Period, Figure] = {}
        for concept in reversed(concepts):
            merged |= self._spans.get(concept, {})
        return merged

    def days(self, concepts: Sequence[str]) -> dict[date, Figure]:
        """The figures of single days; where several of the concepts have one, that of the first."""
        merged: dict[date, Figure] = {}
        for concept in reversed(concepts):
            merged |= self._days.get(concept, {})
        return merged


def quarters_of_sums(reported: Mapping[Period, Figure]) -> dict[Period, Figure]:
    """Return the quarters of a figure that adds up over time, such as revenue.

    A quarter that was reported is taken as it is. The others follow from what was reported since the year
    began: the fourth is the year less nine months (or three quarters), and cash flows come no other way.
    """
    found = {period: figure for period, figure in reported.items() if period.is_quarter}
    since_start = dict(reported)
    for start in {period.start for period in reported}:
        for period, figure in running_sums(start, found).items():
            since_start.setdefault(period, figure)
    for rest in remainders(since_start):
        value = rest.whole.value - rest.part.value
        found.setdefault(rest.period, Figure(value, max(rest.whole.filed, rest.part.filed)))
    return found


def quarters_of_averages(reported: Mapping[Period, Figure]) -> dict[Period, Figure]:
    """Return the quarters of an average over time, such as the weighted number of shares.

    n quarters that average A, of which the first n - 1 average B, leave n * A - (n - 1) * B for the last.
    """
    found = {period: figure for period, figure in reported.items() if period.is_quarter}
    for rest in remainders(reported):
        value = rest.quarters * rest.whole.value - (rest.quarters - 1) * rest.part.value
        found.setdefault(rest.period, Figure(value, max(rest.whole.filed, rest.part.filed)))
    return found


class Remainder(NamedTuple):
    """The quarter `period` is what `whole`, of so many `quarters`, has more than `part`."""

    period: Period
    quarters: int
    whole: Figure
    part: Figure


def remainders(reported: Mapping[Period, Figure]) -> Iterator[Remainder]:
    """Yield each quarter that is left between two periods which begin on the same day."""
    by_start: dict[date, list[Period]] = defaultdict(list)
    for period in sorted(reported):
        by_start[period.start].append(period)
    for periods in by_start.values():
        for part, whole in combinations(periods, 2):
            rest = Period(part.end + ONE_DAY, whole.end)
            if rest.is_quarter:
                yield Remainder(rest, round(whole.days / DAYS_A_QUARTER), reported[whole], reported[part])


def running_sums(start: date, quarters: Mapping[Period, Figure]) -> dict[Period, Figure]:
    """Return the sums of two and of three successive quarters from `start` on."""
    by_start = {period.start: (period, figure) for period, figure in quarters.items()}
    sums: dict[Period, Figure] = {}
    value, filed, following = Decimal(0), date.min, start
    for count in (1, 2, 3):
        if following not in by_start:
            break
        period, figure = by_start[following]
        value, filed, following = value + figure.value, max(filed, figure.filed), period.end + ONE_DAY
        if count > 1:
            sums[Period(start, period.end)] = Figure(value, filed)
    return sums
