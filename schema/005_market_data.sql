-- The data of the four jobs that ship: what is tracked, its bars, how fresh they are, and company fundamentals.

create table symbols (
    symbol              text primary key check (symbol ~ '^[A-Z][A-Z0-9.-]{0,19}$'),
    name                text,
    -- The SEC's key of the company, ten digits with leading zeros, as its interfaces spell it.
    cik                 text check (cik ~ '^[0-9]{10}$'),
    active              boolean not null default true,
    -- What the jobs load for it. A new symbol is one that somebody wants prices of; fundamentals need more (a CIK).
    tracks_bars         boolean not null default true,
    tracks_fundamentals boolean not null default false,
    created_at          timestamptz not null default clock_timestamp()
);

-- No foreign key to or from here, and the time in the primary key: a DBA may turn the table into a TimescaleDB
-- hypertable, and bars outlive the tracking of their symbol.
create table market_data (
    symbol       text not null,
    timeframe    text not null check (timeframe in
                     ('1Min', '5Min', '15Min', '30Min', '1Hour', '4Hour', '1Day', '1Week', '1Month')),
    -- The instant the bar begins; a daily bar begins at midnight in New York.
    timestamp    timestamptz not null,
    -- Numeric, not double precision: a price is a decimal number, and a bar that comes again must compare equal.
    open         numeric not null check (open > 0),
    high         numeric not null,
    low          numeric not null check (low > 0),
    close        numeric not null check (close > 0),
    volume       bigint not null check (volume >= 0),
    vwap         numeric check (vwap > 0 and vwap < 'Infinity'),
    trade_count  bigint check (trade_count >= 0),
    source       text not null,
    collected_at timestamptz not null default clock_timestamp(),
    primary key (symbol, timeframe, timestamp),
    constraint high_is_highest check (high >= greatest(open, low, close)),
    constraint low_is_lowest check (low <= least(open, close)),
    -- Numeric sorts NaN above infinity, so this one line keeps both out of all four prices.
    constraint prices_are_numbers check (high < 'Infinity')
);

create table symbol_data_status (
    symbol               text not null references symbols on delete cascade,
    timeframe            text not null check (timeframe in
                             ('1Min', '5Min', '15Min', '30Min', '1Hour', '4Hour', '1Day', '1Week', '1Month')),
    -- FAILED: the last load failed. STALE: it succeeded, yet the newest bar lies far behind what the provider shows.
    status               text not null check (status in ('ACTIVE', 'STALE', 'FAILED')),
    last_bar_time        timestamptz,
    record_count         bigint not null default 0 check (record_count >= 0),
    consecutive_failures integer not null default 0 check (consecutive_failures >= 0),
    last_error           text,
    updated_at           timestamptz not null default clock_timestamp(),
    primary key (symbol, timeframe),
    constraint failed_says_why check (
        (status = 'FAILED') = (consecutive_failures > 0) and (status = 'FAILED') = (last_error is not null))
);

-- Money is in units of `currency`; margins, growth, yield and the other ratios are fractions (0.25 is 25 percent).
-- A figure that the company did not report, or that has no meaning (a price-to-earnings of a loss), is null.
create table company_fundamentals (
    symbol                        text not null,
    fiscal_period_start           date not null,
    fiscal_period_end             date not null,
    period_type                   text not null check (period_type in ('QUARTERLY', 'ANNUAL', 'TTM')),
    currency                      text not null default 'USD',
    -- The newest filing that any figure of the row comes from: how a restatement is noticed.
    filed_on                      date not null,

    revenue                       numeric,
    cost_of_revenue               numeric,
    gross_profit                  numeric,
    research_and_development      numeric,
    operating_expenses            numeric,
    operating_income              numeric,
    ebitda                        numeric,
    net_income                    numeric,
    eps_basic                     numeric,
    eps_diluted                   numeric,

    total_assets                  numeric check (total_assets >= 0),
    current_assets                numeric check (current_assets >= 0),
    cash_and_equivalents          numeric,
    total_liabilities             numeric check (total_liabilities >= 0),
    current_liabilities           numeric check (current_liabilities >= 0),
    long_term_debt                numeric,
    shareholders_equity           numeric,

    operating_cash_flow           numeric,
    capital_expenditure           numeric,
    free_cash_flow                numeric,
    depreciation_and_amortization numeric,

    gross_margin                  numeric,
    operating_margin              numeric,
    net_margin                    numeric,
    ebitda_margin                 numeric,
    free_cash_flow_margin         numeric,
    return_on_assets              numeric,
    return_on_equity              numeric,

    working_capital               numeric,
    current_ratio                 numeric,
    cash_ratio                    numeric,
    debt_to_equity                numeric,

    shares_outstanding            numeric check (shares_outstanding > 0),
    weighted_shares_basic         numeric check (weighted_shares_basic > 0),
    weighted_shares_diluted       numeric check (weighted_shares_diluted > 0),
    book_value_per_share          numeric,

    dividends_paid                numeric,
    dividends_per_share           numeric,
    payout_ratio                  numeric,
    dividend_yield                numeric,

    -- Against the same period a year earlier.
    revenue_growth                numeric,
    net_income_growth             numeric,
    eps_growth                    numeric,

    -- By the last daily close on or before the period's end, where one is stored.
    close_price                   numeric check (close_price > 0),
    market_cap                    numeric check (market_cap > 0),
    enterprise_value              numeric,
    price_to_earnings             numeric check (price_to_earnings > 0),
    price_to_sales                numeric check (price_to_sales > 0),
    price_to_book                 numeric check (price_to_book > 0),

    source                        text not null,
    collected_at                  timestamptz not null default clock_timestamp(),
    primary key (symbol, fiscal_period_end, period_type),
    check (fiscal_period_start < fiscal_period_end),
    check (filed_on >= fiscal_period_end)
);
