"""The hub: what the listener hears goes from here to every part that wants to know."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from service.domain.hint import Hint, is_job_id, read_hint

H = TypeVar("H", bound=Hint)
EVERY_JOB = "*"


class Hub:
    """One per replica. Whoever takes hints only makes a note of them: everybody waits meanwhile."""

    def __init__(self) -> None:
        self._takers: dict[type[Any], list[Callable[[Any], None]]] = {}
        self._job_takers: list[Callable[[list[str]], None]] = []
        self._gap_takers: list[Callable[[], None]] = []

    def on(self, kind: type[H], take: Callable[[H], None]) -> None:
        """Give hints of this kind to `take`."""
        self._takers.setdefault(kind, []).append(take)

    def on_jobs(self, take: Callable[[list[str]], None]) -> None:
        """Give the ids of jobs that may have changed to `take`."""
        self._job_takers.append(take)

    def on_gap(self, take: Callable[[], None]) -> None:
        """Call `take` whenever anything may have happened unheard."""
        self._gap_takers.append(take)

    def hear(self, payload: str) -> None:
        """Take a hint from anybody; what is not one of ours is none."""
        if (hint := read_hint(payload)) is not None:
            for take in self._takers.get(type(hint), ()):
                take(hint)

    def hear_jobs(self, payload: str) -> None:
        """Take the ids of changed jobs, comma separated, from anybody; `*` stands for all jobs."""
        job_ids = payload.split(",")
        if EVERY_JOB in job_ids:
            self.gap()
        elif well_formed := well_formed_ids(job_ids):
            for take in self._job_takers:
                take(well_formed)

    def gap(self) -> None:
        """Anything may have happened: hints have been lost, or were too many to tell."""
        for take in self._gap_takers:
            take()


def well_formed_ids(job_ids: Iterable[str]) -> list[str]:
    """Return what could be ids of jobs, each once, in their order."""
    return [job_id for job_id in dict.fromkeys(job_ids) if is_job_id(job_id)]
