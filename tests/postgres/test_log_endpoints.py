"""The log of a job over HTTP: the last lines, and the stream of new ones, from any replica for any other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import aiohttp
import pytest

from service.api import log_streams, sse
from service.database.listener import Listener
from service.database.pool import Database
from service.database.run_logs import RunLogStore
from service.domain.clock import SystemClock
from service.domain.run_log import LogLine
from service.execution.announcer import Announcer
from tests.support.api import TOKEN, Api, running_api, running_server
from tests.support.streams import EventStream

JOB = "MARKETDATA_BACKFILL"
STREAM = f"/v1/console/jobs/{JOB}/logs/stream"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LINES = """
    insert into job_execution_logs (execution_id, job_id, logged_at, level, logger, message, fields)
    select $1, 'MARKETDATA_BACKFILL', clock_timestamp(), 'info', 'test', i::text, jsonb_build_object('n', i)
      from generate_series($2::bigint, $3::bigint) i
"""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow poll is a quick one, so that tests need not wait for it."""
    monkeypatch.setattr(log_streams, "POLL_SECONDS", 0.1)


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


@asynccontextmanager
async def streaming(api: Api, query: str = "", **headers: str) -> AsyncIterator[EventStream]:
    """Open the stream, past its first block."""
    headers["Authorization"] = f"Bearer {TOKEN}"
    async with api.client.get(STREAM + query, headers=headers) as response:
        assert response.status == 200, await response.text()
        stream = EventStream(response)
        assert await stream.next() == {"retry": "1000"}
        yield stream


async def until_no_stream_is_open(api: Api) -> None:
    async with asyncio.timeout(10):
        while api.live.log_streams.open_streams:  # noqa: ASYNC110 - nobody is told, nor needs to be
            await asyncio.sleep(0.01)


async def write(api: Api, first: int, last: int, execution_id: UUID | None = None) -> None:
    await api.sql.execute(LINES, execution_id or uuid4(), first, last)


async def test_the_last_lines_of_a_job_are_answered_oldest_first(api):
    """Five hundred of them, with the reference's fields and ours."""
    execution_id = uuid4()
    await api.sql.execute(
        "insert into job_executions (execution_id, job_id, job_name, handler, status, triggered_by)"
        " values ($1, $2, 'Market Data Backfill', 'noop', 'SUCCESS', 'MANUAL')",
        execution_id,
        JOB,
    )
    await write(api, 1, 600, execution_id)
    answer = await api.get(f"/{JOB}/logs/recent")
    assert [entry["message"] for entry in answer.body] == [str(n) for n in range(101, 601)]
    entry = answer.body[-1]
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "level": "info",
        "message": "600",
        "logger": "test",
        "jobName": "Market Data Backfill",
        "jobId": JOB,
        "executionId": str(execution_id),
        "logId": 600,
        "fields": {"n": 600},
    }


async def test_the_lines_of_one_execution_can_be_asked_for(api):
    """A filter by executionId; a job without lines has an empty log."""
    execution_id = uuid4()
    await write(api, 1, 3)
    await write(api, 4, 5, execution_id)
    answer = await api.get(f"/{JOB}/logs/recent?executionId={execution_id}")
    assert [entry["message"] for entry in answer.body] == ["4", "5"]
    assert (await api.get("/FUNDAMENTALS_BACKFILL/logs/recent")).body == []


@pytest.mark.parametrize("call", ["recent", "stream"])
async def test_bad_questions_are_refused(api, call):
    """Unknown jobs, ids that are none, nobody's token."""
    assert (await api.get(f"/NOBODY/logs/{call}")).status == 404
    refused = await api.get(f"/{JOB}/logs/{call}?executionId=x")
    assert (refused.status, refused.body["field"]) == (400, "executionId")
    assert (await api.get(f"/{JOB}/logs/{call}", token=None)).status == 401


@pytest.mark.parametrize("text", ["x", "-1", "9" * 30])
async def test_a_last_event_id_that_is_none_is_refused(api, text):
    """It is a number that this stream gave away."""
    refused = await api.get(f"/{JOB}/logs/stream", headers={"Last-Event-ID": text})
    assert (refused.status, refused.body["field"]) == (400, "Last-Event-ID")


async def test_a_stream_shows_the_last_lines_and_then_every_new_one(api):
    """As events of the type log, with the line's id; the slow poll finds lines that nobody announces."""
    await write(api, 1, 600)
    async with streaming(api) as stream:
        first = await stream.next()
        assert (first["event"], first["id"]) == ("log", "101")
        assert await stream.messages(499) == [str(n) for n in range(102, 601)]
        await write(api, 601, 2_000)
        assert await stream.messages(1_400) == [str(n) for n in range(601, 2_001)]


async def test_a_stream_resumes_behind_the_last_event(api):
    """However many lines there are by now, and no line twice."""
    await write(api, 1, 2_000)
    async with streaming(api, **{"Last-Event-ID": "300"}) as stream:
        assert await stream.messages(1_700) == [str(n) for n in range(301, 2_001)]
    async with streaming(api, **{"Last-Event-ID": str(10**17)}) as stream:
        await write(api, 2_001, 2_001)
        assert await stream.messages(1) == ["2001"]


async def test_a_stream_of_one_execution_shows_no_other(api):
    """The filter holds for old lines and for new ones."""
    execution_id = uuid4()
    await write(api, 1, 2)
    await write(api, 3, 4, execution_id)
    async with streaming(api, f"?executionId={execution_id}") as stream:
        assert await stream.messages(2) == ["3", "4"]
        await write(api, 5, 6)
        await write(api, 7, 8, execution_id)
        assert await stream.messages(2) == ["7", "8"]


