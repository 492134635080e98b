"""The market data jobs: of all tracked symbols the bars newer than stored, or missing in history."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import msgspec

from service.database.market_data import (
    BarKey,
    days_stored,
    latest_bar_times,
    record_failure,
    record_success,
    store_bars,
    symbols_tracking_bars,
)
from service.domain.errors import InvalidInput, NoSymbolsTracked, ProviderFault
from service.domain.execution import TriggeredBy
from service.domain.market_data import (
    INSTANT,
    Span,
    Timeframe,
    TrackedSymbol,
    missing_spans,
    span_of_days,
)
from service.domain.market_hours import NEW_YORK, is_market_open, trading_days, was_market_open
from service.handlers.providers import PROVIDERS, BarProvider
from service.handlers.registry import handler
from service.handlers.run import Run
from service.handlers.symbols import ENDS_THE_RUN, SymbolLoop, choose_symbols, describe, last_checkpoint

REMEDY = "insert into symbols (symbol) values ('AAPL')"

Names = Annotated[list[str], msgspec.Meta(min_length=1)]
Timeframes = Annotated[list[Timeframe], msgspec.Meta(min_length=1)]
LoadOne = Callable[[TrackedSymbol, Timeframe], Awaitable[None]]


class IncrementalParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which bars to load: of all tracked symbols and of every timeframe of the provider, unless named."""

    provider: str = "sample"
    symbols: Names | None = None
    timeframes: Timeframes | None = None


