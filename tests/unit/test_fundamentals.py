"""Fiscal periods derived from what a company reported."""

from datetime import date
from decimal import Decimal

import pytest

from service.domain.company_facts import CompanyFacts, Fact
from service.domain.errors import ProviderFault
from service.domain.fundamentals import (
    PeriodKey,
    PeriodType,
    changed_rows,
    derive_rows,
    with_closes,
)
from service.handlers.providers.edgar import read_company_facts
from service.handlers.providers.sample import read_facts_file

ANNUAL, QUARTERLY, TTM = PeriodType.ANNUAL, PeriodType.QUARTERLY, PeriodType.TTM
QUARTERS = [
    (date(2024, 1, 1), date(2024, 3, 31)),
    (date(2024, 4, 1), date(2024, 6, 30)),
    (date(2024, 7, 1), date(2024, 9, 30)),
    (date(2024, 10, 1), date(2024, 12, 31)),
]
YEAR = (date(2024, 1, 1), date(2024, 12, 31))
REVENUE = "Revenues"


@pytest.fixture(scope="module")
def snowflake():
    """Snowflake's rows by period end and type."""
    facts = read_facts_file("0001640147")
    assert facts is not None
    return {(row.period.end, row.period_type): row for row in derive_rows("SNOW", facts)}


def fact(period, value, *, concept=REVENUE, filed=date(2025, 2, 1), unit="USD"):
    """One reported figure of a period."""
    return Fact(concept=concept, unit=unit, start=period[0], end=period[1], value=Decimal(value), filed=filed)


def figures(facts, end, period_type):
    """The figures of one derived row."""
    rows = derive_rows("X", CompanyFacts(facts))
    [row] = [row for row in rows if (row.period.end, row.period_type) == (end, period_type)]
    return row.figures


# Source: the 10-K facts in the sample file itself, picked out by hand, in dollars.
@pytest.mark.parametrize(
    ("end", "revenue", "net_income"),
    [
        (date(2021, 1, 31), 592_049_000, -539_102_000),
        (date(2022, 1, 31), 1_219_327_000, -679_948_000),
        (date(2023, 1, 31), 2_065_659_000, -796_705_000),
        (date(2024, 1, 31), 2_806_489_000, -836_097_000),
        (date(2025, 1, 31), 3_626_396_000, -1_285_640_000),
    ],
)
def test_annual_rows_are_those_of_the_annual_reports(snowflake, end, revenue, net_income):
    """Revenue and net loss of each fiscal year are what the company reported."""
    row = snowflake[end, ANNUAL]
    assert (row.figures["revenue"], row.figures["net_income"]) == (revenue, net_income)


# Source: Snowflake's results of 2021-03-03 and 2024-02-28, for revenue in millions and the loss of $0.51 a
# share. The thousands, and the loss per share of fiscal 2021's quarter, are derived alone.
@pytest.mark.parametrize(
    ("end", "revenue", "eps"),
    [(date(2021, 1, 31), 190_465_000, "-0.70"), (date(2024, 1, 31), 774_699_000, "-0.51")],
)
def test_a_fourth_quarter_is_the_year_less_nine_months(snowflake, end, revenue, eps):
    """No filing states the fourth quarter; derived, it is what the company told its investors."""
    row = snowflake[end, QUARTERLY].figures
    assert (row["revenue"], row["eps_diluted"]) == (revenue, Decimal(eps))


def test_cash_flows_of_a_quarter_come_from_the_sums_since_the_year_began(snowflake):
    """The second quarter of fiscal 2024 is six months (382,635) less three (299,444)."""
    row = snowflake[date(2023, 7, 31), QUARTERLY].figures
    assert row["operating_cash_flow"] == 83_191_000
    assert row["free_cash_flow"] == row["operating_cash_flow"] - row["capital_expenditure"]


def test_trailing_twelve_months_are_four_quarters(snowflake):
    """At the end of a fiscal year they equal the year; a quarter later one quarter has moved."""
    for name in ("revenue", "gross_profit", "operating_cash_flow", "net_income"):
        for year in (2022, 2023, 2024, 2025):
            annual, trailing = (snowflake[date(year, 1, 31), each].figures for each in (ANNUAL, TTM))
            assert trailing[name] == annual[name]
    moved = 3_626_396_000 + 1_042_074_000 - 828_709_000
    assert snowflake[date(2025, 4, 30), TTM].figures["revenue"] == moved


