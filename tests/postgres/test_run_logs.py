"""Logs of runs in the database: whole, once, and visible in the order of their ids."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from service.database.pool import Database
from service.database.run_logs import RunLogStore
from service.domain.clock import SystemClock
from service.domain.errors import DatabaseUnavailable, JobNotFound
from service.domain.run_log import LogLine
from service.execution.run_logs import RunLogs
from tests.support.jobs import an_execution

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def a_line(message: str, *, job_id: str = "A", number: int = 0, execution_id: UUID | None = None) -> LogLine:
    return LogLine(
        execution_id or uuid4(), job_id, START + timedelta(seconds=number), "info", "test", message, "{}"
    )


@pytest.fixture
async def store(database: Database) -> RunLogStore:
    return RunLogStore(database)


@pytest.fixture
async def start():
    """Start the loop that stores what runs of a replica log; `start(store)` returns its logs."""
    tasks = []

    def start(store, on_stored=lambda _: None):
        logs = RunLogs(SystemClock(), store, on_stored)
        tasks.append(asyncio.create_task(logs.run()))
        return logs

    yield start
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_a_handler_logs_is_in_the_table_when_its_run_has_ended(start, store, database):
    """Every column, with the handler as the logger."""
    hinted: list[str] = []
    logs, execution = start(store, hinted.extend), an_execution(handler="test.handler")
    before = datetime.now(UTC)
    with logs.open(execution) as run_log:
        run_log.logger.warning("bars_missing", symbol="IBM", at=START, missing=[1, 2])
    await logs.finish(execution.execution_id)
    async with database.connection() as connection:
        [row] = await connection.fetch("select * from job_execution_logs")
    assert (row["execution_id"], row["job_id"]) == (execution.execution_id, "A")
    assert (row["level"], row["logger"], row["message"]) == ("warning", "test.handler", "bars_missing")
    assert row["fields"] == {"symbol": "IBM", "at": "2026-11-23T09:00:00Z", "missing": [1, 2]}
    assert before <= row["logged_at"] <= datetime.now(UTC)
    assert hinted == ["A"]


async def test_a_hundred_thousand_lines_leave_the_first_and_the_last(start, store):
    """A blocking handler logs them from its thread; the event loop is never held up for long."""
    logs, execution = start(store), an_execution(handler="test.handler")

    def work():
        with logs.open(execution) as run_log:
            for number in range(100_000):
                run_log.logger.info("line", number=number)

    await asyncio.to_thread(work)
    await logs.finish_all()
    while logs._waiting or logs._is_storing:
        await logs.finish_all()
    entries = await store.next("A", 0, 1_000_000)
    [told] = [place for place, entry in enumerate(entries) if "lines_left_out" in entry.fields]
    numbers = [entry.fields["number"] for entry in entries if "number" in entry.fields]
    assert numbers[:told] == list(range(told))
    assert numbers[told:] == list(range(99_600, 100_000))
    assert told >= 5_000
    assert entries[told].fields["lines_left_out"] == 100_000 - len(numbers)


async def test_lines_that_the_database_cannot_hold_are_made_to_fit(start, store):
    """NUL, half a character, an object, a number without a value: the line is there, and its neighbours."""
    logs, execution = start(store), an_execution(handler="test.handler")
    with logs.open(execution) as run_log:
        run_log.logger.info("nul \x00 and \ud800", nul="\x00", half="\ud800", what=object, nan=float("nan"))
        run_log.logger.info("x" * 100_000, long="y" * 100_000)
        run_log.logger.info("after")
    await logs.finish(execution.execution_id)
    strange, long, after = await store.last("A", 10)
    assert (strange.message, strange.fields["nul"]) == ("nul \ufffd and ?", "\ufffd")
    assert (strange.fields["what"], strange.fields["nan"]) == ("<class 'object'>", None)
    assert len(long.message) == 8_000
    assert len(long.fields["long"]) < 16_000
    assert after.message == "after"


async def test_an_answer_that_was_lost_does_not_double_lines(start, store):
    """The batch was stored, the answer never came: the repeat finds its lines by their times."""

    class Forgetful:
        def __init__(self):
            self.calls = 0

        async def store(self, lines, *, may_be_stored=False):
            await store.store(
                lines[: len(lines) // 2] if self.calls == 0 else lines, may_be_stored=may_be_stored
            )
            self.calls += 1
            if self.calls <= 2:
                raise DatabaseUnavailable("no answer in time")

    logs, execution = start(Forgetful()), an_execution(handler="test.handler")
    with logs.open(execution) as run_log:
        for number in range(100):
            run_log.logger.info("line", number=number)
    while not run_log.is_stored:
        await logs.finish(execution.execution_id)
    assert [entry.fields["number"] for entry in await store.last("A", 1000)] == list(range(100))


async def test_a_line_that_is_refused_spoils_no_other(start, store, database):
    """The rest of the batch is stored."""
    async with database.connection() as connection:
        await connection.execute(
            "alter table job_execution_logs add constraint picky check (message <> 'refused')"
        )
    logs, execution = start(store), an_execution(handler="test.handler")
    with logs.open(execution) as run_log:
        for message in ("one", "refused", "two", "three"):
            run_log.logger.info(message)
    await logs.finish(execution.execution_id)
    assert [entry.message for entry in await store.last("A", 10)] == ["one", "two", "three"]


async def test_a_line_is_never_seen_before_one_with_a_smaller_id(store, database):
    """A writer waits for another one of the same job, and not for one of another job."""
    async with database.transaction() as slow:
        await RunLogStore(lending(slow)).store([a_line("first")])
        second = asyncio.create_task(store.store([a_line("second")]))
        await store.store([a_line("other", job_id="B")])
        async with database.connection() as connection:
            while not await connection.fetchval("select count(*) from pg_locks where not granted"):
                assert not second.done()
        assert await store.last("A", 10) == []
    await second
    assert [entry.message for entry in await store.last("A", 10)] == ["first", "second"]


async def test_a_reader_that_follows_ids_misses_nothing_of_eight_writers(store):
    """Eight replicas write for one job at once, while somebody reads behind the last id it saw."""
    writers, batches = 8, 25

    async def write(writer):
        for batch in range(batches):
            await store.store([a_line(f"{writer} {batch} {number}") for number in range(5)])

    seen: list[str] = []
    writing = asyncio.gather(*map(write, range(writers)))
    after = 0
    while not writing.done() or len(seen) < writers * batches * 5:
        entries = await store.next("A", after, 7)
        if not entries and writing.done():
            break
        seen += [entry.message for entry in entries]
        after = entries[-1].log_id if entries else after
    await writing
    assert len(seen) == len(set(seen)) == writers * batches * 5


async def test_lines_are_found_by_job_and_by_execution(store, database):
    """The last ones, the next ones, those of several jobs; oldest first, with the name of the job then."""
    one, other = uuid4(), uuid4()
    async with database.connection() as connection:
        await connection.execute(
            "insert into job_executions (execution_id, job_id, job_name, handler, status, triggered_by)"
            " values ($1, 'A', 'Job A', 'noop', 'SUCCESS', 'MANUAL')",
            one,
        )
    await store.store([a_line(str(n), number=n, execution_id=one if n % 2 else other) for n in range(10)])
    await store.store([a_line("B", job_id="B")])
    last = await store.last("A", 3)
    assert [(entry.message, entry.job_name) for entry in last] == [("7", "Job A"), ("8", "A"), ("9", "Job A")]
    assert [entry.message for entry in await store.last("A", 2, one)] == ["7", "9"]
    assert [entry.message for entry in await store.next("A", last[0].log_id, 1)] == ["8"]
    assert [entry.message for entry in await store.next("A", last[0].log_id, 5, one)] == ["9"]
    both = await store.next_of_jobs({"A": last[0].log_id, "B": 0}, 5)
    assert [entry.message for entry in both] == ["8", "9", "B"]


async def test_the_log_of_an_unknown_job_is_not_found(store):
    """A job without lines stands at 0."""
    assert await store.position("MARKETDATA_BACKFILL") == 0
    with pytest.raises(JobNotFound):
        await store.position("NOBODY")


def lending(connection):
    """A database that lends this one connection."""

    class Lender:
        def connection(self):
            return self

        async def __aenter__(self):
            return connection

        async def __aexit__(self, *_):
            return None

    return Lender()
