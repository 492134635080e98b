"""Handlers for the browser tests: runs that the test itself steers, and one with parameters of every type."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Literal

import msgspec

from service.handlers import Run, handler

PATIENCE_SECONDS = 30.0
_waiting: "asyncio.Queue[SteeredRun] | None" = None


class SteeredRun:
    """A run that waits for the test: `run.progress`, `run.log` and so on are the handler's own."""

    def __init__(self, run: Run[Any]) -> None:
        self.run, self.execution_id = run, run.execution_id
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def progress(self, done: float, total: float | None = None, note: str | None = None) -> None:
        """Report progress."""
        await self.run.progress(done=done, total=total, note=note)

    def log(self, message: str, level: str = "info", **fields: Any) -> None:
        """Write a line of the run's log."""
        getattr(self.run.log, level)(message, **fields)

    def end(self) -> None:
        """Let the run succeed."""
        if not self._end.done():
            self._end.set_result(None)

    def fail(self, message: str) -> None:
        """Let the run fail with this text, of as many lines as it has."""
        if not self._end.done():
            self._end.set_exception(RuntimeError(message))

    async def wait(self) -> None:
        """Wait as the handler for what the test decides."""
        await self._end


@handler("test.steered", params=dict[str, Any])
async def wait_for_the_test(run: Run[dict[str, Any]]) -> None:
    """Do what the test says, and end when it says so."""
    steered = SteeredRun(run)
    if _waiting is not None:  # elsewhere than in the test's own process nobody steers, and this never ends
        _waiting.put_nowait(steered)
    await steered.wait()


class ReportParams(msgspec.Struct):
    """One parameter of every type that a form has to know."""

    desk: str = "FX"
    days: int = 1
    threshold: float = 0.5
    is_dry_run: bool = False
    level: Literal["low", "high"] = "low"
    as_of: date | None = None
    symbols: list[str] = []


@handler("test.report", params=ReportParams, overridable=set(ReportParams.__struct_fields__))
async def report(run: Run[ReportParams]) -> None:
    """Say what it was given."""
    run.log.info("report_written", **msgspec.to_builtins(run.params))


class SteeredRuns:
    """The runs of `test.steered` in this process, in the order in which they began."""

    def __init__(self, waiting: "asyncio.Queue[SteeredRun]") -> None:
        self._queue = waiting

    async def trigger(self, sql: Any, job_id: str, params: dict[str, Any]) -> SteeredRun:
        """Trigger a job as somebody at the psql prompt, and return the run."""
        await sql.execute("select trigger_job($1, $2::jsonb)", job_id, msgspec.json.encode(params).decode())
        return await self.next()

    async def next(self) -> SteeredRun:
        """Return the next run that has begun, by whatever."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._queue.get()


@contextmanager
def steered_runs() -> Iterator[SteeredRuns]:
    """Hand the runs of this process to one test."""
    global _waiting
    _waiting = asyncio.Queue()
    try:
        yield SteeredRuns(_waiting)
    finally:
        _waiting = None
