"""The rows of `company_fundamentals`; each function works on the connection it is lent."""

from collections.abc import Sequence
from datetime import date

from service.database.pool import Connection
from service.domain.fundamentals import FundamentalsRow, PeriodKey, PeriodType

FUNDAMENTALS_STORED = """
    select fiscal_period_end, period_type, filed_on from company_fundamentals where symbol = $1
"""

# Kept for the session and emptied at each commit, as the staging table of bars.
CREATE_STAGING = """
    create temp table if not exists company_fundamentals_staging on commit delete rows as
    select * from company_fundamentals
      with no data
"""

# A row that is stored already, with the same figures, is left untouched: storing twice changes nothing.
UPSERT_FROM_STAGING = """
    insert into company_fundamentals as rows
           (symbol, fiscal_period_start, fiscal_period_end, period_type, filed_on, revenue,
            cost_of_revenue, gross_profit, research_and_development, operating_expenses,
            operating_income, ebitda, net_income, eps_basic, eps_diluted, total_assets,
            current_assets, cash_and_equivalents, total_liabilities, current_liabilities,
            long_term_debt, shareholders_equity, operating_cash_flow, capital_expenditure,
            free_cash_flow, depreciation_and_amortization, gross_margin, operating_margin,
            net_margin, ebitda_margin, free_cash_flow_margin, return_on_assets, return_on_equity,
            working_capital, current_ratio, cash_ratio, debt_to_equity, shares_outstanding,
            weighted_shares_basic, weighted_shares_diluted, book_value_per_share, dividends_paid,
            dividends_per_share, payout_ratio, dividend_yield, revenue_growth, net_income_growth,
            eps_growth, close_price, market_cap, enterprise_value, price_to_earnings,
            price_to_sales, price_to_book, source)
    select symbol, fiscal_period_start, fiscal_period_end, period_type, filed_on, revenue,
           cost_of_revenue, gross_profit, research_and_development, operating_expenses,
           operating_income, ebitda, net_income, eps_basic, eps_diluted, total_assets,
           current_assets, cash_and_equivalents, total_liabilities, current_liabilities,
           long_term_debt, shareholders_equity, operating_cash_flow, capital_expenditure,
           free_cash_flow, depreciation_and_amortization, gross_margin, operating_margin,
           net_margin, ebitda_margin, free_cash_flow_margin, return_on_assets, return_on_equity,
           working_capital, current_ratio, cash_ratio, debt_to_equity, shares_outstanding,
           weighted_shares_basic, weighted_shares_diluted, book_value_per_share, dividends_paid,
           dividends_per_share, payout_ratio, dividend_yield, revenue_growth, net_income_growth,
           eps_growth, close_price, market_cap, enterprise_value, price_to_earnings, price_to_sales,
           price_to_book, source
      from pg_temp.company_fundamentals_staging
     order by symbol, fiscal_period_end, period_type
        on conflict (symbol, fiscal_period_end, period_type) do update
       set (fiscal_period_start, filed_on, revenue, cost_of_revenue, gross_profit,
            research_and_development, operating_expenses, operating_income, ebitda, net_income,
            eps_basic, eps_diluted, total_assets, current_assets, cash_and_equivalents,
            total_liabilities, current_liabilities, long_term_debt, shareholders_equity,
            operating_cash_flow, capital_expenditure, free_cash_flow, depreciation_and_amortization,
            gross_margin, operating_margin, net_margin, ebitda_margin, free_cash_flow_margin,
            return_on_assets, return_on_equity, working_capital, current_ratio, cash_ratio,
            debt_to_equity, shares_outstanding, weighted_shares_basic, weighted_shares_diluted,
            book_value_per_share, dividends_paid, dividends_per_share, payout_ratio, dividend_yield,
            revenue_growth, net_income_growth, eps_growth, close_price, market_cap,
            enterprise_value, price_to_earnings, price_to_sales, price_to_book, source, collected_at)
         = (excluded.fiscal_period_start, excluded.filed_on, excluded.revenue,
            excluded.cost_of_revenue, excluded.gross_profit, excluded.research_and_development,
            excluded.operating_expenses, excluded.operating_income, excluded.ebitda,
            excluded.net_income, excluded.eps_basic, excluded.eps_diluted, excluded.total_assets,
            excluded.current_assets, excluded.cash_and_equivalents, excluded.total_liabilities,
            excluded.current_liabilities, excluded.long_term_debt, excluded.shareholders_equity,
            excluded.operating_cash_flow, excluded.capital_expenditure, excluded.free_cash_flow,
            excluded.depreciation_and_amortization, excluded.gross_margin,
            excluded.operating_margin, excluded.net_margin, excluded.ebitda_margin,
            excluded.free_cash_flow_margin, excluded.return_on_assets, excluded.return_on_equity,
            excluded.working_capital, excluded.current_ratio, excluded.cash_ratio,
            excluded.debt_to_equity, excluded.shares_outstanding, excluded.weighted_shares_basic,
            excluded.weighted_shares_diluted, excluded.book_value_per_share,
            excluded.dividends_paid, excluded.dividends_per_share, excluded.payout_ratio,
            excluded.dividend_yield, excluded.revenue_growth, excluded.net_income_growth,
            excluded.eps_growth, excluded.close_price, excluded.market_cap,
            excluded.enterprise_value, excluded.price_to_earnings, excluded.price_to_sales,
            excluded.price_to_book, excluded.source, excluded.collected_at)
     where to_jsonb(rows) - 'collected_at' is distinct from to_jsonb(excluded) - 'collected_at'
    returning 1
"""

