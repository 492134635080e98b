"""The stream of events: whoever looks sees what happens in the fleet, and forged hints go no further."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest

from service.api import event_feed, sse
from service.domain.hint import ExecutionsChanged, write_hint
from service.live import Live
from tests.support.api import Api, running_api
from tests.support.live import TOKEN, LiveReplica, live_replica
from tests.support.streams import EVENTS, EventStream, event_stream, stalled_clients

KILL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%listener'"

QUEUE_FOR_LATER = """
    insert into job_executions (execution_id, job_id, job_name, handler, status, triggered_by, not_before)
    values (new_execution_id(), 'A', 'A', 'noop', 'QUEUED', 'SQL', 'infinity')
    returning execution_id
"""


@pytest.fixture
async def replica(database_url: str) -> AsyncIterator[LiveReplica]:
    """A replica that hears, with the MANUAL job A in force."""
    async with live_replica(database_url) as replica:
        async with event_stream(replica.http, TOKEN) as stream:
            await replica.add("A", None)
            await stream.events_until("acknowledged", jobId="A")
        yield replica


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server alone, whose hub a test feeds."""
    async with running_api(database_url) as api:
        yield api


async def the_replica_id(replica: LiveReplica) -> str:
    return str(await replica.value("select replica_id from replicas"))


async def test_a_change_in_psql_is_an_event_and_so_is_that_it_is_in_force(replica):
    """The job first, then each replica that has taken its revision."""
    async with event_stream(replica.http, TOKEN) as stream:
        await replica.sql.execute("update jobs set description = 'new'")
        assert await stream.event() == ("job", {"jobId": "A"})
        acknowledged = {"jobId": "A", "revision": 2, "replicaId": await the_replica_id(replica)}
        assert await stream.event() == ("acknowledged", acknowledged)


async def test_a_run_is_an_event_when_it_starts_and_when_it_ends(replica):
    """With the status of its row."""
    async with event_stream(replica.http, TOKEN) as stream:
        execution_id = await replica.value("select trigger_job('A')")
        found = await stream.events_until("execution", status="SUCCESS")
        assert {kind for kind, _ in found} <= {"execution", "log"}
        assert found[-1][1] == {"executionId": str(execution_id), "jobId": "A", "status": "SUCCESS"}


async def test_a_run_that_has_to_wait_is_an_event(database_url):
    """Its only slot is taken by a run that does not end until the test lets it."""
    async with live_replica(database_url, max_concurrent_executions=1) as replica:
        await replica.add("SLOW", None, handler="sql", params='{"statement": "select pg_sleep(1)"}')
        await replica.add("A", None)
        await replica.events.wait_for("acknowledged", job_id="A")
        await replica.value("select trigger_job('SLOW')")
        await replica.events.wait_for("execution_started", job_id="SLOW")
        async with event_stream(replica.http, TOKEN) as stream:
            async with replica.http.post("/v1/console/jobs/A/trigger") as response:
                execution_id = (await response.json())["executionId"]
            for status in ("QUEUED", "SUCCESS"):
                await stream.events_until("execution", executionId=execution_id, status=status)


async def test_logs_and_replicas_are_events(replica, database_url):
    """Another replica joins, drains and leaves; its start, which changes all jobs, is a reset."""
    async with event_stream(replica.http, TOKEN) as stream:
        await replica.sql.execute('select pg_notify(\'cronsole_events\', \'{"type":"log","jobIds":["A"]}\')')
        assert await stream.event() == ("log", {"jobId": "A"})
        async with live_replica(database_url) as other:
            ids = "select replica_id::text from replicas order by started_at desc limit 1"
            replica_id = await other.value(ids)
            found = await stream.events_until("replica", state="JOINED")
            assert found[0] == ("reset", {})
            assert found[-1][1]["replicaId"] == replica_id
        await stream.events_until("replica", state="LEFT", replicaId=replica_id)


