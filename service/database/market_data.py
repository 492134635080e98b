"""Symbols, bars and how fresh they are; each function works on the connection it is lent."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from service.database.pool import Connection
from service.domain.market_data import Bar, Span, Stored, Timeframe, TrackedSymbol

BarKey = tuple[str, Timeframe]

BAR_COLUMNS = (
    "symbol",
    "timeframe",
    "timestamp",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "vwap",
    "trade_count",
    "source",
)

SEED_SAMPLE_SYMBOLS = """
    insert into symbols (symbol, name, cik, tracks_bars, tracks_fundamentals)
    values ('AAPL', 'Apple Inc.', '0000320193', true, false),
           ('FB', 'Facebook, Inc.', '0001326801', true, false),
           ('GOOG', 'Google Inc.', '0001288776', true, false),
           ('IBM', 'International Business Machines Corporation', '0000051143', true, false),
           ('MSFT', 'Microsoft Corporation', '0000789019', true, false),
           ('SNOW', 'Snowflake Inc.', '0001640147', false, true)
    on conflict do nothing
"""

SYMBOLS_TRACKING_BARS = """
    select symbol, cik from symbols where active and tracks_bars order by symbol
"""

SYMBOLS_TRACKING_FUNDAMENTALS = """
    select symbol, cik from symbols where active and tracks_fundamentals order by symbol
"""

SYMBOLS_NAMED = """
    select symbol, cik from symbols where symbol = any($1::text[]) order by symbol
"""

# One descent of the primary key per pair; a plain max() with group by would read every bar.
LATEST_BAR_TIMES = """
    select symbols.symbol, timeframes.timeframe, latest.timestamp
      from unnest($1::text[]) as symbols (symbol)
     cross join unnest($2::text[]) as timeframes (timeframe)
     cross join lateral (
           select bars.timestamp
             from market_data as bars
            where bars.symbol = symbols.symbol and bars.timeframe = timeframes.timeframe
            order by bars.timestamp desc
            limit 1) as latest
"""

DAYS_STORED = """
    select distinct (timestamp at time zone 'America/New_York')::date as day
      from market_data
     where symbol = $1 and timeframe = $2 and timestamp > $3 and timestamp <= $4
"""

CLOSES_AT = """
    select days.day, latest.close
      from unnest($2::date[]) as days (day)
     cross join lateral (
           select bars.close
             from market_data as bars
            where bars.symbol = $1 and bars.timeframe = '1Day'
              and bars.timestamp < (days.day + 1)::timestamp at time zone 'America/New_York'
              and bars.timestamp >= (days.day - 6)::timestamp at time zone 'America/New_York'
            order by bars.timestamp desc
            limit 1) as latest
"""

# Kept for the session and emptied at each commit: a table made and dropped per page would bloat the catalog.
CREATE_STAGING = """
    create temp table if not exists market_data_staging on commit delete rows as
    select symbol, timeframe, timestamp, open, high, low, close, volume, vwap, trade_count, source
      from market_data
      with no data
"""

# Both parts of the statement see the rows as they were before it, so what was known is counted truthfully.
# In key order, so that two loads of the same bars at once wait for each other instead of deadlocking.
UPSERT_FROM_STAGING = """
    with incoming as (
        select distinct on (symbol, timeframe, timestamp)
               symbol, timeframe, timestamp, open, high, low, close, volume, vwap, trade_count, source
          from pg_temp.market_data_staging
         order by symbol, timeframe, timestamp
    ), known as (
        select count(*) as bars from incoming join market_data using (symbol, timeframe, timestamp)
    ), written as (
        insert into market_data as bars
               (symbol, timeframe, timestamp, open, high, low, close, volume, vwap, trade_count, source)
        select symbol, timeframe, timestamp, open, high, low, close, volume, vwap, trade_count, source
          from incoming
            on conflict (symbol, timeframe, timestamp) do update
           set (open, high, low, close, volume, vwap, trade_count, source, collected_at)
             = (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume, excluded.vwap,
                excluded.trade_count, excluded.source, excluded.collected_at)
         where (bars.open, bars.high, bars.low, bars.close, bars.volume, bars.vwap,
                bars.trade_count, bars.source)
               is distinct from
               (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume, excluded.vwap,
                excluded.trade_count, excluded.source)
        returning 1
    )
    select (select count(*) from written) as written,
           (select count(*) from incoming) - (select bars from known) as inserted
"""

# Adds to the count instead of counting again: an incremental run adds one bar to a million.
ADD_TO_STATUS = """
    insert into symbol_data_status as known (symbol, timeframe, status, last_bar_time, record_count)
    values ($1, $2, 'ACTIVE', $3, coalesce(
            (select record_count from symbol_data_status where symbol = $1 and timeframe = $2),
            (select count(*) from market_data where symbol = $1 and timeframe = $2)))
        on conflict (symbol, timeframe) do update
       set last_bar_time = greatest(known.last_bar_time, excluded.last_bar_time),
           record_count = known.record_count + $4,
           updated_at = clock_timestamp()
"""

ENSURE_STATUS = """
    insert into symbol_data_status (symbol, timeframe, status)
    values ($1, $2, 'ACTIVE')
        on conflict do nothing
