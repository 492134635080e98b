"""The fundamentals jobs on the sample company facts and on a real database."""

from datetime import date
from decimal import Decimal

import pytest

import service.handlers.fundamentals  # noqa: F401 - declares the handlers
from service.database.fundamentals import COLUMNS
from service.database.market_data import seed_sample_symbols
from service.domain.errors import AllSymbolsFailed, NoSymbolsTracked
from tests.support.runs import handler_runs

BACKFILL, INCREMENTAL = "fundamentals.backfill", "fundamentals.incremental"
ROWS = 50
CONTENT = """
    select md5(string_agg(rows::text, '|' order by fiscal_period_end, period_type))
      from company_fundamentals as rows
"""
OF_PERIOD = """
    select revenue, net_income from company_fundamentals
     where symbol = 'SNOW' and fiscal_period_end = $1 and period_type = $2
"""


@pytest.fixture
async def runs(database_url):
    """Runs on a database that tracks the sample symbols."""
    async with handler_runs(database_url) as runs:
        async with runs.connection() as connection:
            await seed_sample_symbols(connection)
        yield runs


async def test_a_backfill_stores_every_period(runs):
    """Years, quarters and trailing months of the tracked company, and no other's."""
    run = await runs.run(BACKFILL)
    assert (run.symbols_processed, run.data_points_stored, run.error_count) == (1, ROWS, 0)
    counted = await runs.fetch("select period_type, count(*) from company_fundamentals group by 1 order by 1")
    assert counted == [("ANNUAL", 7), ("QUARTERLY", 23), ("TTM", 20)]
    assert await runs.fetch(OF_PERIOD, date(2024, 1, 31), "ANNUAL") == [(2_806_489_000, -836_097_000)]
    assert await runs.fetch(OF_PERIOD, date(2024, 1, 31), "QUARTERLY") == [(774_699_000, -169_352_000)]


@pytest.mark.parametrize("handler", [BACKFILL, INCREMENTAL])
async def test_running_twice_stores_the_same_rows(runs, handler):
    """The second run stores nothing and touches nothing."""
    await runs.run(BACKFILL)
    before = await runs.value(CONTENT)
    run = await runs.run(handler)
    assert (run.symbols_processed, run.data_points_stored) == (1, 0)
    assert await runs.value(CONTENT) == before


async def test_an_incremental_run_with_nothing_stored_stores_everything(runs):
    """All periods are newer than none."""
    assert (await runs.run(INCREMENTAL)).data_points_stored == ROWS


async def test_an_incremental_run_stores_new_periods_and_restated_ones(runs):
    """It adds the quarter that is missing at the end, and replaces the year that was filed again since."""
    await runs.run(BACKFILL)
    before = await runs.fetch(OF_PERIOD, date(2023, 1, 31), "ANNUAL")
    await runs.execute("delete from company_fundamentals where fiscal_period_end = '2025-04-30'")
    await runs.execute(
        "update company_fundamentals set revenue = 1, filed_on = '2023-03-29'"
        " where fiscal_period_end = '2023-01-31' and period_type = 'ANNUAL'"
    )
    assert (await runs.run(INCREMENTAL)).data_points_stored == 3
    assert await runs.fetch(OF_PERIOD, date(2023, 1, 31), "ANNUAL") == before


async def test_a_stored_close_values_the_company(runs):
    """Where a daily bar of the period's end is stored, the row says market value and ratios."""
    await runs.execute(
        "insert into market_data (symbol, timeframe, timestamp, open, high, low, close, volume, source)"
        " values ('SNOW', '1Day', '2024-01-31 05:00+00', 200, 200, 190, 195.64, 1, 'hand')"
    )
    await runs.run(BACKFILL)
    [row] = await runs.fetch(
        "select close_price, market_cap, price_to_earnings from company_fundamentals"
        " where fiscal_period_end = '2024-01-31' and period_type = 'ANNUAL'"
    )
    assert row == (Decimal("195.64"), Decimal("195.64") * 334_200_000, None)


async def test_one_company_without_facts_does_not_stop_the_rest(runs):
    """A company that the provider does not have is one error; alone, it fails the run."""
    await runs.execute("update symbols set tracks_fundamentals = true where symbol = 'IBM'")
    run = await runs.run(BACKFILL)
    assert (run.symbols_processed, run.data_points_stored) == (1, ROWS)
    assert run.error_details == ["IBM: provider 'sample' does not know the symbol 'IBM'"]
    with pytest.raises(AllSymbolsFailed, match="all 1 symbols failed"):
        await runs.run(BACKFILL, {"symbols": ["IBM"]})


async def test_a_run_without_any_tracked_company_says_what_to_insert(runs):
    """The error names the remedy."""
    await runs.execute("update symbols set tracks_fundamentals = false")
    with pytest.raises(NoSymbolsTracked, match="insert into symbols"):
        await runs.run(INCREMENTAL)


async def test_every_column_of_the_table_is_written(runs):
    """The list of columns in the code is the table's, but for those that have a default."""
    columns = await runs.fetch(
        "select column_name from information_schema.columns where table_name = 'company_fundamentals'"
    )
    assert {name for (name,) in columns} - set(COLUMNS) == {"currency", "collected_at"}
