"""Providers of market data and fundamentals by name; a live one is added by the module that defines it."""

from typing import TypeVar

from service.domain.errors import InvalidInput
from service.handlers.providers.protocols import BarProvider, FundamentalsProvider
from service.handlers.providers.sample import SampleBars, SampleFundamentals

__all__ = ["BarProvider", "FundamentalsProvider", "Providers"]

T = TypeVar("T")


class Providers:
    """The providers that the data jobs may name in their `provider` parameter."""

    def __init__(self) -> None:
        self._bars: dict[str, BarProvider] = {}
        self._fundamentals: dict[str, FundamentalsProvider] = {}

    def add_bars(self, provider: BarProvider) -> None:
        """Offer a provider of bars under its name; it takes the place of one of the same name."""
        self._bars[provider.name] = provider

    def add_fundamentals(self, provider: FundamentalsProvider) -> None:
        """Offer a provider of fundamentals under its name; it takes the place of one of the same name."""
        self._fundamentals[provider.name] = provider

    def bars(self, name: str) -> BarProvider:
        """Return the provider of bars of that name.

        Raises:
            InvalidInput: there is none.
        """
        return find(self._bars, name)

    def fundamentals(self, name: str) -> FundamentalsProvider:
        """Return the provider of fundamentals of that name.

        Raises:
            InvalidInput: there is none.
        """
        return find(self._fundamentals, name)


def find(providers: dict[str, T], name: str) -> T:
    """Return the provider of that name, or say which there are."""
    if (provider := providers.get(name)) is None:
        raise InvalidInput("params.provider", f"there is no provider {name!r}", f"one of {sorted(providers)}")
    return provider


PROVIDERS = Providers()
PROVIDERS.add_bars(SampleBars())
PROVIDERS.add_fundamentals(SampleFundamentals())
