"""Handlers for replicas under test, most of them bad ones: CRONSOLE_HANDLERS=tests.support.handlers."""

import asyncio
import threading
from typing import Any

import msgspec

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


class Span(msgspec.Struct):
    seconds: float = 2.0


@handler("test.busy", params=Span)
async def work_for_a_while(run: Run[Span]) -> None:
    """Take that long."""
    await asyncio.sleep(run.params.seconds)


@handler("test.failing")
async def fail(run: Run[Any]) -> None:
    """Fail each time."""
    raise RuntimeError("no luck")


@handler("test.writing")
async def write_evidence(run: Run[Any]) -> None:
    """Write a row of evidence every 50 ms, and go on where a transaction is refused."""
    while True:
        try:
            async with run.transaction() as connection:
                await connection.execute("insert into evidence (execution_id) values ($1)", run.execution_id)
        except Exception as fault:
            run.log.info("evidence_refused", fault=type(fault).__name__)
        await asyncio.sleep(0.05)
