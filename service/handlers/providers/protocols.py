"""What a provider of market data or fundamentals offers: the sample feed and a live one do the same."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from service.domain.company_facts import CompanyFacts
from service.domain.market_data import Bar, Span, Timeframe, TrackedSymbol


class BarProvider(Protocol):
    """A source of bars. One instance serves many runs at once."""

    name: str
    """Its name in the jobs' `provider` parameter and in the column `source`."""

    timeframes: tuple[Timeframe, ...]
    """What it offers."""

    keeps_market_hours: bool
    """Whether scheduled runs make sense only while the exchange trades."""

    page_size: int
    """The most bars of one page."""

    async def history(self) -> Span:
        """Return what a backfill can see."""
        ...

    async def news(self, last_stored: datetime | None) -> Span:
        """Return what an incremental run can see when `last_stored` begins the newest bar of all its symbols.

        A symbol without any bar begins after `after`; one with bars, after its own last bar.
        """
        ...

    def bars(self, symbol: str, timeframe: Timeframe, span: Span) -> AsyncIterator[list[Bar]]:
        """Yield the bars that begin within the span, oldest first, page by page; no page is empty.

        Page tokens, and backing off from a limit (429), stay in here; each request has a timeout.

        Raises:
            UnknownSymbol: the provider does not have the symbol.
            ProviderFault: it could not serve this symbol now.
        """
        ...


class FundamentalsProvider(Protocol):
    """A source of what companies report. One instance serves many runs at once."""

    name: str
    """Its name in the jobs' `provider` parameter and in the column `source`."""

    async def company_facts(self, symbol: TrackedSymbol) -> CompanyFacts:
        """Return every fact of every filing that the provider has of this company.

        Raises:
            UnknownSymbol: the provider does not have the company.
            ProviderFault: it could not serve this company now.
        """
        ...
