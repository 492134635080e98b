"""How SEC EDGAR writes company facts: reads the JSON of its companyfacts interface.

Source: https://www.sec.gov/search-filings/edgar-application-programming-interfaces
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec

from service.domain.company_facts import CompanyFacts, Fact
from service.domain.errors import ProviderFault


class EdgarFact(msgspec.Struct, frozen=True):
    """One figure of one filing; without `start` it is of one day (a balance), else of a span of days."""

    end: date
    val: Decimal
    filed: date
    start: date | None = None


class EdgarConcept(msgspec.Struct, frozen=True):
    """One concept; its facts by unit, such as `USD`, `shares` or `USD/shares`."""

    units: dict[str, list[EdgarFact]]


class EdgarCompany(msgspec.Struct, frozen=True):
    """The document; `facts` by taxonomy (`us-gaap`, `dei`) and concept."""

    cik: Annotated[int, msgspec.Meta(ge=1)]
    facts: dict[str, dict[str, EdgarConcept]]


def read_company_facts(document: bytes) -> CompanyFacts:
    """Read a companyfacts document.

    Raises:
        ProviderFault: it has not the shape that EDGAR documents.
    """
    try:
        company = msgspec.json.decode(document, type=EdgarCompany)
    except msgspec.DecodeError as fault:
        raise ProviderFault(f"the company facts cannot be read: {fault}") from fault
    return CompanyFacts(
        Fact(concept=name, unit=unit, start=fact.start, end=fact.end, value=fact.val, filed=fact.filed)
        for concepts in company.facts.values()
        for name, concept in concepts.items()
        for unit, facts in concept.units.items()
        for fact in facts
    )
