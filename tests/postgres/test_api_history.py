"""History and statistics, over ten thousand executions."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest

from tests.support.api import Api, running_api
from tests.support.databases import DatabaseServer

EXECUTION_FIELDS = {
    "executionId",
    "jobName",
    "startTime",
    "endTime",
    "durationMs",
    "status",
    "symbolsProcessed",
    "dataPointsStored",
    "errorCount",
    "errorDetails",
    "context",
}
OUR_FIELDS = {
    "jobId",
    "handler",
    "triggeredBy",
    "requestedBy",
    "reason",
    "fireTime",
    "windowStart",
    "windowEnd",
    "attempt",
    "firstExecutionId",
}
JOB = "MARKETDATA_INCREMENTAL"

# Two jobs by turns, one execution in ten minutes back from an hour ago: 5,000 each, over 70 days. Of every 20
# executions of the first job 16 succeed in i ms, and there is one each FAILED, TIMEOUT, LOST and CANCELLED.
TEN_THOUSAND = """
    with made as (
        insert into job_executions (execution_id, job_id, job_name, handler, start_time, end_time,
                                    duration_ms, status, symbols_processed, data_points_stored, error_count,
                                    error_details, timeframes, triggered_by)
        select new_execution_id(), j.job_id, j.display_name, j.handler, t.at,
               t.at + i * interval '1 millisecond', i,
               case i / 2 % 20 when 0 then 'FAILED' when 1 then 'TIMEOUT' when 2 then 'LOST'
                               when 3 then 'CANCELLED' else 'SUCCESS' end,
               i, 2 * i, 1, '["IBM: no such symbol"]', '["1Min", "1Day"]', 'SCHEDULE'
          from generate_series(0, 9999) i
          join jobs j on j.job_id = case i % 2 when 0 then 'MARKETDATA_INCREMENTAL'
                                               else 'FUNDAMENTALS_INCREMENTAL' end
         cross join lateral (select clock_timestamp() - interval '1 hour' - i * interval '10 minutes') t (at)
        returning execution_id)
    select array_agg(execution_id) from made
"""
SETTLE = "select settle_jobs($1::uuid[], array_fill(0, array[cardinality($1::uuid[])]))"
# How far a percentile from buckets may be off: the widest bucket here ends at 2.5 times its beginning.
WITHIN = 1.5
# The same numbers, counted from the rows.
COUNTED = """
    select count(*) filter (where status = 'SUCCESS') as successes,
           count(*) filter (where status in ('FAILED', 'TIMEOUT', 'LOST')) as failures,
           count(*) as total, round(avg(duration_ms) filter (where status = 'SUCCESS')) as average,
           percentile_disc(0.5) within group (order by duration_ms) filter (where status = 'SUCCESS') as p50,
           percentile_disc(0.95) within group (order by duration_ms) filter (where status = 'SUCCESS') as p95
      from job_executions
     where job_id = $1
       and start_time >= date_trunc('hour', clock_timestamp() - $2 * interval '24 hours', 'UTC')
