"""Lists that go deep: every row once, also while rows are added; filters; and limits of time and size."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from service.database import lists
from tests.support.api import Api, running_api
from tests.support.databases import DatabaseServer
from tests.support.rows import insert_executions, insert_fires

JOB = "MARKETDATA_INCREMENTAL"
OTHER = "FUNDAMENTALS_INCREMENTAL"
ROWS = 20_000
# Fifteen thousand of one job, five thousand of the other, one a second back from here; so times are shared.
LAST = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
PERIOD = {"from": "2026-01-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}


async def fill(url: str) -> None:
    """Insert what all tests here read."""
    connection = await asyncpg.connect(url)
    await insert_executions(connection, JOB, 15_000, LAST)
    await insert_executions(connection, OTHER, 5000, LAST)
    await insert_fires(connection, JOB, ROWS, LAST)
    await connection.execute(
        "update jobs set description = i::text from generate_series(1, 1) i where job_id = $1", OTHER
    )
    await connection.execute(
        "insert into job_changes (job_id, operation, changed_by, revision, before, after)"
        " select $1, 'UPDATE', case i % 500 when 0 then 'maria' else 'robot' end, i, '{}', '{}'"
        " from generate_series(1, 20000) i",
        JOB,
    )
    await connection.execute("analyze")
    await connection.close()


@pytest.fixture(scope="module")
def filled_url(database_server: DatabaseServer, migrated_template: str) -> Iterator[str]:
    """A database with twenty thousand rows in each long table."""
    with database_server.database(migrated_template) as name:
        url = database_server.url(name)
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, whatever runs here
            thread.submit(asyncio.run, fill(url)).result()
        yield url


@pytest.fixture
async def api(filled_url: str) -> AsyncIterator[Api]:
    """A server over twenty thousand rows, for tests that only add."""
    async with running_api(filled_url) as api:
        yield api


async def page(api: Api, path: str, cursor: str | None, **params: str) -> Any:
    """One page."""
    asked = {"pageSize": "200", **params} | ({"cursor": cursor} if cursor else {})
    answer = await api.call("GET", "/v1/console" + path, params=asked)
    assert answer.status == 200, answer
    return answer.body


async def walk(api: Api, path: str, list_name: str, after_page: Any = None, **params: str) -> list[Any]:
    """All rows, from page to page by cursor; `after_page(number)` is awaited in between."""
    rows: list[Any] = []
    cursor, number = None, 0
    while number == 0 or cursor:
        body = await page(api, path, cursor, **params)
        rows += body[list_name]
        cursor, number = body["nextCursor"], number + 1
        if after_page:
            await after_page(number)
    return rows


async def test_by_cursor_the_history_holds_every_execution_once(api: Api):
    """In the order of the pages, with equal start times among them."""
    rows = await walk(api, "/jobs/history", "executions", **PERIOD)
    assert len({row["executionId"] for row in rows}) == len(rows) == ROWS
    keys = [(row["startTime"], row["executionId"]) for row in rows]
    assert keys == sorted(keys, reverse=True)
    of_one = await walk(api, f"/jobs/{JOB}/history", "executions", **PERIOD)
    assert [row["executionId"] for row in of_one] == [
        row["executionId"] for row in rows if row["jobId"] == JOB
    ]


async def test_pages_stay_in_place_while_executions_are_added(api: Api):
    """Whoever walks sees every row that was there at the start, once; by page number he would not."""
    added: list[str] = []

    async def add_some(number: int) -> None:
        # Newer ones, as runs start; and one in the middle, between rows that were read and those to come.
        await insert_executions(api.sql, OTHER, 50, LAST + timedelta(minutes=number))
        added.append(str(number))

    there = {
        str(row["execution_id"])
        for row in await api.sql.fetch("select execution_id from job_executions where job_id = $1", OTHER)
    }
    rows = await walk(api, f"/jobs/{OTHER}/history", "executions", add_some, **PERIOD)
    ids = [row["executionId"] for row in rows]
    assert len(ids) == len(set(ids))
    assert len(added) >= 25
    assert set(ids) == there
    await api.sql.execute("delete from job_executions where job_id = $1 and start_time > $2", OTHER, LAST)


async def test_a_page_by_number_leads_on_by_cursor(api: Api):
    """The first page in the reference's form, the rest by key."""
    first = await page(api, f"/jobs/{JOB}/history", None, **PERIOD)
    assert (first["page"], first["totalCount"]) == (0, None)
    second = await page(api, f"/jobs/{JOB}/history", first["nextCursor"], **PERIOD)
    by_number = await page(api, f"/jobs/{JOB}/history", None, page="1", **PERIOD)
    assert second["executions"] == by_number["executions"]
    assert (second["page"], second["stats"], by_number["nextCursor"]) == (None, None, second["nextCursor"])


