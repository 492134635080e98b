"""The fundamentals jobs: quarterly, annual and trailing rows of all tracked companies, from their filings."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated

import msgspec

from service.database.fundamentals import fundamentals_stored, store_fundamentals
from service.database.market_data import closes_at, symbols_tracking_fundamentals
from service.domain.errors import NoSymbolsTracked, ProviderFault
from service.domain.fundamentals import FundamentalsRow, PeriodKey, changed_rows, derive_rows, with_closes
from service.domain.market_data import TrackedSymbol
from service.handlers.providers import PROVIDERS
from service.handlers.registry import handler
from service.handlers.run import Run
from service.handlers.symbols import SymbolLoop, choose_symbols

REMEDY = "insert into symbols (symbol, cik, tracks_fundamentals) values ('SNOW', '0001640147', true)"

Pick = Callable[[Sequence[FundamentalsRow], Mapping[PeriodKey, date]], Sequence[FundamentalsRow]]


class FundamentalsParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose fundamentals to load: those of all companies that are tracked for it, unless named."""

    provider: str = "sample"
    symbols: Annotated[list[str], msgspec.Meta(min_length=1)] | None = None


@handler("fundamentals.incremental", params=FundamentalsParams, overridable={"symbols"})
async def load_new_fundamentals(run: Run[FundamentalsParams]) -> None:
    """Store the periods later than the last stored one, and those that a later filing has restated.

    Raises:
        NoSymbolsTracked, AllSymbolsFailed, InvalidInput
    """
    await load_fundamentals(run, changed_rows)


@handler("fundamentals.backfill", params=FundamentalsParams, overridable={"symbols"})
async def load_all_fundamentals(run: Run[FundamentalsParams]) -> None:
    """Store every period that the filings tell of.

    Raises:
        NoSymbolsTracked, AllSymbolsFailed, InvalidInput
    """
    await load_fundamentals(run, lambda rows, _: rows)


async def load_fundamentals(run: Run[FundamentalsParams], pick: Pick) -> None:
    """Derive each company's rows and store those that `pick` returns, given all and what is stored."""
    provider = PROVIDERS.fundamentals(run.params.provider)
    symbols = await choose_symbols(run, run.params.symbols, symbols_tracking_fundamentals)
    if not symbols:
        raise NoSymbolsTracked("fundamentals", REMEDY)

    async def load(symbol: TrackedSymbol) -> None:
        derived = derive_rows(symbol.symbol, await provider.company_facts(symbol))
        if not derived:
            raise ProviderFault("the company facts hold no quarter and no year")
        async with run.connection() as connection:
            rows = pick(derived, await fundamentals_stored(connection, symbol.symbol))
            closes = await closes_at(connection, symbol.symbol, {row.period.end for row in rows})
        async with run.transaction() as connection:
            stored = await store_fundamentals(connection, with_closes(rows, closes), provider.name)
        run.count(data_points_stored=stored)

    await SymbolLoop(run).each(symbols, load)
