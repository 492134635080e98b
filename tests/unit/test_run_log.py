"""The logger of a run: it takes anything, from any thread, and holds up nobody."""

import asyncio
import threading
from contextlib import suppress

import pytest
import structlog

from service.domain.clock import SystemClock
from service.domain.errors import DatabaseUnavailable
from service.execution import log_buffer
from service.execution.run_logs import RunLogs
from tests.support.jobs import an_execution


class FakeStore:
    """Keeps lines in memory, as far as the test lets it."""

    def __init__(self):
        self.lines = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def store(self, lines, *, may_be_stored=False):
        if not self.answers.is_set():
            raise DatabaseUnavailable("away")
        self.lines += lines

    @property
    def messages(self):
        return [line.message for line in self.lines]


@pytest.fixture
async def store():
    return FakeStore()


@pytest.fixture
async def run_logs(store):
    """The logs of a replica, and the loop that stores them."""
    logs = RunLogs(SystemClock(), store, lambda _: None)
    task = asyncio.create_task(logs.run())
    yield logs
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def logged(run_logs, store, work, **options):
    """Do a handler's work, and return what was stored."""
    execution = an_execution(handler="test.handler")
    with (
        structlog.testing.capture_logs() as events,
        suppress(ZeroDivisionError),
        run_logs.open(execution, **options) as run_log,
    ):
        work(run_log.logger)
    await run_logs.finish(execution.execution_id)
    return store.lines, events


async def test_a_line_goes_to_the_service_log_and_to_the_store(run_logs, store):
    """With what was bound and what was said, at its level, under the name of the handler."""

    def work(log):
        log.bind(symbol="IBM").warning("bars %s", "missing", count=3)
        log.debug("too fine")

    [line], [event] = await logged(run_logs, store, work)
    assert (line.level, line.logger, line.message) == ("warning", "test.handler", "bars missing")
    assert line.fields == '{"symbol":"IBM","count":3}'
    assert event["event"] == "bars missing"
    assert (event["job_id"], event["symbol"], event["log_level"]) == ("A", "IBM", "warning")


async def test_what_the_work_raises_is_in_its_log(run_logs, store):
    """Once by the handler's own words, once by the fault that ended it."""

    def work(log):
        try:
            1 / 0  # noqa: B018
        except ZeroDivisionError:
            log.exception("division_failed")
            raise

    [own, last], _ = await logged(run_logs, store, work)
    assert (own.level, own.message) == ("error", "division_failed")
    assert last.message == "ZeroDivisionError: division by zero"
    assert all("1 / 0" in line.fields for line in (own, last))


async def test_a_field_that_changes_afterwards_is_stored_as_it_was(run_logs, store):
    """A list is written down when it is logged."""

    def work(log):
        symbols = ["IBM"]
        log.info("loaded", symbols=symbols)
        symbols.append("AAPL")

    [line], _ = await logged(run_logs, store, work)
    assert line.fields == '{"symbols":["IBM"]}'


async def test_no_secret_reaches_either_log(run_logs, store):
    """Redaction comes before cutting, so that half a secret does not stay either."""

    def work(log):
        log.info("x" * 7_996 + "hush", header={"Authorization": "Bearer hush"})
        raise ZeroDivisionError("hush")

    lines, events = await logged(run_logs, store, work, redact=lambda text: text.replace("hush", "***"))
    assert len(lines) == 2
    assert "hush" not in repr((lines, events))


async def test_logging_never_fails_a_handler(run_logs, store):
    """Whatever an object does when it is looked at, the run goes on, and other lines are stored."""

    class Unfriendly:
        def __str__(self):
            raise BlockingIOError

        def __format__(self, _):
            raise BlockingIOError

    def work(log):
        log.info(Unfriendly(), what=Unfriendly())
        log.info("again")

    lines, _ = await logged(run_logs, store, work)
    assert [line.message for line in lines] == ["<a Unfriendly that cannot be shown>", "again"]


async def test_of_a_hundred_thousand_lines_the_first_and_the_last_stay(run_logs, store):
    """Of an async handler that logs in a tight loop; `make bench-run-log` tells what a line costs."""

    def work(log):
        for number in range(100_000):
            log.info("line", number=number)

    lines, events = await logged(run_logs, store, work)
    messages = [line.message for line in lines]
    # What is allowed grows meanwhile, by a line in 50 ms.
    assert 5_401 <= len(messages) < 5_450
    left_out = 100_001 - len(messages)
    assert messages[-401] == f"lines left out here: {left_out}; the run logs more than is kept"
    assert lines[-1].fields == '{"number":99999}'
    assert events[-1]["event"] == "run_log_thinned"
    assert 501 <= len(events) < 600
    assert events[-1]["lines_left_out"] == 100_001 - len(events)


async def test_threads_may_log_together(run_logs, store):
    """Lines from four threads all arrive, no two of them at the same time."""

    def work(log):
        def say():
            for number in range(500):
                log.info("line", number=number)

        threads = [threading.Thread(target=say) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    lines, _ = await logged(run_logs, store, work)
    times = [line.logged_at for line in lines]
    assert len(lines) == 2_000
    assert times == sorted(set(times))


async def test_lines_arrive_while_the_run_goes_on(run_logs, store):
    """Nobody has to wait for a run's end to see its log."""
    stored = asyncio.Event()
    run_logs._on_stored = lambda job_ids: stored.set() if set(job_ids) == {"A"} else None
    with run_logs.open(an_execution(handler="test.handler")) as run_log:
        run_log.logger.info("working")
        async with asyncio.timeout(5):
            await stored.wait()
        assert store.messages == ["working"]


async def test_a_database_that_is_away_delays_an_outcome_by_half_a_second(run_logs, store):
    """And costs no line, up to the limits."""
    store.answers.clear()
    execution = an_execution(handler="test.handler")
    started = asyncio.get_running_loop().time()
    with run_logs.open(execution) as run_log:
        run_log.logger.info("said while nobody listened")
    await run_logs.finish(execution.execution_id)
    assert 0.4 < asyncio.get_running_loop().time() - started < 2
    assert store.lines == []
    store.answers.set()
    while not store.lines:
        await run_logs.finish_all()
    assert store.messages == ["said while nobody listened"]


async def test_while_the_database_is_away_memory_is_bounded(run_logs, store, monkeypatch):
    """Fifty runs that log into nowhere take what all may take together, and say what is missing."""
    monkeypatch.setattr(log_buffer, "MOST_BYTES_OF_ALL", 1_000_000)
    store.answers.clear()
    executions = [an_execution(job_id=f"JOB_{number}") for number in range(50)]
    for execution in executions:
        with run_logs.open(execution) as run_log:
            for _ in range(100):
                run_log.write("info", "x" * 5_000, {})
    assert run_logs._memory.used < 1_100_000
    store.answers.set()
    while run_logs._waiting:
        await run_logs.finish_all()
    assert run_logs._memory.used == 0
    told = sum(int(each.split(": ")[1].split(";")[0]) for each in store.messages if each.startswith("lines"))
    kept = sum(each.startswith("x") for each in store.messages)
    assert kept + told == 5_000
    assert 150 < kept < 200
