"""Behind a pooler: found out, lived with, and said."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
import structlog

from service.app import serve
from service.database import listener
from service.database.listener import Listener
from service.database.migrations import check_database, migrate
from service.database.pool import open_database
from service.database.pooling import detect_pooling, hears_notify
from service.domain.clock import SystemClock
from service.domain.pooling import Pooling
from service.settings import Settings
from tests.support.transaction_pooler import transaction_pooler

TOKEN = "the-token-of-the-pooler-tests"


async def test_without_a_pooler_none_is_found(database_url: str):
    """A connection straight to the server has a session of its own."""
    assert await detect_pooling(database_url) is Pooling.NONE


@pytest.mark.parametrize("sessions", [2, 4])
async def test_a_pooler_in_transaction_mode_is_found(database_url: str, sessions: int):
    """Two connections find each other's session."""
    async with transaction_pooler(database_url, sessions=sessions) as url:
        assert await detect_pooling(url) is Pooling.TRANSACTION


async def test_a_pooler_in_session_mode_is_found(database_url: str):
    """It refuses the settings that we would give, and shares nothing."""
    async with transaction_pooler(database_url, is_by_session=True) as url:
        assert await detect_pooling(url) is Pooling.SESSION


async def test_a_pooler_swallows_notifications_of_others(database_url: str):
    """What a connection sends to itself comes home, which proves nothing; what others send does not."""
    async with transaction_pooler(database_url) as url:
        assert await hears_notify(database_url, database_url, SystemClock()) is not None
        assert await hears_notify(database_url, url, SystemClock()) is not None
        assert await hears_notify(url, database_url, SystemClock()) is None


async def test_pools_that_are_not_adapted_get_in_the_way_of_each_other(database_url: str):
    """A prepared statement stays in the session where it was made: what adapting is for."""
    async with (
        transaction_pooler(database_url, sessions=2) as url,
        open_database(url, application_name="cronsole test", size=12) as database,
    ):
        await database.adapt_to(Pooling.SESSION)
        async with database.connection() as first, database.connection() as second:
            await first.fetchval("select $1::bigint", 1)
            async with second.transaction():  # takes the session that the first has used
                with pytest.raises(asyncpg.InvalidSQLStatementNameError):
                    await first.fetchval("select $1::bigint", 1)


async def test_pools_adapted_to_the_pooler_get_their_own_answers(database_url: str):
    """Twelve connections on two sessions: each statement with arguments gets its own answer."""
    async with (
        transaction_pooler(database_url, sessions=2) as url,
        open_database(url, application_name="cronsole test", size=12) as database,
    ):
        await database.adapt_to(Pooling.TRANSACTION)

        async def ask(number: int) -> None:
            async with database.connection() as connection:
                query = f"select $1::bigint + {number % 7} as answer, $2::text[] as words"
                row = await connection.fetchrow(query, number, ["a"])
                assert row is not None
                assert (row["answer"], row["words"]) == (number + number % 7, ["a"])

        await asyncio.gather(*(ask(number) for number in range(200)))


async def test_migrations_behind_a_pooler_leave_no_lock_behind(empty_database_url: str):
    """Everything is applied in one transaction, and the lock ends with it."""
    async with transaction_pooler(empty_database_url) as url:
        assert await migrate(url, pooling=Pooling.TRANSACTION)
        assert await migrate(url, pooling=Pooling.TRANSACTION) == []
        assert await check_database(url) == []
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval("select count(*) from pg_locks where locktype = 'advisory'") == 0
    await connection.close()


class Service:
    """A whole replica in this process."""

    def __init__(self, address: str) -> None:
        self.address = address

    async def readiness(self) -> tuple[int, dict[str, object]]:
        """Ask `/health/ready`."""
        async with aiohttp.ClientSession(self.address) as client, client.get("/health/ready") as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def running_service(**urls: str) -> AsyncIterator[Service]:
    """Run a replica until the block ends."""
    settings = Settings(port=0, admin_token=TOKEN, **urls)  # type: ignore[arg-type]
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(settings, TOKEN, stop, lambda *it: address.set_result(it)))
        host, port = await asyncio.wait_for(address, 20)
        try:
            yield Service(f"http://{host}:{port}")
        finally:
            stop.set()


async def wait_until(query: str, wanted: object, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Ask the database until it answers what is wanted."""
    async with asyncio.timeout(10):
        while await connection.fetchval(query) != wanted:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.05)


async def test_a_replica_behind_a_pooler_polls_fires_and_says_so(
    database_url: str, monkeypatch: pytest.MonkeyPatch
):
    """A change in psql comes into force, its job fires and runs, and readiness tells what is wrong."""
    monkeypatch.setattr(listener, "POLL_SECONDS", 0.2)
    connection = await asyncpg.connect(database_url)
    with structlog.testing.capture_logs() as events:
        async with transaction_pooler(database_url) as url, running_service(database_url=url) as service:
            await connection.execute("""
                insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler)
                values ('EVERY_SECOND', 'Every second', 'CRON', '* * * * * *', 'noop')
            """)
            succeeded = "select count(*) >= 2 from job_executions where status = 'SUCCESS'"
            await wait_until(succeeded, True, connection)
            await wait_until("select listener_mode from replicas", "POLLING", connection)
            status, readiness = await service.readiness()
    assert (status, readiness["listener"]) == (200, True)
    assert "pooler in transaction mode" in str(readiness["details"])
    assert [event["mode"] for event in events if event["event"] == "pooler_detected"] == ["transaction"]
    assert len([event for event in events if event["event"] == "listener_polls"]) == 1
    await connection.close()


async def test_with_a_way_past_the_pooler_changes_are_heard(database_url: str):
    """LISTEN_DATABASE_URL leads to the server itself: nothing is polled for."""
    connection = await asyncpg.connect(database_url)
    async with (
        transaction_pooler(database_url) as url,
        running_service(database_url=url, listen_database_url=database_url),
    ):
        await wait_until("select listener_mode from replicas", "NOTIFY", connection)
        assert await connection.fetchval("select findings from replicas") == "[]"
    await connection.close()


async def test_a_listener_on_another_database_is_found_out(database_url: str, empty_database_url: str):
    """LISTEN succeeds there, our own probe comes back, and nothing that matters ever would."""
    polled = asyncio.Event()
    ours = Listener(
        SystemClock(),
        empty_database_url,
        uuid4(),
        on_jobs=lambda _: None,
        on_event=lambda _: None,
        on_connected=polled.set,
        notify_url=database_url,
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(ours.run())
        await asyncio.wait_for(polled.wait(), 10)
        running.cancel()
    assert ours.polling == listener.DEAF
