"""Figures that follow from other figures: margins, returns, liquidity, growth, valuation.

Every function returns only what it can compute: a figure with a missing part, a division by nothing, a ratio
without meaning (to negative equity, of a price to a loss) is left out. Ratios are fractions, to six places.
"""

from decimal import Decimal

Figures = dict[str, Decimal]

MARGINS = {
    "gross_margin": "gross_profit",
    "operating_margin": "operating_income",
    "net_margin": "net_income",
    "ebitda_margin": "ebitda",
    "free_cash_flow_margin": "free_cash_flow",
}
GROWTHS = {"revenue_growth": "revenue", "net_income_growth": "net_income", "eps_growth": "eps_diluted"}
DIFFERENCES = {
    "gross_profit": ("revenue", "cost_of_revenue"),
    "operating_expenses": ("gross_profit", "operating_income"),
    "free_cash_flow": ("operating_cash_flow", "capital_expenditure"),
    "working_capital": ("current_assets", "current_liabilities"),
}
QUOTIENTS = {
    "current_ratio": ("current_assets", "current_liabilities"),
    "cash_ratio": ("cash_and_equivalents", "current_liabilities"),
    "debt_to_equity": ("long_term_debt", "shareholders_equity"),
    "book_value_per_share": ("shareholders_equity", "shares_outstanding"),
    "payout_ratio": ("dividends_paid", "net_income"),
}
RETURNS = {"return_on_assets": "total_assets", "return_on_equity": "shareholders_equity"}


def ratios(reported: Figures, *, whole_year: bool) -> Figures:
    """Return the reported figures and what follows from them; returns on capital only for a whole year."""
    figures = dict(reported)
    for name, (whole, part) in DIFFERENCES.items():
        if name not in figures and whole in figures and part in figures:
            figures[name] = figures[whole] - figures[part]
    if "operating_income" in figures and "depreciation_and_amortization" in figures:
        figures["ebitda"] = figures["operating_income"] + figures["depreciation_and_amortization"]
    for name, part in MARGINS.items():
        put(figures, name, figures.get(part), figures.get("revenue"))
    for name, (part, whole) in QUOTIENTS.items():
        put(figures, name, figures.get(part), figures.get(whole))
    if whole_year:
        for name, capital in RETURNS.items():
            put(figures, name, figures.get("net_income"), figures.get(capital))
    return figures


def growth(figures: Figures, earlier: Figures) -> Figures:
    """Return the change against an earlier period, as a fraction of the earlier value's size."""
    found: Figures = {}
    for name, column in GROWTHS.items():
        if column in figures and column in earlier:
            put(found, name, figures[column] - earlier[column], abs(earlier[column]))
    return found


def valuation(figures: Figures, close: Decimal, *, whole_year: bool) -> Figures:
    """Return what the share's price says; a price to a flow (earnings, sales) only for a whole year."""
    found: Figures = {"close_price": close}
    if (shares := figures.get("shares_outstanding")) is not None:
        found["market_cap"] = close * shares
        put(found, "price_to_book", found["market_cap"], figures.get("shareholders_equity"))
        if "long_term_debt" in figures and "cash_and_equivalents" in figures:
            found["enterprise_value"] = (
                found["market_cap"] + figures["long_term_debt"] - figures["cash_and_equivalents"]
            )
        if whole_year:
            put(found, "price_to_sales", found["market_cap"], figures.get("revenue"))
    if whole_year:
        put(found, "price_to_earnings", close, figures.get("eps_diluted"))
        put(found, "dividend_yield", figures.get("dividends_per_share"), close)
    return found


def put(figures: Figures, name: str, part: Decimal | None, whole: Decimal | None) -> None:
    """Set a quotient, if both parts are known and the divisor is positive."""
    if part is not None and whole is not None and whole > 0:
        figures[name] = round(part / whole, 6)
