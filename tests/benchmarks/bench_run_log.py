"""What a line of a run's log costs the event loop; `make bench-run-log`.

An async handler that logs in a tight loop holds up every other job of its replica meanwhile. The physical
limit is a call that keeps its arguments in a list, and nothing else. Processor time, the best of five.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from service.domain.clock import SystemClock
from service.domain.run_log import LogLine
from service.execution.run_logs import RunLogs
from tests.support.jobs import an_execution

LINES, ROUNDS = 100_000, 5
Log = Callable[..., Any]


class Nowhere:
    """A store that forgets."""

    async def store(self, lines: Sequence[LogLine], *, may_be_stored: bool = False) -> None:
        """Take them."""


def milliseconds(log: Log) -> float:
    """How long `LINES` calls take the processor."""
    start = time.thread_time()
    for number in range(LINES):
        log("line", number=number)
    return (time.thread_time() - start) * 1_000


def of_a_list() -> float:
    """The physical limit."""
    kept: list[Any] = []

    def keep(message: str, **fields: Any) -> None:
        kept.append((message, fields))

    return milliseconds(keep)


def of_a_run(logs: RunLogs) -> float:
    """By the logger that a handler gets."""
    with structlog.testing.capture_logs(), logs.open(an_execution()) as run_log:
        return milliseconds(run_log.logger.info)


async def measure() -> None:
    """Print both, and their ratio."""
    logs = RunLogs(SystemClock(), Nowhere(), lambda _: None)
    limit = min(of_a_list() for _ in range(ROUNDS))
    run = min(of_a_run(logs) for _ in range(ROUNDS))
    print(f"{LINES:,} lines: {run:.0f} ms; kept in a list: {limit:.0f} ms; ratio {run / limit:.1f}")


if __name__ == "__main__":
    asyncio.run(measure())
