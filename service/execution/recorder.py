"""Records outcomes: all that end together in one call, and again until the database has answered."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from service.domain.backoff import Backoff
from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.execution import Outcome

log = structlog.get_logger(__name__)

MOST_OUTCOMES_A_CALL = 1_000


class Outcomes(Protocol):
    """What the recorder asks of the database."""

    async def close(self, outcomes: Sequence[Outcome]) -> set[UUID]: ...


class Recorder:
    """One loop per replica; a finished run waits here, in memory, while the database is away."""

    def __init__(self, clock: Clock, outcomes: Outcomes, on_recorded: Callable[[], None]) -> None:
        self._clock, self._outcomes, self._on_recorded = clock, outcomes, on_recorded
        self._waiting: list[tuple[Outcome, asyncio.Future[bool]]] = []
        self._wake = asyncio.Event()

    async def record(self, outcome: Outcome) -> bool:
        """Record an outcome, however long the database is away; False if somebody else owns the execution."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((outcome, answer))
        self._wake.set()
        return await answer

    async def run(self) -> None:
        """Record what ends, for ever."""
        backoff = Backoff()
        while True:
            if not self._waiting:
                await self._wake.wait()
            self._wake.clear()
            batch = self._waiting[:MOST_OUTCOMES_A_CALL]
            try:
                recorded = await self._close([outcome for outcome, _ in batch])
            except DatabaseUnavailable as fault:
                pause = backoff.failed()
                if backoff.is_worth_a_line:
                    log.warning("outcomes_delayed", outcomes=len(self._waiting), error=str(fault))
                await self._clock.sleep(pause)
                continue
            backoff.succeeded()
            del self._waiting[: len(batch)]
            for outcome, answer in batch:
                if not answer.done():
                    answer.set_result(outcome.execution_id in recorded)
            self._on_recorded()

    async def _close(self, outcomes: list[Outcome]) -> set[UUID]:
        """Close them together; where the database refuses the batch, each alone: one spoils no other."""
        try:
            return await self._outcomes.close(outcomes)
        except DatabaseUnavailable:
            raise
        except Exception as fault:
            if len(outcomes) > 1:
                return set().union(*[await self._close([outcome]) for outcome in outcomes])
            [outcome] = outcomes
            log.error("outcome_unwritable", execution_id=str(outcome.execution_id), error=str(fault))
        try:
            return await self._outcomes.close([status_alone(outcome)])
        except DatabaseUnavailable:
            raise
        except Exception:
            # It stays RUNNING until this replica's lease ends, and is LOST then.
            log.exception("outcome_given_up", execution_id=str(outcome.execution_id))
            return set()


def status_alone(outcome: Outcome) -> Outcome:
    """Return the outcome without what a handler made up, so that at least its status is on record."""
    return Outcome(
        execution_id=outcome.execution_id,
        fencing_number=outcome.fencing_number,
        status=outcome.status,
        error_count=1,
        error_details=["the details of this run could not be stored"],
    )