"""

RECORD_SUCCESS = """
    update symbol_data_status as known
       set status = case when coalesce(newest.timestamp >= $3::timestamptz - $4::interval, false)
                         then 'ACTIVE' else 'STALE' end,
           last_bar_time = newest.timestamp,
           consecutive_failures = 0,
           last_error = null,
           updated_at = clock_timestamp()
      from (select max(timestamp) as timestamp
              from market_data
             where symbol = $1 and timeframe = $2) as newest
     where known.symbol = $1 and known.timeframe = $2
"""

RECOUNT = """
    update symbol_data_status
       set record_count = (select count(*) from market_data where symbol = $1 and timeframe = $2)
     where symbol = $1 and timeframe = $2
"""

RECORD_FAILURE = """
    insert into symbol_data_status as known (symbol, timeframe, status, consecutive_failures, last_error)
    values ($1, $2, 'FAILED', 1, $3)
        on conflict (symbol, timeframe) do update
       set status = 'FAILED',
           consecutive_failures = known.consecutive_failures + 1,
           last_error = excluded.last_error,
           updated_at = clock_timestamp()
"""


async def seed_sample_symbols(connection: Connection) -> None:
    """Track the symbols of the sample data; those that are known already stay as they are."""
    await connection.execute(SEED_SAMPLE_SYMBOLS)


async def symbols_tracking_bars(connection: Connection) -> list[TrackedSymbol]:
    """The active symbols whose bars the jobs load, in the order of their names."""
    return [symbol_from_row(row) for row in await connection.fetch(SYMBOLS_TRACKING_BARS)]


async def symbols_tracking_fundamentals(connection: Connection) -> list[TrackedSymbol]:
    """The active symbols whose fundamentals the jobs load, in the order of their names."""
    return [symbol_from_row(row) for row in await connection.fetch(SYMBOLS_TRACKING_FUNDAMENTALS)]


async def symbols_named(connection: Connection, names: Iterable[str]) -> list[TrackedSymbol]:
    """The symbols of these names that have a row, active or not."""
    return [symbol_from_row(row) for row in await connection.fetch(SYMBOLS_NAMED, list(names))]


async def latest_bar_times(
    connection: Connection, symbols: Iterable[str], timeframes: Iterable[Timeframe]
) -> dict[BarKey, datetime]:
    """When the last stored bar of each symbol and timeframe begins; those without bars are left out."""
    rows = await connection.fetch(LATEST_BAR_TIMES, list(symbols), list(timeframes))
    return {(row["symbol"], Timeframe(row["timeframe"])): row["timestamp"] for row in rows}


async def days_stored(connection: Connection, symbol: str, timeframe: Timeframe, span: Span) -> set[date]:
    """The New York days within the span that have a bar."""
    rows = await connection.fetch(DAYS_STORED, symbol, timeframe, span.after, span.through)
    return {row["day"] for row in rows}


async def closes_at(connection: Connection, symbol: str, days: Iterable[date]) -> dict[date, Decimal]:
    """The last daily close on each day or in the six days before it; days without one are left out."""
    rows = await connection.fetch(CLOSES_AT, symbol, list(days))
    return {row["day"]: row["close"] for row in rows}


async def store_bars(connection: Connection, bars: Sequence[Bar]) -> Stored:
    """Store bars of one symbol and timeframe inside the caller's transaction, and count them in its status.

    Bars that are stored already, with the same figures, are left untouched: storing twice changes nothing.

    Raises:
        asyncpg.PostgresError: a bar contradicts a constraint of `market_data`; the transaction is spoiled.
    """
    if not bars:
        return Stored(0, 0)
    await connection.execute(CREATE_STAGING)
    await connection.copy_records_to_table(
        "market_data_staging", schema_name="pg_temp", columns=BAR_COLUMNS, records=map(bar_to_record, bars)
    )
    row = await connection.fetchrow(UPSERT_FROM_STAGING)
    assert row is not None, "a select without from has one row"
    stored = Stored(row["written"], row["inserted"])
    newest = max(bar.timestamp for bar in bars)
    await connection.execute(ADD_TO_STATUS, bars[0].symbol, bars[0].timeframe, newest, stored.inserted)
    return stored


async def record_success(
    connection: Connection, symbol: str, timeframe: Timeframe, through: datetime, *, recount: bool
) -> None:
    """Record that all up to `through` was loaded: ACTIVE, or STALE if the newest bar lies far behind it.

    `recount` counts the stored bars afresh, for the case that somebody has deleted some by hand.
    """
    await connection.execute(ENSURE_STATUS, symbol, timeframe)
    await connection.execute(RECORD_SUCCESS, symbol, timeframe, through, timeframe.stale_after)
    if recount:
        await connection.execute(RECOUNT, symbol, timeframe)


async def record_failure(connection: Connection, symbol: str, timeframe: Timeframe, error: str) -> None:
    """Record that loading failed, and why."""
    await connection.execute(RECORD_FAILURE, symbol, timeframe, error)


def symbol_from_row(row: asyncpg.Record) -> TrackedSymbol:
    """Turn a row of `symbols` into ours."""
    return TrackedSymbol(symbol=row["symbol"], cik=row["cik"])


def bar_to_record(bar: Bar) -> tuple[object, ...]:
    """Turn a bar into a record of the staging table, in the order of `BAR_COLUMNS`."""
    return tuple(getattr(bar, column) for column in BAR_COLUMNS)