async def test_nothing_forged_gets_any_further_than_ids_do(replica):
    """Garbage is passed over, and of hints nothing but well-formed ids goes on."""
    some_id = "0192d3a4-5b6c-7d8e-9f01-23456789abcd"
    forged = (
        "",
        "null",
        "[" * 7_999,
        '{"type":"job","jobId":"A"}',
        '{"type":"log","jobIds":["<script>alert(1)</script>"]}',
        '{"type":"log","jobIds":["A\\nevent: forged"]}',
        '{"type":"log","jobIds":["A\\n"]}',
        '{"type":"log","jobIds":["' + "x" * 51 + '"]}',
        '{"type":"log","jobIds":[1,null,{}]}',
        '{"type":"acknowledged","replicaId":"nobody","revisions":{"A":1}}',
        f'{{"type":"acknowledged","replicaId":"{some_id}","revisions":{{"A B":1,"A":"1"}}}}',
        f'{{"type":"executions","executions":[{{"executionId":"{some_id}","jobId":"A","status":"OWNED"}}]}}',
        f'{{"type":"replica","replicaId":"{some_id}","state":"<b>"}}',
    )
    async with event_stream(replica.http, TOKEN) as stream:
        for payload in forged:
            await replica.sql.execute("select pg_notify('cronsole_events', $1)", payload)
        for payload in ("A B,\x01,<b>,," + "x" * 51, "\n", "A'; drop table jobs; --"):
            await replica.sql.execute("select pg_notify('cronsole_jobs', $1)", payload)
        await replica.sql.execute("select pg_notify('cronsole_jobs', 'a b,NO_SUCH_JOB,\u2028')")
        assert await stream.event() == ("job", {"jobId": "NO_SUCH_JOB"})
        with_more = f'{{"type":"replica","replicaId":"{some_id}","state":"LEFT","more":"<b>"}}'
        await replica.sql.execute("select pg_notify('cronsole_events', $1)", with_more)
        assert await stream.event() == ("replica", {"replicaId": some_id, "state": "LEFT"})


async def test_after_a_gap_everybody_has_to_read_again(replica):
    """The listener was cut: whatever was announced meanwhile, nobody heard it."""
    async with event_stream(replica.http, TOKEN) as stream:
        await replica.sql.execute(KILL)
        assert await stream.event() == ("reset", {})
        await replica.sql.execute("update jobs set description = 'after it'")
        await stream.events_until("job", jobId="A")


async def test_a_change_of_more_jobs_than_a_payload_holds_is_a_reset(replica):
    """A notification of `*`."""
    async with event_stream(replica.http, TOKEN) as stream:
        await replica.sql.execute("notify cronsole_jobs, '*'")
        assert await stream.event() == ("reset", {})


def change_jobs(live: Live, *job_ids: str) -> None:
    live.hub.hear_jobs(",".join(job_ids))


async def job_ids(stream: EventStream, count: int) -> list[str]:
    """The jobs of the next events, which are all about jobs."""
    found = [await stream.event() for _ in range(count)]
    assert {kind for kind, _ in found} == {"job"}
    return [data["jobId"] for _, data in found]


async def test_a_client_resumes_behind_the_last_event_that_it_got(api):
    """Also where it had got none: the first block carries an id."""
    async with event_stream(api.client, TOKEN) as stream:
        at_first = stream.last_event_id
        change_jobs(api.live, "A", "B")
        assert await job_ids(stream, 1) == ["A"]
        at_a = stream.last_event_id
    change_jobs(api.live, "C")
    async with event_stream(api.client, TOKEN, at_first) as stream:
        assert await job_ids(stream, 3) == ["A", "B", "C"]
    async with event_stream(api.client, TOKEN, at_a) as stream:
        assert await job_ids(stream, 2) == ["B", "C"]


@pytest.mark.parametrize("last_event_id", ["x", "0000aaaa-1", "-1", "9" * 400, "é-1", "{}-99", "{}-x", "{}-"])
async def test_a_client_that_comes_from_elsewhere_reads_everything_again(api, last_event_id):
    """Another replica, or this one before its last start, had other numbers."""
    change_jobs(api.live, "A")
    memory_id = api.live.events.event_id(1).partition("-")[0]
    async with event_stream(api.client, TOKEN, last_event_id.format(memory_id)) as stream:
        assert await stream.event() == ("reset", {})
        change_jobs(api.live, "B")
        assert await job_ids(stream, 1) == ["B"]


async def test_a_client_that_was_away_for_too_long_reads_everything_again(api):
    """The memory is short, and what is forgotten is forgotten for all."""
    async with event_stream(api.client, TOKEN) as stream:
        at_first = stream.last_event_id
    for number in range(event_feed.MOST_EVENTS + 1):
        change_jobs(api.live, f"job-{number}")
    async with event_stream(api.client, TOKEN, at_first) as stream:
        assert await stream.event() == ("reset", {})
        at_reset = stream.last_event_id
    async with event_stream(api.client, TOKEN, at_reset) as stream:
        change_jobs(api.live, "NEW")
        assert await job_ids(stream, 1) == ["NEW"]


