"""Handlers that behave badly, for replicas under test: CRONSOLE_HANDLERS=tests.support.handlers."""

import asyncio
import threading
from typing import Any

from service.handlers import Run, handler


@handler("test.endless")
async def run_for_ever(run: Run[Any]) -> None:
    """Never end by itself; stop when told to."""
    await asyncio.Event().wait()


@handler("test.stuck_thread")
def block_for_ever(run: Run[Any]) -> None:
    """Hold a thread that nobody can stop."""
    threading.Event().wait()


@handler("test.stubborn")
async def swallow_cancellation(run: Run[Any]) -> None:
    """Go on whatever happens."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            run.log.info("cancellation_swallowed")


@handler("test.stuck_executor")
async def block_the_default_executor(run: Run[Any]) -> None:
    """Hold a thread of asyncio's own, which Python waits for before it ends."""
    await asyncio.to_thread(threading.Event().wait)


@handler("test.pages")
async def load_pages(run: Run[Any]) -> None:
    """Store a checkpoint and wait for ever; the next one who runs it goes on from there, and ends."""
    if run.last_checkpoint is None:
        await run.checkpoint({"page": 3})
        run.log.info("checkpoint_stored", attempt=run.attempt)
        await asyncio.Event().wait()
    run.log.info("checkpoint_found", page=run.last_checkpoint["page"], attempt=run.attempt)
