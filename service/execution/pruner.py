"""Prunes what is too old or too much: a round every ten minutes, by whichever replica gets to it."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

import structlog

from service.domain.clock import Clock
from service.domain.errors import DatabaseUnavailable
from service.domain.retention import Retention

log = structlog.get_logger(__name__)

ROUND_SECONDS = 600.0
MOST_ROWS_A_BATCH = 5_000
PAUSE_SECONDS = 0.2


class Pruning(Protocol):
    """What pruning asks of the database."""

    async def beyond(self, table: str, retention: Retention) -> Any: ...

    async def delete(self, table: str, age: timedelta, beyond: Any, limit: int) -> int: ...


async def keep_pruning(clock: Clock, pruning: Pruning, kept: Mapping[str, Retention]) -> None:
    """Prune, for ever. Replicas that meet skip what the other one is deleting, and do no harm."""
    await clock.sleep(ROUND_SECONDS * random.uniform(0.1, 1.0))
    while True:
        deleted = await prune(clock, pruning, kept)
        if any(deleted.values()):
            log.info("pruned", **{table: number for table, number in deleted.items() if number})
        await clock.sleep(ROUND_SECONDS * random.uniform(0.8, 1.2))


async def prune(clock: Clock, pruning: Pruning, kept: Mapping[str, Retention]) -> dict[str, int]:
    """Prune the tables by turns, a batch of each at a time, and return how many rows went from each.

    A table that cannot be pruned keeps no other from it; a lost database ends the round.
    """
    deleted = dict.fromkeys(kept, 0)
    beyond: dict[str, Any] = {}
    left = list(kept)
    while left:
        for table in tuple(left):
            try:
                if table not in beyond:
                    beyond[table] = await pruning.beyond(table, kept[table])
                number = await pruning.delete(table, kept[table].age, beyond[table], MOST_ROWS_A_BATCH)
            except DatabaseUnavailable as fault:
                log.debug("pruning_delayed", table=table, error=str(fault))
                return deleted
            except Exception:
                log.exception("pruning_failed", table=table)
                number = 0
            deleted[table] += number
            if number < MOST_ROWS_A_BATCH:
                left.remove(table)
            else:
                await clock.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))
    return deleted