async def test_many_executions_at_once_are_told_by_their_jobs_or_as_a_reset(api):
    """Whoever sees no execution reads those of the job."""
    async with event_stream(api.client, TOKEN) as stream:
        api.live.hub.hear(write_hint(ExecutionsChanged(jobs=["A"])))
        assert await stream.event() == ("execution", {"executionId": None, "jobId": "A", "status": None})
        api.live.hub.hear(write_hint(ExecutionsChanged(are_too_many=True)))
        assert await stream.event() == ("reset", {})


async def test_a_quiet_stream_gets_heartbeats(api, monkeypatch):
    """Comments, which no client takes for events."""
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.05)
    async with event_stream(api.client, TOKEN) as stream:
        assert [await stream.next() for _ in range(2)] == [{"": "heartbeat"}] * 2


async def test_an_old_stream_ends_and_is_resumed_with_a_token_that_still_holds(api, monkeypatch):
    """So that whoever may not see events any more sees none for long."""
    monkeypatch.setattr(sse, "LONGEST_SECONDS", 0.1)
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.05)
    async with event_stream(api.client, TOKEN) as stream:
        await stream.end()
    assert (await api.call("GET", EVENTS, token=None)).status == 401
    assert (await api.call("GET", EVENTS, token="wrong")).status == 401
    assert (await api.call("HEAD", EVENTS)).status == 405  # it would never end


async def test_no_more_clients_than_there_are_places(api, monkeypatch):
    """Who comes too late is told when to try again; who leaves makes room."""
    monkeypatch.setattr(event_feed, "MOST_CLIENTS", 2)
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.05)
    async with event_stream(api.client, TOKEN), event_stream(api.client, TOKEN):
        refused = await api.call("GET", EVENTS)
        assert (refused.status, refused.content_type) == (503, "application/problem+json")
        assert refused.headers["Retry-After"] == "2"
    async with asyncio.timeout(5):
        while api.live.events.clients:  # noqa: ASYNC110 - nobody is told, nor needs to be
            await asyncio.sleep(0.01)
    async with event_stream(api.client, TOKEN):
        pass


async def test_a_client_that_takes_nothing_is_cut_off_and_holds_nothing(api, monkeypatch):
    """However much happens; a client beside it that reads sees all of it."""
    monkeypatch.setattr(sse, "WRITE_SECONDS", 0.3)
    monkeypatch.setattr(sse, "SEND_BUFFER_BYTES", 4_096)
    async with stalled_clients(api.address, TOKEN, 1), event_stream(api.client, TOKEN) as stream:
        for number in range(40):
            names = [f"{number}-{each}-" + "x" * 30 for each in range(100)]
            change_jobs(api.live, *names)
            assert await job_ids(stream, 100) == names
            assert api.live.events.remembered <= event_feed.MOST_EVENTS
        async with asyncio.timeout(5):
            while api.live.events.clients > 1:  # noqa: ASYNC110 - nobody is told, nor needs to be
                await asyncio.sleep(0.01)


async def test_a_replica_leaves_at_once_whoever_looks_on(database_url, monkeypatch):
    """Streams end when it begins to drain, one that takes nothing too."""
    monkeypatch.setattr(sse, "SEND_BUFFER_BYTES", 4_096)
    names = ",".join(f"job-{number}-" + "x" * 30 for number in range(150))
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        async with live_replica(database_url) as replica:
            address = str(replica.http._base_url)
            await stack.enter_async_context(stalled_clients(address, TOKEN, 5))
            http = await stack.enter_async_context(aiohttp.ClientSession(address))
            streams = [await stack.enter_async_context(event_stream(http, TOKEN)) for _ in range(5)]
            for _ in range(30):
                await replica.sql.execute("select pg_notify('cronsole_jobs', $1)", names)
            started = loop.time()
        assert loop.time() - started < 3
        await asyncio.gather(*(stream.end() for stream in streams))


async def test_a_change_says_on_how_many_replicas_it_is_in_force(replica):
    """After `wait`, which ends as soon as all live replicas have acknowledged it."""
    await replica.add("B")
    for method, path, changes, revision in (
        ("PUT", "B/schedule?cron=0+0+4+*+*+*&wait=2000", None, 2),
        ("PUT", "B/enabled?enabled=false&wait=2000", None, 3),
        ("PATCH", "B?wait=2000", {"description": "new"}, 4),
    ):
        async with replica.http.request(method, f"/v1/console/jobs/{path}", json=changes) as response:
            body = await response.json()
        assert (body["revision"], body["inForce"]["replicas"], body["inForce"]["of"]) == (revision, 1, 1)
        assert 0 <= body["inForce"]["afterMs"] < 1_000