@pytest.mark.parametrize(
    ("params", "condition"),
    [
        ({"status": "FAILED"}, "status = 'FAILED'"),
        ({"status": "failed,cancelled"}, "status in ('FAILED', 'CANCELLED')"),
        ({"status": "SUCCESS", "triggeredBy": "MANUAL"}, "status = 'SUCCESS' and triggered_by = 'MANUAL'"),
        ({"status": "RUNNING,QUEUED"}, "status in ('RUNNING', 'QUEUED')"),
        ({"triggeredBy": "MANUAL"}, "triggered_by = 'MANUAL'"),
        ({"triggeredBy": "CATCH_UP"}, "false"),
        ({"text": "ERROR 1200"}, "error_details::text like '%error 1200%'"),
        ({"text": "Maria"}, "requested_by = 'maria'"),
        ({"text": "no such words"}, "false"),
        ({"from": "2026-03-02T09:59:00Z"}, "start_time >= '2026-03-02T09:59:00Z'"),
        ({"to": "2026-03-02T06:00:00Z"}, "start_time < '2026-03-02T06:00:00Z'"),
    ],
)
@pytest.mark.parametrize("path", ["/jobs/history", f"/jobs/{JOB}/history"])
@pytest.mark.parametrize("looked_at", [lists.ROWS_LOOKED_AT, 700])
async def test_a_filter_finds_what_a_query_would(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    params: dict[str, str],
    condition: str,
    looked_at: int,
):
    """Also where a request looks at few rows, and hands out pages that are not full."""
    monkeypatch.setattr(lists, "ROWS_LOOKED_AT", looked_at)
    query = "select execution_id::text from job_executions where " + condition
    if JOB in path:
        query += f" and job_id = '{JOB}'"
    expected = await api.sql.fetch(query + " order by start_time desc, execution_id desc")
    rows = await walk(api, path, "executions", **{**PERIOD, **params})
    assert [row["executionId"] for row in rows] == [row[0] for row in expected]


async def test_the_ledger_goes_on_by_cursor_and_by_page(api: Api):
    """Every fire once; the rare ones by their outcome."""
    fires = await walk(api, f"/jobs/{JOB}/fires", "fires")
    assert len({fire["fireTime"] for fire in fires}) == len(fires) == ROWS
    assert [fire["fireTime"] for fire in fires] == sorted((f["fireTime"] for f in fires), reverse=True)
    missed = await walk(api, f"/jobs/{JOB}/fires", "fires", outcome="MISSED")
    assert missed == [fire for fire in fires if fire["outcome"] == "MISSED"]
    assert len(missed) == 20
    third = await page(api, f"/jobs/{JOB}/fires", None, page="3")
    assert third["fires"] == fires[600:800]
    period = {"since": fires[700]["fireTime"], "until": fires[100]["fireTime"]}
    assert await walk(api, f"/jobs/{JOB}/fires", "fires", **period) == fires[101:701]


async def test_the_audit_goes_on_by_cursor(api: Api):
    """Every change once, and those of one actor."""
    rows = await walk(api, f"/jobs/{JOB}/changes", "changes")
    assert len({row["changeId"] for row in rows}) == len(rows) == ROWS + 1
    maria = await walk(api, "/changes", "changes", actor="maria")
    assert [row["changeId"] for row in maria] == [
        row["changeId"] for row in rows if row["changedBy"] == "maria"
    ]
    assert len(maria) == 40


BAD_CURSORS = [
    "x",
    "====",
    "W10",  # []
    "bnVsbA",  # null
    "WyJ4Iiwx",  # broken off
    "WyJ4IiwxLCJub3QgYW4gaWQiXQ",
    "WyJ4Iiw5OTk5OTk5OTk5OTk5OTk5OTk5LCIwMTkwMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAiXQ",
    "WyJjIiwtMV0",
    "%00",
    "é",
    "A" * 201,
]


