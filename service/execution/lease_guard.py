"""Stops runs before the lease under them ends: another replica may resume them the moment it has."""

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from service.domain.clock import Clock
from service.domain.execution import OwnedExecution
from service.domain.job import OnLost

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.2
# A handler has two seconds to tidy up after its cancellation.
MARGIN_SECONDS = 2.5


class Runs(Protocol):
    """What the guard asks of the runner."""

    @property
    def running(self) -> Sequence[OwnedExecution]: ...

    def hand_over(self, execution_id: UUID) -> None: ...


async def keep_guarding(
    clock: Clock, runs: Runs, *, seconds_left: Callable[[], float], on_regained: Callable[[], None]
) -> None:
    """Stop the runs of RETRY jobs while the lease is about to end, for ever; those of FAIL jobs go on.

    Nobody may start a FAIL run again. Where the lease is renewed after all, before anybody took over, the
    stopped runs are still owned here: `on_regained` is told once they have ended, to start them anew.
    """
    stopped: set[UUID] = set()
    while True:
        await clock.sleep(LOOK_SECONDS)
        running = {each.execution_id: each for each in runs.running}
        if (left := seconds_left()) < MARGIN_SECONDS:
            for execution_id, execution in running.items():
                if execution.on_lost is OnLost.RETRY and execution_id not in stopped:
                    log.warning(
                        "execution_stopped",
                        reason="the lease cannot be renewed",
                        seconds_left=round(left, 1),
                        job_id=execution.job_id,
                        execution_id=str(execution_id),
                    )
                    runs.hand_over(execution_id)
                    stopped.add(execution_id)
        elif stopped and not stopped & running.keys():
            stopped.clear()
            on_regained()