DEAF = """
    insert into replicas (replica_id, lease_expires_at, version, handlers, draining)
    values (gen_random_uuid(), clock_timestamp() + interval '1 hour', 'test', '{}', $1)
"""


async def test_a_replica_that_does_not_acknowledge_is_counted_and_not_waited_for_for_ever(replica):
    """One that drains, which fires nothing any more, is not counted."""
    await replica.add("B")
    await replica.sql.execute(DEAF, False)
    await replica.sql.execute(DEAF, True)
    async with replica.http.put("/v1/console/jobs/B/enabled?enabled=false&wait=1000") as response:
        in_force = (await response.json())["inForce"]
    assert (in_force["replicas"], in_force["of"]) == (1, 2)
    assert 1_000 <= in_force["afterMs"] < 5_000


async def test_without_wait_and_without_a_change_nothing_is_said(api):
    """Nobody acknowledges what did not change."""
    for path in ("enabled?enabled=false", "enabled?enabled=false&wait=2000", "enabled?enabled=true&wait=0"):
        answer = await api.put(f"/MARKETDATA_BACKFILL/{path}")
        assert answer.status == 200
        assert "inForce" not in answer.body
    for query, text in (("", "new"), ("?wait=2000", "new"), ("?wait=0", "newer")):
        path = f"/v1/console/jobs/MARKETDATA_BACKFILL{query}"
        answer = await api.call("PATCH", path, json={"description": text})
        assert answer.status == 200
        assert "inForce" not in answer.body
    assert api.live.acknowledgements.watched == 0


@pytest.mark.parametrize("wait", ["2001", "-1", "x", "1.5"])
async def test_a_wait_that_is_none_is_refused_before_anything_is_changed(api, wait):
    """With what is allowed."""
    answer = await api.put(f"/MARKETDATA_BACKFILL/enabled?enabled=false&wait={wait}")
    assert (answer.status, answer.body["field"]) == (400, "wait")
    path = f"/v1/console/jobs/MARKETDATA_BACKFILL?wait={wait}"
    answer = await api.call("PATCH", path, json={"enabled": False})
    assert (answer.status, answer.body["field"]) == (400, "wait")
    assert await api.sql.fetchval("select enabled from jobs where job_id = 'MARKETDATA_BACKFILL'")


async def test_what_is_cancelled_before_it_started_and_tried_again_is_an_event(api):
    """No replica runs it, which would announce it; a repeat under the same key queues nothing."""
    await api.start_replica()
    await api.sql.add_listener("cronsole_events", lambda *hint: api.live.hub.hear(hint[3]))
    executions = "/v1/console/executions"
    async with event_stream(api.client, TOKEN) as stream:
        first = (await api.post("/MARKETDATA_BACKFILL/trigger")).body["executionId"]
        found = [await stream.event()]
        assert (await api.call("POST", f"{executions}/{first}/cancel")).status == 200
        found.append(await stream.event())
        key = {"Idempotency-Key": "once"}
        for _ in range(2):
            answer = await api.call("POST", f"{executions}/{first}/retry", headers=key)
            assert answer.status == 201
        second = answer.body["executionId"]
        found.append(await stream.event())
        await api.call("POST", f"{executions}/{second}/cancel")
        found.append(await stream.event())
    assert [(kind, data["executionId"], data["status"]) for kind, data in found] == [
        ("execution", first, "QUEUED"),
        ("execution", first, "CANCELLED"),
        ("execution", second, "QUEUED"),
        ("execution", second, "CANCELLED"),
    ]


async def test_what_is_cancelled_in_psql_before_it_started_is_an_event(replica):
    """Nobody but the schema is there to announce it."""
    execution_id = await replica.value(QUEUE_FOR_LATER)
    async with event_stream(replica.http, TOKEN) as stream:
        assert await replica.value("select cancel_execution($1)", execution_id) == "CANCELLED"
        data = {"executionId": str(execution_id), "jobId": "A", "status": "CANCELLED"}
        assert await stream.event() == ("execution", data)


async def test_what_is_triggered_in_psql_is_an_event_before_anybody_takes_it(replica):
    """At once, as over HTTP."""
    async with event_stream(replica.http, TOKEN) as stream:
        execution_id = await replica.value("select trigger_job('A')")
        data = {"executionId": str(execution_id), "jobId": "A", "status": "QUEUED"}
        assert await stream.event() == ("execution", data)