"""


@pytest.fixture
async def empty_api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


@pytest.fixture(scope="module")
def database_with_history(database_server: DatabaseServer, migrated_template: str) -> Iterator[str]:
    """A database with ten thousand executions, for tests that only read it."""
    with database_server.database(migrated_template) as name:
        url = database_server.url(name)

        async def fill() -> None:
            connection = await asyncpg.connect(url)
            ids = await connection.fetchval(TEN_THOUSAND)
            await connection.execute(SETTLE, ids)
            await connection.execute("analyze")
            await connection.close()

        with ThreadPoolExecutor(1) as thread:  # a loop of its own, whatever runs here
            thread.submit(asyncio.run, fill()).result()
        yield url


@pytest.fixture
async def api(database_with_history: str) -> AsyncIterator[Api]:
    """A server over ten thousand executions."""
    async with running_api(database_with_history) as api:
        yield api


async def test_a_page_of_the_history_has_the_form_of_the_reference(api: Api):
    """Old clients find their fields; ours stand behind them."""
    answer = await api.get(f"/{JOB}/history")
    assert answer.status == 200
    reference = {"executions", "stats", "page", "pageSize", "totalCount", "totalPages"}
    assert set(answer.body) == reference | {"nextCursor"}
    assert (answer.body["page"], answer.body["pageSize"], len(answer.body["executions"])) == (0, 50, 50)
    assert all(set(row) == EXECUTION_FIELDS | OUR_FIELDS for row in answer.body["executions"])
    newest = answer.body["executions"][0]
    assert newest["jobName"] == "Market Data Incremental"
    assert (newest["status"], newest["durationMs"]) == ("FAILED", 0)
    assert newest["errorDetails"] == ["IBM: no such symbol"]
    assert newest["context"] == ["1Min", "1Day"]
    assert newest["startTime"].endswith("Z")


async def test_an_execution_of_the_history_shows_its_numbers(api: Api):
    """The fifth of the first job: number eight of all."""
    row = (await api.get(f"/{JOB}/history?pageSize=5")).body["executions"][4]
    assert (row["symbolsProcessed"], row["dataPointsStored"], row["errorCount"]) == (8, 16, 1)
    assert (row["status"], row["durationMs"], row["triggeredBy"]) == ("SUCCESS", 8, "SCHEDULE")


@pytest.mark.parametrize("since_days", [1, 7, 30, 3650])
async def test_the_statistics_are_what_counting_the_rows_would_give(api: Api, since_days: int):
    """They come from the hourly table, cut to the hour as the rows are."""
    counted = await api.sql.fetchrow(COUNTED, JOB, since_days)
    assert counted is not None
    stats = (await api.get(f"/{JOB}/stats?sinceDays={since_days}")).body
    percentiles = {name: stats[name] for name in ("p50DurationMs", "p95DurationMs")}
    assert stats == percentiles | {
        "successCount": counted["successes"],
        "failureCount": counted["failures"],
        "totalCount": counted["total"],
        "successRate": round(100 * counted["successes"] / counted["total"], 2),
        "avgDurationMs": int(counted["average"]),
        "periodDays": since_days,
    }
    assert percentiles["p50DurationMs"] == pytest.approx(counted["p50"], rel=WITHIN)
    assert percentiles["p95DurationMs"] == pytest.approx(counted["p95"], rel=WITHIN)
    history = (await api.get(f"/{JOB}/history?sinceDays={since_days}&pageSize=200")).body
    assert (history["stats"], history["totalCount"]) == (stats, counted["total"])
    assert history["totalPages"] == -(-counted["total"] // 200)


async def test_the_statistics_of_everything_are_known_numbers(api: Api):
    """Of 5,000 executions 16 of 20 succeed and 3 of 20 fail; a cancelled one counts in the total only."""
    stats = (await api.get(f"/{JOB}/stats?sinceDays=3650")).body
    assert (stats["successCount"], stats["failureCount"], stats["totalCount"]) == (4000, 750, 5000)
    assert (stats["successRate"], stats["avgDurationMs"]) == (80.0, 5003)
    # Exactly 5002 and 9500, of durations that spread evenly up to 9998.
    assert stats["p50DurationMs"] == pytest.approx(5002, rel=0.02)
    assert stats["p95DurationMs"] == pytest.approx(9500, rel=0.05)


async def test_the_pages_hold_every_execution_once(api: Api):
    """Twenty-five pages of 200, newest first; the page behind the last is empty."""
    seen: list[dict[str, Any]] = []
    for page in range(25):
        seen += (await api.get(f"/{JOB}/history?page={page}&pageSize=200&sinceDays=3650")).body["executions"]
    assert len({row["executionId"] for row in seen}) == len(seen) == 5000
    starts = [row["startTime"] for row in seen]
    assert starts == sorted(starts, reverse=True)
    behind = await api.get(f"/{JOB}/history?page=25&pageSize=200&sinceDays=3650")
    assert (behind.status, behind.body["executions"], behind.body["totalPages"]) == (200, [], 25)
    assert (await api.get(f"/{JOB}/history?page=1000000&pageSize=200")).body["executions"] == []


async def test_the_history_of_all_jobs_holds_the_rows_of_all(api: Api):
    """No job can be named `history`."""
    answer = await api.get("/history?pageSize=4&sinceDays=3650")
    assert (answer.body["totalCount"], answer.body["totalPages"]) == (10_000, 2500)
    assert [row["jobId"] for row in answer.body["executions"]] == [JOB, "FUNDAMENTALS_INCREMENTAL"] * 2
    stats = answer.body["stats"]
    assert (stats["totalCount"], stats["successCount"]) == (10_000, 8_000)
    assert (stats["p50DurationMs"], stats["p95DurationMs"]) == (None, None)  # they have nothing in common


async def test_a_job_without_any_history_has_zeros(empty_api: Api):
    """No division by nothing."""
    nothing = {
        "successCount": 0,
        "failureCount": 0,
        "totalCount": 0,
        "successRate": 0.0,
        "avgDurationMs": 0,
        "periodDays": 30,
        "p50DurationMs": None,
        "p95DurationMs": None,
    }
    answer = await empty_api.get(f"/{JOB}/history")
    assert answer.body == {
        "executions": [],
        "stats": nothing,
        "page": 0,
        "pageSize": 50,
        "totalCount": 0,
        "totalPages": 0,
        "nextCursor": None,
    }
    assert (await empty_api.get(f"/{JOB}/stats")).body == nothing


async def test_an_unfinished_execution_stands_on_the_page_and_counts_there(empty_api: Api):
    """It has no outcome yet, so the statistics leave it out."""
    await empty_api.start_replica()
    await empty_api.post(f"/{JOB}/trigger")
    for path in (f"/{JOB}/history", "/history"):
        body = (await empty_api.get(path)).body
        [row] = body["executions"]
        assert (row["status"], row["endTime"], row["durationMs"]) == ("QUEUED", None, None)
        assert (body["totalCount"], body["totalPages"], body["stats"]["totalCount"]) == (1, 1, 0)


async def test_a_deleted_job_keeps_its_history(empty_api: Api):
    """Only the job itself is not found any more."""
    await empty_api.start_replica()
    await empty_api.post(f"/{JOB}/trigger")
    await empty_api.sql.execute("delete from jobs where job_id = $1", JOB)
    assert (await empty_api.get(f"/{JOB}")).status == 404
    assert len((await empty_api.get(f"/{JOB}/history")).body["executions"]) == 1
    assert (await empty_api.get(f"/{JOB}/stats")).status == 200
