"""Figures of one replica for Prometheus: read at each scrape, or counted where things happen."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import generate_latest


class Metrics:
    """The figures of one replica; a name ends in its unit, as Prometheus has it.

    Source: https://prometheus.io/docs/practices/naming/
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._executions = Counter(
            "cronsole_executions",
            "Executions that ended on this replica, by their outcome",
            ["status"],
            registry=self._registry,
        )
        self._fires = Counter(
            "cronsole_fires",
            "Verdicts of the database on fires that this replica asked about",
            ["verdict"],
            registry=self._registry,
        )

    def execution_ended(self, status: str) -> None:
        """Count an execution whose outcome stands."""
        self._executions.labels(status=status).inc()

    def fire_judged(self, verdict: str) -> None:
        """Count a verdict."""
        self._fires.labels(verdict=verdict).inc()

    def read(self, name: str, meaning: str, reading: Callable[[], float | None]) -> None:
        """Show what `reading` says at each scrape; None, not known now, becomes NaN."""

        def figure() -> float:
            found = reading()
            return float("nan") if found is None else found

        Gauge(f"cronsole_{name}", meaning, registry=self._registry).set_function(figure)

    def render(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry)