async def test_streams_that_open_while_lines_are_written_miss_none(api, database: Database):
    """Four streams are opened in the middle of it: each has all lines once, in one order."""
    store, execution_id = RunLogStore(database), uuid4()

    async def keep_writing() -> None:
        for number in range(0, 400, 2):
            moments = [START + timedelta(seconds=number + part) for part in (0, 1)]
            await store.store(
                [
                    LogLine(execution_id, JOB, moment, "info", "test", str(number + part), "{}")
                    for part, moment in enumerate(moments)
                ]
            )

    async def read() -> list[str]:
        async with streaming(api) as stream:
            return await stream.messages(400)

    writing = asyncio.create_task(keep_writing())
    read_by_all = await asyncio.gather(read(), read(), read(), read())
    await writing
    assert list(read_by_all) == [[str(n) for n in range(400)]] * 4


async def test_a_line_written_on_one_replica_is_streamed_by_another(database_url, database, monkeypatch):
    """By a hint, not by the slow poll."""
    monkeypatch.setattr(log_streams, "POLL_SECONDS", 60)
    clock, store = SystemClock(), RunLogStore(database)

    async def announce(payload: str) -> None:
        async with database.connection() as connection:
            await connection.execute("select pg_notify('cronsole_events', $1)", payload)

    announcer = Announcer(clock, uuid4(), announce)
    async with running_api(database_url) as api, asyncio.TaskGroup() as tasks:
        connected = asyncio.Event()
        listener = Listener(
            clock,
            database_url,
            uuid4(),
            on_jobs=lambda _: None,
            on_event=api.live.hub.hear,
            on_connected=connected.set,
        )
        loops = [tasks.create_task(loop) for loop in (listener.run(), announcer.run())]
        await connected.wait()
        async with streaming(api) as stream:
            await write(api, 1, 1)
            assert await stream.messages(1) == ["1"]
            for number in range(2, 12):
                await store.store([LogLine(uuid4(), JOB, START, "info", "test", str(number), "{}")])
                announcer.logged([JOB])
                assert await stream.messages(1) == [str(number)]
        for loop in loops:
            loop.cancel()


async def test_forged_hints_do_nothing(api):
    """A payload may come from anybody who can log in."""
    for payload in (
        '{"type":"log","jobIds":[1,null,{}]}',
        '{"type":"log"}',
        "[",
        '{"type":"log","jobIds":"A"}',
    ):
        api.live.hub.hear(payload)


async def test_a_quiet_stream_gets_a_heartbeat(api, monkeypatch):
    """A comment, which no client takes for a line."""
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.05)
    async with streaming(api) as stream:
        assert await stream.next() == {"": "heartbeat"}


async def test_no_more_streams_than_there_are_places(api, monkeypatch):
    """Who comes too late is told to try elsewhere; a stream that ends makes room."""
    monkeypatch.setattr(log_streams, "MOST_STREAMS", 1)
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.05)
    async with streaming(api):
        refused = await api.get(f"/{JOB}/logs/stream")
        assert (refused.status, refused.content_type) == (503, "application/problem+json")
    await until_no_stream_is_open(api)
    async with streaming(api):
        pass


@pytest.mark.parametrize("limit", ["MOST_LINES_WAITING", "MOST_BYTES_WAITING"])
async def test_a_client_that_does_not_keep_up_reads_at_its_own_pace(api, monkeypatch, limit):
    """What waits for it is bounded; what was dropped is read again, and no line is lost or doubled."""
    monkeypatch.setattr(log_streams, limit, 100)
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.05)
    async with streaming(api) as stream:
        assert await stream.next() == {"": "heartbeat"}  # it follows now
        await write(api, 1, 3_000)
        assert await stream.messages(3_000) == [str(n) for n in range(1, 3_001)]


async def test_a_client_that_takes_nothing_is_cut_off(api, monkeypatch):
    """Its connection fills up, and nobody waits for it for more than a moment."""
    monkeypatch.setattr(sse, "WRITE_SECONDS", 0.2)
    await api.sql.execute(
        "insert into job_execution_logs (execution_id, job_id, logged_at, level, logger, message)"
        " select gen_random_uuid(), $1, now(), 'info', 't', repeat('x', 8000) from generate_series(1, 2500)",
        JOB,
    )
    async with streaming(api, **{"Last-Event-ID": "0"}) as stream:
        assert api.live.log_streams.open_streams == 1
        await until_no_stream_is_open(api)
        with pytest.raises(aiohttp.ClientError):
            await stream.end()


async def test_streams_end_at_once_when_the_replica_leaves(api):
    """So that its shutdown waits for none; new ones are refused."""
    async with streaming(api) as stream:
        api.live.log_streams.stop()
        await stream.end()
    assert (await api.get(f"/{JOB}/logs/stream")).status == 503


async def test_a_server_with_an_open_stream_stops_at_once(database_url: str):
    """aiohttp would wait three seconds for it."""
    async with aiohttp.ClientSession() as client:
        async with running_server(database_url) as address:
            response = await client.get(address + STREAM, headers={"Authorization": f"Bearer {TOKEN}"})
            assert await EventStream(response).next() == {"retry": "1000"}
            started = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - started < 1.5
        await EventStream(response).end()
