"""The sample feed: real bars and company facts from the package's files, served as a live feed would."""

import asyncio
import csv
import gzip
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from service.domain.company_facts import CompanyFacts
from service.domain.errors import UnknownSymbol
from service.domain.market_data import INSTANT, Bar, Span, Timeframe, TrackedSymbol
from service.domain.market_hours import ONE_DAY, day_start
from service.handlers.providers.edgar import read_company_facts

DATA = files("service.handlers") / "sample_data"
NAME = "sample"

HISTORY_END = date(2012, 12, 31)
"""A backfill sees the days up to this one; the days after it come one by one, as if they happened."""


class SampleBars:
    """Daily bars of five companies; each incremental run sees one trading day more, to the end of the data.

    How far the feed has come is not kept anywhere: it follows from the newest stored bar, so that replicas,
    restarts and repeated runs agree on it.
    """

    name = NAME
    timeframes: tuple[Timeframe, ...] = (Timeframe.DAY_1,)
    keeps_market_hours = False
    page_size = 1_000

    async def history(self) -> Span:
        """From the first day of the data to 2012-12-31."""
        first = (await self._trading_days())[0]
        return Span(first - INSTANT, day_start(HISTORY_END))

    async def news(self, last_stored: datetime | None) -> Span:
        """One trading day more than is stored; with nothing stored, 2012-12-31 alone."""
        days = await self._trading_days()
        beginning = day_start(HISTORY_END - ONE_DAY)
        seen = last_stored or beginning
        following = bisect_right(days, seen)
        return Span(min(beginning, seen), days[min(following, len(days) - 1)])

    async def bars(self, symbol: str, timeframe: Timeframe, span: Span) -> AsyncIterator[list[Bar]]:
        bars = (await asyncio.to_thread(read_daily_bars)).get(symbol)
        if bars is None or timeframe not in self.timeframes:
            raise UnknownSymbol(self.name, symbol)
        first = bisect_right(bars, span.after, key=begins)
        end = bisect_right(bars, span.through, key=begins)
        for start in range(first, end, self.page_size):
            yield list(bars[start : min(start + self.page_size, end)])

    async def _trading_days(self) -> Sequence[datetime]:
        bars = await asyncio.to_thread(read_daily_bars)
        return [bar.timestamp for bar in max(bars.values(), key=len)]


class SampleFundamentals:
    """What Snowflake Inc. reported to the SEC, from its first filing in 2020 to May 2025."""

    name = NAME

    async def company_facts(self, symbol: TrackedSymbol) -> CompanyFacts:
        facts = None if symbol.cik is None else await asyncio.to_thread(read_facts_file, symbol.cik)
        if facts is None:
            raise UnknownSymbol(self.name, symbol.symbol)
        return facts


def begins(bar: Bar) -> datetime:
    """Return what bars are sorted by."""
    return bar.timestamp


@cache
def read_daily_bars() -> Mapping[str, Sequence[Bar]]:
    """Read all sample bars by symbol, oldest first; takes a tenth of a second, so in a thread, and once."""
    found: dict[str, list[Bar]] = defaultdict(list)
    text = gzip.decompress((DATA / "daily_bars.csv.gz").read_bytes()).decode("ascii")
    for row in csv.DictReader(text.splitlines()):
        found[row["symbol"]].append(
            Bar(
                symbol=row["symbol"],
                timeframe=Timeframe.DAY_1,
                timestamp=day_start(date.fromisoformat(row["date"])),
                open=Decimal(row["open"]),
                high=Decimal(row["high"]),
                low=Decimal(row["low"]),
                close=Decimal(row["close"]),
                volume=int(row["volume"]),
                source=NAME,
            )
        )
    return {symbol: sorted(bars, key=begins) for symbol, bars in found.items()}


@cache
def read_facts_file(cik: str) -> CompanyFacts | None:
    """Read the sample company facts of one company; None if there are none."""
    file = DATA / f"companyfacts_CIK{cik}.json.gz"
    return read_company_facts(gzip.decompress(file.read_bytes())) if file.is_file() else None
