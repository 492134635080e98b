"""Company fundamentals: a row per fiscal period, derived from company facts, the same from the same."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec

from service.domain.company_facts import (
    ONE_DAY,
    CompanyFacts,
    Figure,
    Period,
    quarters_of_averages,
    quarters_of_sums,
)
from service.domain.ratios import Figures, growth, ratios, valuation

SUMS = {
    "revenue": (
        "RevenueFromContractWithCustomerExcludingAssessedTax",
        "RevenueFromContractWithCustomerIncludingAssessedTax",
        "Revenues",
        "SalesRevenueNet",
    ),
    "cost_of_revenue": ("CostOfRevenue", "CostOfGoodsAndServicesSold"),
    "gross_profit": ("GrossProfit",),
    "research_and_development": ("ResearchAndDevelopmentExpense",),
    "operating_expenses": ("OperatingExpenses",),
    "operating_income": ("OperatingIncomeLoss",),
    "net_income": ("NetIncomeLoss",),
    "depreciation_and_amortization": (
        "DepreciationDepletionAndAmortization",
        "DepreciationAndAmortization",
    ),
    "operating_cash_flow": ("NetCashProvidedByUsedInOperatingActivities",),
    "capital_expenditure": ("PaymentsToAcquirePropertyPlantAndEquipment",),
    "dividends_paid": ("PaymentsOfDividendsCommonStock", "PaymentsOfDividends"),
}
AVERAGES = {
    "weighted_shares_basic": ("WeightedAverageNumberOfSharesOutstandingBasic",),
    "weighted_shares_diluted": ("WeightedAverageNumberOfDilutedSharesOutstanding",),
}
PER_SHARE = {
    "eps_basic": ("EarningsPerShareBasic", "EarningsPerShareBasicAndDiluted"),
    "eps_diluted": ("EarningsPerShareDiluted", "EarningsPerShareBasicAndDiluted"),
    "dividends_per_share": ("CommonStockDividendsPerShareDeclared",),
}
BALANCES = {
    "total_assets": ("Assets",),
    "current_assets": ("AssetsCurrent",),
    "cash_and_equivalents": ("CashAndCashEquivalentsAtCarryingValue",),
    "total_liabilities": ("Liabilities",),
    "current_liabilities": ("LiabilitiesCurrent",),
    "long_term_debt": ("LongTermDebtNoncurrent", "LongTermDebt", "ConvertibleDebtNoncurrent"),
    "shareholders_equity": ("StockholdersEquity",),
}
"""Each column's concepts of us-gaap, the preferred one first."""

SHARES_ON_COVER = ("EntityCommonStockSharesOutstanding",)
COVER_WITHIN = timedelta(days=90)
ANCHORS = ("revenue", "net_income")


class PeriodType(StrEnum):
    """TTM: the trailing twelve months, four successive quarters."""

    QUARTERLY = "QUARTERLY"
    ANNUAL = "ANNUAL"
    TTM = "TTM"


class FundamentalsRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `company_fundamentals`; `figures` holds the numeric columns that have a value, by name.

    `filed_on` is the day of the newest filing that any figure comes from.
    """

    symbol: str
    period: Period
    period_type: PeriodType
    filed_on: date
    figures: dict[str, Decimal]


class PeriodKey(NamedTuple):
    """What makes a row of a symbol unique."""

    fiscal_period_end: date
    period_type: PeriodType


class Draft(NamedTuple):
    """The figures of one period, each with its filing."""

    period: Period
    figures: dict[str, Figure]


Drafts = dict[date, Draft]


def derive_rows(symbol: str, facts: CompanyFacts) -> list[FundamentalsRow]:
    """Return the quarterly, annual and trailing rows that the facts allow, by period end."""
    quarterly = quarterly_drafts(facts)
    drafts = {
        PeriodType.QUARTERLY: quarterly,
        PeriodType.ANNUAL: annual_drafts(facts),
        PeriodType.TTM: trailing_drafts(quarterly),
    }
    rows = [
        row_of(symbol, period_type, draft, drafts_of_type)
        for period_type, drafts_of_type in drafts.items()
        for draft in drafts_of_type.values()
    ]
    return sorted(rows, key=lambda row: (row.period.end, row.period_type))


def with_closes(rows: Iterable[FundamentalsRow], closes: Mapping[date, Decimal]) -> list[FundamentalsRow]:
    """Return the rows with valuation figures wherever the daily close at the period's end is known."""
    return [
        msgspec.structs.replace(
            row,
            figures=row.figures | valuation(row.figures, close, whole_year=row.period.is_year),
        )
        if (close := closes.get(row.period.end)) is not None
        else row
        for row in rows
    ]


def changed_rows(rows: Iterable[FundamentalsRow], stored: Mapping[PeriodKey, date]) -> list[FundamentalsRow]:
    """Return the rows that end later than the last stored one of their type, or that a later filing changed.

    `stored` gives the `filed_on` of each stored row.
    """
    last: dict[PeriodType, date] = {}
    for key in stored:
        last[key.period_type] = max(key.fiscal_period_end, last.get(key.period_type, date.min))
    return [
        row
        for row in rows
        if row.period.end > last.get(row.period_type, date.min)
        or row.filed_on > stored.get(PeriodKey(row.period.end, row.period_type), date.max)
    ]


