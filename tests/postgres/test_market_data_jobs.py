"""The market data jobs on the sample feed and on a real database."""

import asyncio
from datetime import UTC, date, datetime

import pytest
import structlog

import service.handlers.marketdata  # noqa: F401 - declares the handlers
from service.database.market_data import seed_sample_symbols
from service.domain.errors import AllSymbolsFailed, InvalidInput, LeaseLost, NoSymbolsTracked
from service.domain.execution import TriggeredBy
from service.domain.market_data import Timeframe
from service.domain.market_hours import day_start
from service.handlers.providers import PROVIDERS
from service.handlers.providers.sample import SampleBars
from tests.support.runs import handler_runs

BACKFILL, INCREMENTAL = "marketdata.backfill", "marketdata.incremental"
ALL_BARS, HISTORY_BARS = 12_154, 11_949
DAYS_AFTER_HISTORY = 41
CONTENT = "select md5(string_agg(bars::text, '|' order by symbol, timestamp)) from market_data as bars"
PER_DAY = """
    select (timestamp at time zone 'America/New_York')::date, count(*)
      from market_data group by 1 order by 1
"""
STATUSES = "select status, last_bar_time, record_count from symbol_data_status order by symbol"
LAST_DAYS = """
    select symbol, max(timestamp at time zone 'America/New_York')::date from market_data group by 1 order by 1
"""


class DaytimeFeed(SampleBars):
    """The sample's days, as a feed that keeps market hours would serve them."""

    name = "hours"
    keeps_market_hours = True


class CountingFeed(SampleBars):
    """The sample feed, remembering what it was asked for."""

    name = "counting"

    def __init__(self):
        self.asked = []

    async def bars(self, symbol, timeframe, span):
        self.asked.append((symbol, span))
        async for page in super().bars(symbol, timeframe, span):
            yield page


class BrokenFeed(SampleBars):
    """The sample feed, raising what a test wants for one symbol."""

    name = "broken"

    def __init__(self, symbol, fault):
        self.symbol, self.fault = symbol, fault

    async def bars(self, symbol, timeframe, span):
        if symbol == self.symbol:
            raise self.fault
        async for page in super().bars(symbol, timeframe, span):
            yield page


@pytest.fixture
async def runs(database_url):
    """Runs on a database that tracks the sample symbols."""
    async with handler_runs(database_url) as runs:
        async with runs.connection() as connection:
            await seed_sample_symbols(connection)
        yield runs


async def test_a_backfill_loads_history_to_the_end_of_2012(runs):
    """The first backfill stores the history of all five companies, and counts it."""
    run = await runs.run(BACKFILL)
    assert (run.symbols_processed, run.data_points_stored, run.error_count) == (5, HISTORY_BARS, 0)
    assert await runs.value("select count(*) from market_data") == HISTORY_BARS
    assert run.timeframes == ["1Day"]
    assert {day for _, day in await runs.fetch(LAST_DAYS)} == {date(2012, 12, 31)}
    assert runs.progress[0] == (0, 5, "AAPL")
    assert runs.progress[-1] == (5, 5, None)


async def test_a_stored_bar_is_the_real_one(runs):
    """Facebook's first day of trading, to the cent."""
    await runs.run(BACKFILL, {"symbols": ["FB"]})
    [bar] = await runs.fetch(
        "select open, high, low, close, volume, source from market_data where timestamp = $1",
        day_start(date(2012, 5, 18)),
    )
    assert [str(each) for each in bar] == ["42.05", "45.0", "38.0", "38.2318", "573576400", "sample"]


async def test_a_backfill_run_twice_stores_the_same_rows(runs):
    """The second run stores nothing and touches nothing, the collection time included."""
    await runs.run(BACKFILL)
    before = await runs.value(CONTENT)
    run = await runs.run(BACKFILL)
    assert (run.symbols_processed, run.data_points_stored) == (5, 0)
    assert await runs.value(CONTENT) == before


async def test_a_backfill_asks_only_for_what_is_missing(runs):
    """Of thirteen years with a hole of two days, it asks for the hole, and fills it."""
    PROVIDERS.add_bars(feed := CountingFeed())
    await runs.run(BACKFILL, {"symbols": ["IBM"]})
    hole = (day_start(date(2008, 9, 15)), day_start(date(2008, 9, 16)))
    await runs.execute("delete from market_data where timestamp = any($1)", list(hole))
    run = await runs.run(BACKFILL, {"symbols": ["IBM"], "provider": "counting"})
    [(_, span)] = feed.asked
    assert span.after < hole[0] < hole[1] <= span.through < day_start(date(2008, 9, 17))
    assert run.data_points_stored == 2
    assert await runs.fetch("select record_count from symbol_data_status") == [(3_229,)]


async def test_a_backfill_keeps_to_the_wanted_days(runs):
    """Start and end are days, both included, however far the history reaches."""
    wanted = {"symbols": ["AAPL"], "start": "2004-08-19", "end": "2004-08-20"}
    run = await runs.run(BACKFILL, wanted)
    assert run.data_points_stored == 2
    with pytest.raises(InvalidInput, match="before it starts"):
        await runs.run(BACKFILL, wanted | {"end": "2004-08-18"})


