"""Two hundred clients that read nothing, beside a job of every second: no fire waits for them."""

import asyncio
from datetime import timedelta

from service.api import event_feed, sse
from service.live import Live
from tests.support.live import TOKEN, live_replica
from tests.support.streams import event_stream, stalled_clients

CLIENTS, FIRES = 200, 5
LATE = """
    select max(decided_at - fire_time) as latest, count(*) as fires,
           count(*) filter (where outcome = 'STARTED') as started,
           extract(epoch from max(fire_time) - min(fire_time))::bigint + 1 as seconds
      from job_fires where job_id = 'EVERY_SECOND'
"""
SOME_NAMES = [f"job-{number}-" + "x" * 30 for number in range(150)]


def kept_parts(monkeypatch) -> list[Live]:
    """Keep the live parts of each replica that starts, for the test to look at."""
    kept: list[Live] = []
    original = Live.over

    def over(*arguments):
        kept.append(original(*arguments))
        return kept[-1]

    monkeypatch.setattr(Live, "over", over)
    return kept


async def test_two_hundred_slow_clients_delay_no_fire(database_url, monkeypatch, record_property):
    """While more happens than any of them could take; memory is bounded, and a client that reads sees it."""
    monkeypatch.setattr(sse, "WRITE_SECONDS", 60)  # the worst clients: none is cut off
    monkeypatch.setattr(sse, "SEND_BUFFER_BYTES", 4_096)
    buffers: list[sse.EventStream] = []
    opened = sse.EventStream.open

    async def open_and_keep(stream: sse.EventStream) -> None:
        buffers.append(stream)
        await opened(stream)

    monkeypatch.setattr(sse.EventStream, "open", open_and_keep)
    parts = kept_parts(monkeypatch)
    async with live_replica(database_url) as replica:
        [live] = parts
        address = str(replica.http._base_url)
        async with stalled_clients(address, TOKEN, CLIENTS), event_stream(replica.http, TOKEN) as stream:
            assert live.events.clients == CLIENTS + 1
            await replica.add("EVERY_SECOND", "* * * * * *", overlap_policy="ALLOW")
            async with asyncio.TaskGroup() as tasks:
                flood = tasks.create_task(keep_changing(replica))
                for _ in range(FIRES):
                    await stream.events_until("execution", jobId="EVERY_SECOND", status="SUCCESS")
                flood.cancel()
            waiting = [bytes_waiting(each) for each in buffers]
            assert live.events.remembered <= event_feed.MOST_EVENTS
            assert len(waiting) == CLIENTS + 1
            assert sum(each > 0 for each in waiting) > CLIENTS / 2, "the clients were not slow"
            assert max(waiting) <= sse.MOST_BYTES_A_WRITE + 1_000
            [row] = await replica.sql.fetch(LATE)
    late_ms = row["latest"] / timedelta(milliseconds=1)
    record_property("late_ms", late_ms)
    print(f"{CLIENTS} slow clients, {row['fires']} fires, the latest {late_ms:.0f} ms late")  # noqa: T201
    print(f"bytes waiting: {sum(waiting):,}, at most {max(waiting):,} for one client")  # noqa: T201
    assert row["fires"] == row["started"] == row["seconds"] >= FIRES
    assert late_ms < 1_000


async def keep_changing(replica) -> None:
    """Announce 3,000 changes a second, by notifications that anybody might send."""
    payload = ",".join(SOME_NAMES)
    while True:
        await replica.sql.execute("select pg_notify('cronsole_jobs', $1)", payload)
        await asyncio.sleep(0.05)


def bytes_waiting(stream: sse.EventStream) -> int:
    """What of a client's stream is held in this process."""
    transport = stream._request.transport
    return 0 if transport is None else transport.get_write_buffer_size()
