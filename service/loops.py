"""Keeps long-lived loops going, and ends a wait when the process is told to stop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from service.domain.backoff import Backoff
from service.domain.clock import Clock

log = structlog.get_logger(__name__)

Loop = Callable[[], Coroutine[Any, Any, None]]


async def keep_going(clock: Clock, name: str, loop: Loop) -> None:
    """Run a loop until it returns; a fault that nobody foresaw is logged, and the loop runs again."""
    backoff = Backoff()
    while True:
        try:
            await loop()
            return
        except Exception:
            log.exception("loop_failed", loop=name)
        await clock.sleep(backoff.failed())


async def is_done_before(stop: asyncio.Event, work: Coroutine[Any, Any, Any]) -> bool:
    """Do some work, or give it up as soon as `stop` is set; returns whether it was done.

    What the work raises is raised as it is, out of the group in which the tasks stand.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            doing = tasks.create_task(work)
            stopped = tasks.create_task(stop.wait())
            await asyncio.wait({doing, stopped}, return_when=asyncio.FIRST_COMPLETED)
            is_done = doing.done()
            doing.cancel()
            stopped.cancel()
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    return is_done