async def test_each_incremental_run_stores_one_trading_day_until_the_data_end(runs):
    """Run after run adds one day of all five companies, to 2013-03-01; then it succeeds, storing nothing."""
    await runs.run(BACKFILL)
    stored = [(await runs.run(INCREMENTAL)).data_points_stored for _ in range(DAYS_AFTER_HISTORY + 2)]
    assert stored == [5] * DAYS_AFTER_HISTORY + [0, 0]
    assert await runs.value("select count(*) from market_data") == ALL_BARS
    statuses = await runs.fetch(STATUSES)
    assert [row[2] for row in statuses] == [3_270, 196, 2_148, 3_270, 3_270]
    assert {row[:2] for row in statuses} == {("ACTIVE", day_start(date(2013, 3, 1)))}


async def test_an_incremental_run_with_nothing_stored_begins_at_the_end_of_history(runs):
    """The first run stores the last day of history, the second the first day of 2013."""
    for _ in range(2):
        assert (await runs.run(INCREMENTAL)).data_points_stored == 5
    assert await runs.fetch(PER_DAY) == [(date(2012, 12, 31), 5), (date(2013, 1, 2), 5)]


async def test_a_backfill_after_incremental_runs_fills_what_lies_before(runs):
    """What came one by one is left alone; the thirteen years before it are loaded."""
    for _ in range(3):
        await runs.run(INCREMENTAL)
    run = await runs.run(BACKFILL)
    assert run.data_points_stored == HISTORY_BARS - 5
    assert await runs.value("select count(*) from market_data") == HISTORY_BARS + 2 * 5


async def test_symbols_that_lag_catch_up_to_the_same_day(runs):
    """Two runs of Facebook alone put it ahead; the next run of all brings all to the same day."""
    await runs.run(BACKFILL)
    for _ in range(2):
        await runs.run(INCREMENTAL, {"symbols": ["FB"]})
    run = await runs.run(INCREMENTAL)
    assert run.data_points_stored == 4 * 3 + 1
    assert {day for _, day in await runs.fetch(LAST_DAYS)} == {date(2013, 1, 4)}


async def test_one_bad_symbol_does_not_stop_the_rest(runs):
    """A symbol that the provider does not know is one error; the five others are stored."""
    await runs.execute("insert into symbols (symbol) values ('BAD')")
    for failures in (1, 2):
        run = await runs.run(INCREMENTAL)
        assert (run.symbols_processed, run.data_points_stored, run.error_count) == (5, 5, 1)
        assert run.error_details == ["BAD: 1Day: provider 'sample' does not know the symbol 'BAD'"]
        [status] = await runs.fetch(
            "select status, consecutive_failures, last_error from symbol_data_status where symbol = 'BAD'"
        )
        assert status == ("FAILED", failures, "provider 'sample' does not know the symbol 'BAD'")


async def test_a_run_logs_what_it_has_loaded(runs):
    """One line, whatever failed."""
    PROVIDERS.add_bars(BrokenFeed("IBM", RuntimeError("broken")))
    with structlog.testing.capture_logs() as lines:
        run = await runs.run(BACKFILL, {"provider": "broken"})
    [line] = [line for line in lines if line["event"] == "symbols_loaded"]
    assert (line["symbols"], line["failed"]) == (4, 1)
    assert line["data_points_stored"] == run.data_points_stored > 0


async def test_a_success_clears_the_failures(runs):
    """A symbol that works again is ACTIVE, with no failure left."""
    PROVIDERS.add_bars(BrokenFeed("IBM", TimeoutError("too slow")))
    run = await runs.run(INCREMENTAL, {"provider": "broken"})
    assert run.error_details == ["IBM: 1Day: TimeoutError: too slow"]
    await runs.run(INCREMENTAL)
    query = "select status, consecutive_failures, last_error, record_count from symbol_data_status"
    assert await runs.fetch(f"{query} where symbol = 'IBM'") == [("ACTIVE", 0, None, 2)]


async def test_bars_that_contradict_themselves_fail_their_symbol_alone(runs):
    """A bar whose high is not the highest is refused by the table, with nothing of its page stored."""
    await runs.execute("alter table market_data add check (symbol <> 'GOOG' or close < 300)")
    run = await runs.run(BACKFILL, {"start": "2005-01-03", "end": "2005-12-30"})
    assert run.symbols_processed == 4
    assert "violates check constraint" in run.error_details[0]
    assert await runs.value("select count(*) from market_data where symbol = 'GOOG'") == 0


@pytest.mark.parametrize("handler", [BACKFILL, INCREMENTAL])
async def test_a_run_in_which_all_symbols_fail_fails(runs, handler):
    """A run that could do nothing is no success."""
    await runs.execute("insert into symbols (symbol) values ('BAD'), ('WORSE')")
    with pytest.raises(AllSymbolsFailed, match="all 2 symbols failed"):
        await runs.run(handler, {"symbols": ["BAD", "WORSE"]})
    with pytest.raises(AllSymbolsFailed, match="no such row in symbols"):
        await runs.run(handler, {"symbols": ["NEVER"]})