class BackfillParams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As `IncrementalParams`, of the New York days from `start` to `end`, or all that the provider has."""

    provider: str = "sample"
    symbols: Names | None = None
    timeframes: Timeframes | None = None
    start: date | None = None
    end: date | None = None


@handler("marketdata.incremental", params=IncrementalParams, overridable={"symbols", "timeframes"})
async def load_new_bars(run: Run[IncrementalParams]) -> None:
    """Load what is newer than the last stored bar of each symbol and timeframe.

    A scheduled run does nothing while the exchange is closed, if the provider keeps its hours.

    Raises:
        NoSymbolsTracked, AllSymbolsFailed, InvalidInput
    """
    provider = PROVIDERS.bars(run.params.provider)
    if provider.keeps_market_hours and not is_trading_run(run):
        run.log.info("market_closed", fire_time=str(run.fire_time))
        run.result = {"skipped": "the market is closed"}
        return
    timeframes = choose_timeframes(run, provider)
    symbols = await choose_bar_symbols(run)
    async with run.connection() as connection:
        latest = await latest_bar_times(connection, (each.symbol for each in symbols), timeframes)
    visible = await what_is_visible(run, provider, latest)

    async def load(symbol: TrackedSymbol, timeframe: Timeframe) -> None:
        last = latest.get((symbol.symbol, timeframe), visible.after)
        await load_span(run, provider, symbol.symbol, timeframe, Span(last, visible.through))
        await succeed(run, symbol.symbol, timeframe, visible.through, recount=False)

    await SymbolLoop(run, visible.through).each(symbols, every_timeframe(run, timeframes, load))


@handler("marketdata.backfill", params=BackfillParams, overridable={"symbols", "timeframes", "start", "end"})
async def load_missing_bars(run: Run[BackfillParams]) -> None:
    """Load the history of each symbol and timeframe, as far as it is not stored yet.

    Raises:
        NoSymbolsTracked, AllSymbolsFailed, InvalidInput
    """
    provider = PROVIDERS.bars(run.params.provider)
    timeframes = choose_timeframes(run, provider)
    symbols = await choose_bar_symbols(run)
    wanted = wanted_history(run.params, await provider.history())

    async def load(symbol: TrackedSymbol, timeframe: Timeframe) -> None:
        for span in await find_gaps(run, provider, symbol.symbol, timeframe, wanted):
            await load_span(run, provider, symbol.symbol, timeframe, span.meet(wanted))
        await succeed(run, symbol.symbol, timeframe, wanted.through, recount=True)

    await SymbolLoop(run, wanted.through).each(symbols, every_timeframe(run, timeframes, load))


def is_trading_run(run: Run[Any]) -> bool:
    """Whether the market trades at the fire; what a person asks for, and what is tried again, always runs.

    A caught-up run stands for many fires: it runs if the market was open at any time in its window.
    """
    if run.triggered_by is TriggeredBy.CATCH_UP and run.window_start and run.window_end:
        return was_market_open(run.window_start, run.window_end)
    if run.triggered_by in (TriggeredBy.SCHEDULE, TriggeredBy.CATCH_UP) and run.fire_time:
        return is_market_open(run.fire_time)
    return True


def choose_timeframes(run: Run[Any], provider: BarProvider) -> list[Timeframe]:
    """Return what of the wanted timeframes the provider offers, and show it as the run's context.

    Raises:
        InvalidInput: it offers none of them.
    """
    wanted: Sequence[Timeframe] = run.params.timeframes or provider.timeframes
    chosen = [each for each in provider.timeframes if each in wanted]
    if not chosen:
        offered = ", ".join(provider.timeframes)
        raise InvalidInput(
            "params.timeframes", f"provider {provider.name!r} offers none of {', '.join(wanted)}", offered
        )
    if missing := sorted(set(wanted) - set(chosen)):
        run.log.warning("timeframes_not_offered", provider=provider.name, timeframes=missing)
    run.timeframes = [each.value for each in chosen]
    return chosen


async def choose_bar_symbols(run: Run[Any]) -> list[TrackedSymbol]:
    """Return the symbols that the run is about.

    Raises:
        NoSymbolsTracked: none is named, and none is tracked.
        AllSymbolsFailed: none of those that are named has a row.
    """
    symbols = await choose_symbols(run, run.params.symbols, symbols_tracking_bars)
    if not symbols:
        raise NoSymbolsTracked("bars", REMEDY)
    return symbols


async def what_is_visible(run: Run[Any], provider: BarProvider, latest: Mapping[BarKey, datetime]) -> Span:
    """Return what the run can see; an attempt that continues another sees no more than the first one did."""
    visible = await provider.news(max(latest.values(), default=None))
    earlier = last_checkpoint(run)
    return visible if earlier is None or earlier.through is None else Span(visible.after, earlier.through)


def wanted_history(params: BackfillParams, history: Span) -> Span:
    """Return what of the provider's history is wanted.

    Raises:
        InvalidInput: `end` lies before `start`.
    """
    first, last = days_of(history)
    first, last = params.start or first, params.end or last
    if last < first:
        raise InvalidInput("params.end", f"the backfill would end ({last}) before it starts ({first})")
    return history.meet(span_of_days(first, last))


def days_of(span: Span) -> tuple[date, date]:
    """Return the first and the last New York day of the span."""
    return (span.after + INSTANT).astimezone(NEW_YORK).date(), span.through.astimezone(NEW_YORK).date()


async def find_gaps(
    run: Run[Any], provider: BarProvider, symbol: str, timeframe: Timeframe, wanted: Span
) -> list[Span]:
    """Return where the stored bars of one symbol and timeframe lack trading days."""
    async with run.connection() as connection:
        stored = await days_stored(connection, symbol, timeframe, wanted)
    return missing_spans(list(trading_days(*days_of(wanted))), stored, timeframe, provider.page_size)


async def load_span(
    run: Run[Any], provider: BarProvider, symbol: str, timeframe: Timeframe, span: Span
) -> None:
    """Store the provider's bars within the span, a transaction a page."""
    if span.is_empty:
        return
    async for page in provider.bars(symbol, timeframe, span):
        async with run.transaction() as connection:
            stored = await store_bars(connection, page)
        run.count(data_points_stored=stored.written)


async def succeed(
    run: Run[Any], symbol: str, timeframe: Timeframe, through: datetime, *, recount: bool
) -> None:
    """Record that one symbol and timeframe is complete up to `through`."""
    async with run.transaction() as connection:
        await record_success(connection, symbol, timeframe, through, recount=recount)


def every_timeframe(
    run: Run[Any], timeframes: Sequence[Timeframe], load: LoadOne
) -> Callable[[TrackedSymbol], Awaitable[None]]:
    """Return what loads a symbol in all timeframes: one that fails is recorded, and the others go on.

    The result raises ProviderFault with all that failed.
    """

    async def load_symbol(symbol: TrackedSymbol) -> None:
        faults: list[str] = []
        for timeframe in timeframes:
            try:
                await load(symbol, timeframe)
            except ENDS_THE_RUN:
                raise
            except Exception as fault:
                faults.append(f"{timeframe}: {describe(fault)}")
                async with run.transaction() as connection:
                    await record_failure(connection, symbol.symbol, timeframe, describe(fault))
        if faults:
            raise ProviderFault("; ".join(faults))

    return load_symbol