@pytest.mark.parametrize("cursor", BAD_CURSORS)
@pytest.mark.parametrize("path", ["/jobs/history", f"/jobs/{JOB}/history", f"/jobs/{JOB}/fires", "/changes"])
async def test_a_bad_cursor_is_refused(api: Api, path: str, cursor: str):
    """400, naming the parameter."""
    refused = await api.call("GET", "/v1/console" + path, params={"cursor": cursor})
    assert (refused.status, refused.body["field"]) == (400, "cursor")


async def test_the_cursor_of_another_list_is_refused(api: Api):
    """A fire's key means nothing among executions."""
    cursors = {
        path: (await page(api, path, None))["nextCursor"]
        for path in (f"/jobs/{JOB}/fires", f"/jobs/{JOB}/changes")
    }
    cursors[f"/jobs/{JOB}/history"] = (await page(api, f"/jobs/{JOB}/history", None, **PERIOD))["nextCursor"]
    for path in cursors:
        for other, cursor in cursors.items():
            answer = await api.call("GET", "/v1/console" + path, params={"cursor": cursor})
            assert answer.status == (200 if path == other else 400)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/jobs/history?status=LATE", "status"),
        ("/jobs/history?status=FAILED&status=LOST", "status"),
        ("/jobs/history?triggeredBy=nobody", "triggeredBy"),
        ("/jobs/history?from=1969-01-01T00:00:00Z", "from"),
        ("/jobs/history?from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z", "to"),
        ("/jobs/history?text=" + "x" * 201, "text"),
        ("/jobs/history?text=%00", "text"),
        ("/jobs/history?status=FAILED&page=51&pageSize=200", "page"),
        (f"/jobs/{JOB}/fires?page=51&pageSize=200", "page"),
        ("/jobs/history?" + "&".join(f"p{i}=1" for i in range(51)), "query"),
    ],
)
async def test_a_bad_filter_is_named(api: Api, path: str, field: str):
    """400, with what is allowed; a page too deep to count to is refused, and the cursor leads there."""
    refused = await api.call("GET", "/v1/console" + path)
    assert (refused.status, refused.body["field"]) == (400, field)
    assert refused.body["allowed"]


async def test_a_page_beside_a_cursor_is_refused(api: Api):
    """Nobody knows which is meant."""
    cursor = (await page(api, "/changes", None))["nextCursor"]
    assert cursor
    key = (await page(api, f"/jobs/{JOB}/fires", None))["nextCursor"]
    refused = await api.get(f"/{JOB}/fires?page=1&cursor={key}")
    assert (refused.status, refused.body["field"]) == (400, "page")


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("?text=" + "x" * 7000, {}, 414),
        ("?text=" + "x" * 9000, {}, 400),
        ("", {"X-Long": "x" * 9000}, 400),
        ("", {f"X-{i}": "x" * 8000 for i in range(5)}, 431),
        ("", {f"X-{i}": "x" for i in range(120)}, 400),
    ],
)
async def test_oversized_requests_are_refused(api: Api, query: str, headers: dict[str, str], status: int):
    """Before anything is looked up; the longest by the HTTP parser itself, in plain text."""
    url = api.address + "/v1/console/jobs/history" + query
    async with api.client.get(url, headers=headers) as response:
        assert response.status == status


async def test_a_list_that_takes_too_long_is_a_503(filled_url: str):
    """Within the time limit of a request, with what to do; the connection is whole afterwards."""
    async with running_api(filled_url, statement_seconds=0.2) as api:
        holder = await asyncpg.connect(filled_url)
        await holder.execute("begin; lock table job_executions in access exclusive mode")
        answer = await asyncio.wait_for(api.get("/history"), 3)
        await holder.close()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert answer.content_type == "application/problem+json"
        assert "did not finish in time" in answer.body["detail"]
        assert (await api.get("/history")).status == 200


async def test_a_deep_page_of_the_reference_is_still_answered(api: Api):
    """By the index alone, up to where the statistics know the end."""
    await api.sql.execute(
        "insert into job_execution_stats (job_id, hour, success_count)"
        " values ($1, date_trunc('hour', $2::timestamptz), 15000) on conflict do nothing",
        JOB,
        LAST,
    )
    deep = await api.get(f"/{JOB}/history?page=74&pageSize=200&sinceDays=3650")
    assert len(deep.body["executions"]) == 200
    behind = await api.get(f"/{JOB}/history?page=75&pageSize=200&sinceDays=3650")
    assert (behind.body["executions"], behind.body["nextCursor"]) == ([], None)