async def test_a_run_without_any_tracked_symbol_says_what_to_insert(runs):
    """An empty table of symbols is an error that names the remedy."""
    await runs.execute("update symbols set active = false")
    with pytest.raises(NoSymbolsTracked, match="insert into symbols"):
        await runs.run(INCREMENTAL)


async def test_a_lost_lease_ends_the_run(runs):
    """It is no symbol's fault, and no other symbol is tried."""
    PROVIDERS.add_bars(BrokenFeed("FB", LeaseLost(runs.new(BACKFILL).execution_id)))
    with pytest.raises(LeaseLost):
        await runs.run(INCREMENTAL, {"provider": "broken"})
    assert [symbol for symbol, _ in await runs.fetch(LAST_DAYS)] == ["AAPL"]


async def test_a_later_attempt_does_what_is_left_and_sees_no_more(runs):
    """After a crash at the third symbol, the next attempt loads three, for the same day as the first two."""
    await runs.run(BACKFILL)
    PROVIDERS.add_bars(BrokenFeed("GOOG", LeaseLost(runs.new(BACKFILL).execution_id)))
    first = runs.new(INCREMENTAL, {"provider": "broken"})
    with pytest.raises(LeaseLost):
        await runs.work(first)
    again = await runs.run(INCREMENTAL, checkpoint=runs.checkpoints[-1])
    assert (again.symbols_processed, again.data_points_stored) == (3, 3)
    assert {day for _, day in await runs.fetch(LAST_DAYS)} == {date(2013, 1, 2)}


async def test_an_execution_that_is_handed_over_counts_on(runs):
    """The same execution on another replica counts what it did before it moved."""
    PROVIDERS.add_bars(BrokenFeed("GOOG", LeaseLost(runs.new(BACKFILL).execution_id)))
    first = runs.new(INCREMENTAL, {"provider": "broken"})
    with pytest.raises(LeaseLost):
        await runs.work(first)
    again = await runs.run(INCREMENTAL, checkpoint=runs.checkpoints[-1], execution_id=first.execution_id)
    assert (again.symbols_processed, again.data_points_stored) == (5, 5)


async def test_a_later_attempt_tries_failed_symbols_again(runs):
    """A symbol that failed before the crash is among what is left."""
    PROVIDERS.add_bars(BrokenFeed("AAPL", TimeoutError("too slow")))
    await runs.run(INCREMENTAL, {"provider": "broken"})
    again = await runs.run(INCREMENTAL, checkpoint=runs.checkpoints[-1])
    assert (again.symbols_processed, again.data_points_stored) == (1, 1)


async def test_a_timeframe_that_the_provider_lacks_is_named(runs):
    """Minutes of daily data are an error that says what there is; beside days they are left out."""
    with pytest.raises(InvalidInput, match="offers none of 1Min"):
        await runs.run(INCREMENTAL, {"timeframes": ["1Min"]})
    run = await runs.run(INCREMENTAL, {"timeframes": ["1Min", "1Day"]})
    assert run.timeframes == [Timeframe.DAY_1]


@pytest.mark.parametrize(
    ("provider", "triggered_by", "fire_time", "stored"),
    [
        ("hours", TriggeredBy.SCHEDULE, datetime(2026, 1, 14, 15, tzinfo=UTC), 5),
        ("hours", TriggeredBy.SCHEDULE, datetime(2026, 1, 14, 23, tzinfo=UTC), 0),
        ("hours", TriggeredBy.MANUAL, None, 5),
        ("sample", TriggeredBy.SCHEDULE, datetime(2026, 1, 14, 23, tzinfo=UTC), 5),
    ],
)
async def test_market_hours_bind_scheduled_runs_of_a_live_feed_alone(
    runs, provider, triggered_by, fire_time, stored
):
    """At night a scheduled run does nothing; a person's does, and the sample feed knows no night."""
    PROVIDERS.add_bars(DaytimeFeed())
    run = await runs.run(INCREMENTAL, {"provider": provider}, triggered_by=triggered_by, fire_time=fire_time)
    assert run.data_points_stored == stored


async def test_a_caught_up_run_stands_for_the_hours_in_its_window(runs):
    """Late in the evening it still loads, if the market was open in what it has to cover."""
    PROVIDERS.add_bars(DaytimeFeed())
    evening = datetime(2026, 1, 14, 23, tzinfo=UTC)
    run = await runs.run(
        INCREMENTAL,
        {"provider": "hours"},
        triggered_by=TriggeredBy.CATCH_UP,
        fire_time=evening,
        window=(datetime(2026, 1, 14, 20, tzinfo=UTC), evening),
    )
    assert run.data_points_stored == 5


async def test_two_loads_at_once_store_the_same_rows(runs):
    """A backfill beside another of the same symbols neither fails nor stores a bar twice."""
    first, second = await asyncio.gather(runs.run(BACKFILL), runs.run(BACKFILL))
    assert (first.error_count, second.error_count) == (0, 0)
    assert await runs.value("select count(*) from market_data") == HISTORY_BARS