def quarterly_drafts(facts: CompanyFacts) -> Drafts:
    """Collect the figures of each quarter; earnings per share that nobody reported follow from the shares."""
    columns: dict[str, dict[Period, Figure]] = {}
    columns |= {name: quarters_of_sums(facts.spans(concepts)) for name, concepts in SUMS.items()}
    columns |= {name: quarters_of_averages(facts.spans(concepts)) for name, concepts in AVERAGES.items()}
    columns |= {name: facts.spans(concepts) for name, concepts in PER_SHARE.items()}
    drafts = collect(columns, facts, quarters=True)
    for draft in drafts.values():
        for eps, shares in (
            ("eps_basic", "weighted_shares_basic"),
            ("eps_diluted", "weighted_shares_diluted"),
        ):
            income, number = draft.figures.get("net_income"), draft.figures.get(shares)
            if eps not in draft.figures and income and number:
                per_share = round(income.value / number.value, 2)
                draft.figures[eps] = Figure(per_share, max(income.filed, number.filed))
    return drafts


def annual_drafts(facts: CompanyFacts) -> Drafts:
    """Collect the figures of each fiscal year, as reported."""
    columns = {name: facts.spans(concepts) for name, concepts in (SUMS | AVERAGES | PER_SHARE).items()}
    return collect(columns, facts, quarters=False)


def collect(columns: Mapping[str, Mapping[Period, Figure]], facts: CompanyFacts, *, quarters: bool) -> Drafts:
    """Bring the columns' figures of the same period together; without revenue or income there is no row."""

    def fits(period: Period) -> bool:
        return period.is_quarter if quarters else period.is_year

    drafts = {period.end: Draft(period, {}) for name in ANCHORS for period in columns[name] if fits(period)}
    for name, figures in columns.items():
        for period, figure in figures.items():
            if fits(period) and period.end in drafts:
                drafts[period.end].figures[name] = figure
    for draft in drafts.values():
        draft.figures.update(balances(facts, draft.period.end))
    return drafts


def balances(facts: CompanyFacts, end: date) -> dict[str, Figure]:
    """Return the balance sheet of the day, and the number of shares on the cover of the report about it."""
    found = {
        name: figure
        for name, concepts in BALANCES.items()
        if (figure := facts.days(concepts).get(end)) is not None
    }
    covers = facts.days(SHARES_ON_COVER)
    if dates := [day for day in covers if end <= day <= end + COVER_WITHIN]:
        found["shares_outstanding"] = covers[min(dates)]
    return found


def trailing_drafts(quarterly: Drafts) -> Drafts:
    """Add up each four successive quarters; a figure that one of them lacks is left out."""
    by_start = {draft.period.start: draft for draft in quarterly.values()}
    drafts: Drafts = {}
    for first in quarterly.values():
        four = [first]
        while len(four) < 4 and (following := by_start.get(four[-1].period.end + ONE_DAY)) is not None:
            four.append(following)
        if len(four) == 4:
            period = Period(first.period.start, four[-1].period.end)
            drafts[period.end] = Draft(period, trailing_figures(four))
    return drafts


def trailing_figures(four: list[Draft]) -> dict[str, Figure]:
    """Sum, average or take over each figure of four quarters, by what it is."""
    last = four[-1].figures
    figures = {
        name: figure for name, figure in last.items() if name in BALANCES or name == "shares_outstanding"
    }
    for name in last.keys() - figures.keys():
        parts = [draft.figures[name] for draft in four if name in draft.figures]
        if len(parts) == 4:
            total = sum((part.value for part in parts), Decimal(0))
            value = round(total / 4) if name in AVERAGES else total
            figures[name] = Figure(Decimal(value), max(part.filed for part in parts))
    return figures


def row_of(symbol: str, period_type: PeriodType, draft: Draft, drafts: Drafts) -> FundamentalsRow:
    """Finish a row: derived figures, and growth against the period that ended a year earlier."""
    figures = ratios(values(draft), whole_year=draft.period.is_year)
    filed = [figure.filed for figure in draft.figures.values()]
    if (earlier := a_year_before(draft.period.end, drafts)) is not None:
        figures |= growth(figures, values(earlier))
        filed += [figure.filed for figure in earlier.figures.values()]
    return FundamentalsRow(
        symbol=symbol,
        period=draft.period,
        period_type=period_type,
        filed_on=max(filed),
        figures=figures,
    )


def values(draft: Draft) -> Figures:
    """Return the bare values of a draft."""
    return {name: figure.value for name, figure in draft.figures.items()}


def a_year_before(end: date, drafts: Drafts) -> Draft | None:
    """Return the draft of the period that ended about a year before `end`."""
    near = (draft for day, draft in drafts.items() if 355 <= (end - day).days <= 375)
    return next(near, None)
