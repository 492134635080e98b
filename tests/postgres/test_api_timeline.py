"""The timeline over HTTP: what ran, runs and will fire, in bounded amounts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.database.timeline import most_executions_of_a_lane
from tests.support.api import Api, running_api
from tests.support.fleet import insert_job
from tests.support.rows import insert_ended, insert_executions

JOB = "MARKETDATA_BACKFILL"
# Long past, so that nothing is coming; and far ahead, so that nothing has been.
THEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
AHEAD = datetime(2098, 3, 3, 10, 0, tzinfo=UTC)
SETTLE = """
    select settle_jobs(array_agg(execution_id), array_fill(0, array[count(*)::integer]))
      from job_executions
"""


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


async def timeline(api: Api, since: datetime | None, hours: float, **more: str) -> Any:
    """The timeline from an instant on."""
    params = dict(more)
    if since is not None:
        until = since + timedelta(hours=hours)
        params |= {"from": since.isoformat(), "to": until.isoformat()}
    answer = await api.call("GET", "/v1/console/timeline", params=params)
    assert answer.status == 200, answer
    return answer.body


def lane(body: Any, job_id: str = JOB) -> Any:
    """The lane of one job."""
    [found] = [lane for lane in body["lanes"] if lane["jobId"] == job_id]
    return found


async def test_a_lane_holds_what_started_and_what_was_under_way(api: Api):
    """The end is excluded; of what began before, only what had not ended by then."""
    under_way = await insert_ended(api.sql, JOB, THEN - timedelta(milliseconds=500))
    inside = await insert_ended(api.sql, JOB, THEN + timedelta(minutes=30), status="SUCCESS")
    await insert_ended(api.sql, JOB, THEN - timedelta(hours=1))
    await insert_ended(api.sql, JOB, THEN + timedelta(hours=1))
    body = await timeline(api, THEN, 1)
    assert (body["fromTime"], body["toTime"]) == ("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")
    shown = lane(body)
    assert [each["executionId"] for each in shown["executions"]] == [str(under_way), str(inside)]
    assert (shown["isAggregated"], shown["buckets"], shown["comingFires"]) == (False, [], [])
    assert shown["executions"][1] == {
        "executionId": str(inside),
        "jobId": JOB,
        "status": "SUCCESS",
        "startTime": "2026-03-02T10:30:00Z",
        "endTime": "2026-03-02T10:30:01Z",
        "triggeredBy": "SCHEDULE",
        "fireTime": None,
        "attempt": 1,
    }


async def test_of_many_executions_there_are_counts(api: Api):
    """Two hours of one a second: two buckets, which count every one of them."""
    await insert_executions(api.sql, JOB, 7200, THEN + timedelta(hours=2, seconds=-1))
    await api.sql.execute(SETTLE)
    shown = lane(await timeline(api, THEN, 2))
    assert (shown["isAggregated"], shown["executions"]) == (True, [])
    assert shown["buckets"] == [
        {
            "startTime": f"2026-03-02T{hour}:00:00Z",
            "endTime": f"2026-03-02T{hour + 1}:00:00Z",
            "successCount": 3528,
            "failureCount": 36,
            "cancelledCount": 36,
        }
        for hour in (10, 11)
    ]
    week = lane(await timeline(api, THEN - timedelta(days=5), 7 * 24))
    assert [bucket["successCount"] for bucket in week["buckets"]] == [7056]
    assert len(week["buckets"]) <= 48


async def test_the_coming_fires_are_those_of_the_schedule(api: Api):
    """After `from`, before `to`; of many only the first, which is said."""
    body = await timeline(api, AHEAD, 2.5)
    fires = lane(body, "MARKETDATA_INCREMENTAL")
    assert (fires["comingFires"][0], len(fires["comingFires"])) == ("2098-03-03T10:05:00Z", 29)
    assert fires["hasMoreFires"] is False
    many = lane(await timeline(api, AHEAD, 48), "MARKETDATA_INCREMENTAL")
    assert (len(many["comingFires"]), many["hasMoreFires"]) == (60, True)
    assert lane(body, JOB)["comingFires"] == []
    assert lane(await timeline(api, AHEAD, 16), "FUNDAMENTALS_INCREMENTAL")["comingFires"] == []
    assert lane(await timeline(api, AHEAD, 17), "FUNDAMENTALS_INCREMENTAL")["comingFires"] == [
        "2098-03-04T02:00:00Z"
    ]


@pytest.mark.parametrize(
    ("change", "first", "is_paused"),
    [
        ("update jobs set enabled = false", None, True),
        ("update jobs set paused_until = 'infinity'", None, True),
        ("update jobs set paused_until = '2098-03-03T11:00Z'", "2098-03-03T11:05:00Z", True),
        ("update service_state set paused_until = '2098-03-03T11:00Z'", "2098-03-03T11:05:00Z", True),
        ("update service_state set paused_until = 'infinity'", None, True),
        ("update jobs set paused_until = '2020-01-01T00:00Z'", "2098-03-03T10:05:00Z", False),
    ],
)
async def test_what_keeps_a_job_from_firing_keeps_its_fires_from_the_timeline(
    api: Api, change: str, first: str | None, is_paused: bool
):
    """After a pause that ends, they go on."""
    await api.sql.execute(change)
    shown = lane(await timeline(api, AHEAD, 2.5), "MARKETDATA_INCREMENTAL")
    assert next(iter(shown["comingFires"]), None) == first
    assert shown["isPaused"] is is_paused
    assert shown["isEnabled"] is ("enabled" not in change)


async def test_without_ends_it_goes_twelve_hours_around_now(api: Api):
    """With one end, a day from there."""
    body = await timeline(api, None, 0)
    now = datetime.fromisoformat(body["now"])
    assert datetime.fromisoformat(body["fromTime"]) == now - timedelta(hours=12)
    assert datetime.fromisoformat(body["toTime"]) == now + timedelta(hours=12)
    fires = lane(body, "FUNDAMENTALS_INCREMENTAL")["comingFires"]
    assert all(now < datetime.fromisoformat(fire) <= now + timedelta(hours=12) for fire in fires)
    day = await api.call("GET", "/v1/console/timeline?to=2026-03-02T10:00:00Z")
    assert day.body["fromTime"] == "2026-03-01T10:00:00Z"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?from=2026-01-01T00:00:00Z&to=2026-01-08T00:00:01Z", "to"),
        ("?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("?from=now", "from"),
        ("?from=2026-01-01T00:00:00", "from"),
        ("?group=" + "x" * 201, "group"),
        ("?jobId=A,,B%20C", "jobId"),
        ("?jobId=" + ",".join(["A"] * 101), "jobId"),
        ("?deleted=perhaps", "deleted"),
    ],
)
async def test_a_bad_timeline_is_refused(api: Api, query: str, field: str):
    """400 with the field; seven days are the most."""
    refused = await api.call("GET", "/v1/console/timeline" + query)
    assert (refused.status, refused.body["field"]) == (400, field)
    assert (await api.call("GET", "/v1/console/timeline?from=2026-01-01T00:00:00Z")).status == 200


async def test_a_group_has_its_own_timeline(api: Api):
    """Only its jobs, and only what they run."""
    body = await timeline(api, THEN, 1, group="FUNDAMENTALS")
    assert [lane["jobId"] for lane in body["lanes"]] == ["FUNDAMENTALS_BACKFILL", "FUNDAMENTALS_INCREMENTAL"]
    assert body["jobCount"] == 2


async def test_the_jobs_that_are_named_have_lanes(api: Api):
    """In their zones, also one that is gone; an id that nobody has is no error."""
    await api.sql.execute("update jobs set time_zone = 'Asia/Tokyo' where job_id = $1", JOB)
    await insert_job(api.sql, "GONE")
    await insert_ended(api.sql, "GONE", THEN)
    await api.sql.execute(SETTLE)
    await api.sql.execute("delete from jobs where job_id = 'GONE'")
    body = await timeline(api, THEN, 1, jobId=f"{JOB}, GONE,NOBODY")
    assert {each["jobId"]: each["timeZone"] for each in body["lanes"]} == {"GONE": "UTC", JOB: "Asia/Tokyo"}
    assert body["jobCount"] == 2
    gone = await timeline(api, THEN, 1, deleted="true")
    assert [each["jobId"] for each in gone["lanes"]] == ["GONE"]


async def test_fires_that_started_nothing_stand_on_the_lane(api: Api):
    """With what became of them; those that started something are its executions."""
    await api.sql.execute(
        "insert into job_fires (job_id, fire_time, outcome, revision, replica_id, fires_covered, covers_from)"
        " select $1, $2::timestamptz + m * interval '1 minute', o, 1, new_execution_id(), c,"
        "        case when c > 1 then $2 end"
        "   from (values (-1, 'PAUSED', null), (0, 'STARTED', null), (5, 'SKIPPED_OVERLAP', null),"
        "                (50, 'MISSED', 9), (60, 'PAUSED', null)) v (m, o, c)",
        JOB,
        THEN,
    )
    skipped, missed = lane(await timeline(api, THEN, 1))["firesNotStarted"]
    assert (skipped["fireTime"], skipped["outcome"]) == ("2026-03-02T10:05:00Z", "SKIPPED_OVERLAP")
    assert missed == {
        "fireTime": "2026-03-02T10:50:00Z",
        "outcome": "MISSED",
        "firesCovered": 9,
        "coversFrom": "2026-03-02T10:00:00Z",
    }


async def test_few_lanes_show_more_executions_one_by_one(api: Api):
    """Beside three others three hundred; beside hundreds there would be counts."""
    await insert_executions(api.sql, JOB, 300, THEN + timedelta(minutes=50))
    shown = lane(await timeline(api, THEN, 1))
    assert (len(shown["executions"]), shown["isAggregated"]) == (300, False)
    assert [most_executions_of_a_lane(count) for count in (0, 24, 100, 200, 1000)] == [500, 200, 60, 60, 60]


async def test_what_runs_now_is_shown_whenever_the_timeline_is(api: Api):
    """Also one that started long before."""
    await api.sql.execute(
        "insert into job_executions (execution_id, job_id, job_name, handler, start_time, status,"
        " triggered_by) values (new_execution_id(), $1, $1, 'noop', $2, 'RUNNING', 'MANUAL')",
        JOB,
        THEN - timedelta(days=300),
    )
    body = await timeline(api, THEN, 1)
    [running] = body["running"]
    assert (running["jobId"], running["endTime"]) == (JOB, None)
    assert lane(body)["executions"] == [running]


async def test_a_deleted_job_keeps_its_lane(api: Api):
    """Its history is still there; it fires no more."""
    await insert_job(api.sql, "GONE")
    await insert_ended(api.sql, "GONE", THEN + timedelta(minutes=1))
    await api.sql.execute(SETTLE)
    await api.sql.execute("delete from jobs where job_id = 'GONE'")
    shown = lane(await timeline(api, THEN, 1), "GONE")
    assert (shown["isDeleted"], shown["isPaused"], len(shown["executions"])) == (True, False, 1)


async def test_outages_are_the_times_without_any_lease(api: Api):
    """What is recorded, and the one that goes on."""
    await api.sql.execute("delete from lease_gaps")
    await api.sql.execute(
        "insert into lease_gaps values ('2026-03-02T10:10Z', '2026-03-02T10:20Z'),"
        " ('2026-03-02T09:00Z', '2026-03-02T09:30Z')"
    )
    body = await timeline(api, THEN, 1)
    assert body["outages"] == [{"fromTime": "2026-03-02T10:10:00Z", "toTime": "2026-03-02T10:20:00Z"}]
    replica_id = await api.start_replica()
    ended = "update replicas set lease_expires_at = '2026-03-02T10:50Z' where replica_id = $1"
    await api.sql.execute(ended, replica_id)
    body = await timeline(api, THEN, 1)
    assert body["outages"][1:] == [{"fromTime": "2026-03-02T10:50:00Z", "toTime": None}]


async def test_clock_changes_of_the_jobs_zones_are_shown(api: Api):
    """New York goes to summer time on 8 March 2026, at 07:00 UTC."""
    await api.sql.execute("update jobs set time_zone = 'America/New_York' where job_id = $1", JOB)
    body = await timeline(api, THEN, 7 * 24)
    assert body["clockChanges"] == [
        {
            "timeZone": "America/New_York",
            "at": "2026-03-08T07:00:00Z",
            "offsetBeforeSeconds": -18_000,
            "offsetAfterSeconds": -14_400,
        }
    ]


async def test_of_a_thousand_jobs_the_busy_ones_have_lanes_and_nobody_waits(api: Api):
    """Two hundred lanes, bounded fires, and other calls are answered in between."""
    await api.sql.execute(
        "insert into jobs (job_id, display_name, schedule_type, schedule_cron, time_zone, handler)"
        " select 'J' || i, 'J', 'CRON', i % 60 || ' * * * * *', 'Europe/Berlin', 'noop'"
        " from generate_series(1, 1000) i"
    )
    await insert_ended(api.sql, "J777", THEN)
    await api.sql.execute(SETTLE)
    others = asyncio.Event()

    async def others_get_their_turn() -> int:
        count = 0
        while not others.is_set():
            assert (await api.call("GET", "/health/live", token=None)).status == 200
            count += 1
        return count

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(others_get_their_turn())
        body = await timeline(api, THEN, 1)
        ahead = await timeline(api, AHEAD, 24)
        others.set()
    assert waiting.result() > 3
    assert (len(body["lanes"]), body["jobCount"]) == (200, 1004)
    assert body["lanes"][0]["jobId"] == "J777"
    assert {len(lane["comingFires"]) for lane in ahead["lanes"] if lane["jobId"].startswith("J")} == {30}