def test_ratios_follow_from_the_statements(snowflake):
    """Margins, growth and liquidity of fiscal 2024, worked out by hand."""
    row = snowflake[date(2024, 1, 31), ANNUAL].figures
    assert row["gross_margin"] == Decimal("0.679828")  # 1,907,931 / 2,806,489
    assert row["revenue_growth"] == Decimal("0.358641")  # 2,806,489 / 2,065,659 - 1
    assert row["operating_expenses"] == row["gross_profit"] - row["operating_income"]
    assert row["shares_outstanding"] == 334_200_000  # the cover of the 10-K, as of March 2024
    assert "payout_ratio" not in row, "a loss pays nothing out"


def test_a_restated_figure_counts_by_its_latest_filing():
    """Of two filings about one period the later one is right, in whatever order they come."""
    facts = [fact(YEAR, 90, filed=date(2026, 2, 1)), fact(YEAR, 100, filed=date(2025, 2, 1))]
    assert figures(facts, YEAR[1], ANNUAL)["revenue"] == 90


def test_a_year_less_three_quarters_is_the_fourth():
    """A company that states no nine months has a fourth quarter all the same."""
    facts = [fact(period, 10) for period in QUARTERS[:3]] + [fact(YEAR, 50)]
    assert figures(facts, YEAR[1], QUARTERLY)["revenue"] == 20
    assert figures(facts, YEAR[1], TTM)["revenue"] == 50


def test_a_stated_fourth_quarter_is_taken_as_it_is():
    """Nothing is derived where the company has said it."""
    facts = [fact(period, 10) for period in QUARTERS] + [fact(YEAR, 50)]
    assert figures(facts, YEAR[1], QUARTERLY)["revenue"] == 10


def test_trailing_months_need_all_four_quarters():
    """Three quarters make no twelve months, nor do four with a hole between them."""
    rows = derive_rows("X", CompanyFacts([fact(QUARTERS[0], 1), fact(QUARTERS[1], 1), fact(QUARTERS[3], 1)]))
    assert {row.period_type for row in rows} == {QUARTERLY}


def test_figures_in_another_currency_are_left_alone():
    """Euros are no dollars."""
    assert derive_rows("X", CompanyFacts([fact(YEAR, 1, unit="EUR")])) == []


def test_valuation_follows_from_the_close():
    """With a price at the period's end, the row says what the company was worth."""
    facts = [
        fact(YEAR, 200),
        fact(YEAR, 2, concept="EarningsPerShareDiluted", unit="USD/shares"),
        Fact("EntityCommonStockSharesOutstanding", "shares", None, date(2025, 2, 1), Decimal(10), YEAR[1]),
    ]
    [row] = with_closes(derive_rows("X", CompanyFacts(facts)), {YEAR[1]: Decimal(40)})
    assert row.figures["market_cap"] == 400
    assert row.figures["price_to_earnings"] == 20
    assert row.figures["price_to_sales"] == 2


def test_changed_rows_are_later_periods_and_later_filings(snowflake):
    """Of all rows, only what the stored ones do not tell is left."""
    rows = list(snowflake.values())
    stored = {PeriodKey(row.period.end, row.period_type): row.filed_on for row in rows}
    assert changed_rows(rows, stored) == []
    newest = snowflake[date(2025, 4, 30), QUARTERLY]
    restated = snowflake[date(2023, 1, 31), ANNUAL]
    del stored[PeriodKey(newest.period.end, QUARTERLY)]
    stored[PeriodKey(restated.period.end, ANNUAL)] = date(2023, 3, 29)
    assert changed_rows(rows, stored) == [restated, newest]


def test_a_document_of_another_shape_is_the_providers_fault():
    """Half a document does not become half a company."""
    with pytest.raises(ProviderFault, match="cannot be read"):
        read_company_facts(b'{"cik": 1, "facts": {"us-gaap": {"Assets": {"units": {"USD": [{"val": 1}]}}}}}')