COLUMNS = (
    "symbol",
    "fiscal_period_start",
    "fiscal_period_end",
    "period_type",
    "filed_on",
    "revenue",
    "cost_of_revenue",
    "gross_profit",
    "research_and_development",
    "operating_expenses",
    "operating_income",
    "ebitda",
    "net_income",
    "eps_basic",
    "eps_diluted",
    "total_assets",
    "current_assets",
    "cash_and_equivalents",
    "total_liabilities",
    "current_liabilities",
    "long_term_debt",
    "shareholders_equity",
    "operating_cash_flow",
    "capital_expenditure",
    "free_cash_flow",
    "depreciation_and_amortization",
    "gross_margin",
    "operating_margin",
    "net_margin",
    "ebitda_margin",
    "free_cash_flow_margin",
    "return_on_assets",
    "return_on_equity",
    "working_capital",
    "current_ratio",
    "cash_ratio",
    "debt_to_equity",
    "shares_outstanding",
    "weighted_shares_basic",
    "weighted_shares_diluted",
    "book_value_per_share",
    "dividends_paid",
    "dividends_per_share",
    "payout_ratio",
    "dividend_yield",
    "revenue_growth",
    "net_income_growth",
    "eps_growth",
    "close_price",
    "market_cap",
    "enterprise_value",
    "price_to_earnings",
    "price_to_sales",
    "price_to_book",
    "source",
)


async def fundamentals_stored(connection: Connection, symbol: str) -> dict[PeriodKey, date]:
    """The stored rows of a symbol, each with the day of its newest filing."""
    return {
        PeriodKey(row["fiscal_period_end"], PeriodType(row["period_type"])): row["filed_on"]
        for row in await connection.fetch(FUNDAMENTALS_STORED, symbol)
    }


async def store_fundamentals(connection: Connection, rows: Sequence[FundamentalsRow], source: str) -> int:
    """Store rows inside the caller's transaction and return how many were new or different.

    Raises:
        asyncpg.PostgresError: a row contradicts a constraint of `company_fundamentals`.
    """
    if not rows:
        return 0
    await connection.execute(CREATE_STAGING)
    await connection.copy_records_to_table(
        "company_fundamentals_staging",
        schema_name="pg_temp",
        columns=COLUMNS,
        records=(row_to_record(row, source) for row in rows),
    )
    return len(await connection.fetch(UPSERT_FROM_STAGING))


def row_to_record(row: FundamentalsRow, source: str) -> tuple[object, ...]:
    """Turn a row into a record of the staging table, in the order of `COLUMNS`."""
    values = {
        "symbol": row.symbol,
        "fiscal_period_start": row.period.start,
        "fiscal_period_end": row.period.end,
        "period_type": row.period_type,
        "filed_on": row.filed_on,
        "source": source,
        **row.figures,
    }
    return tuple(values.get(column) for column in COLUMNS)
