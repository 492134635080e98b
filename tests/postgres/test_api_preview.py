"""The preview of a schedule over HTTP, and refusals that read the same over HTTP and in psql."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.support.api import Api, running_api

PREVIEW = "/v1/console/schedule/preview"
NOVEMBER = "2026-11-01T04:00:00Z"


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    async with running_api(database_url) as api:
        yield api


async def test_a_schedule_is_shown_in_words_fires_and_odd_days(api: Api):
    """New York, on the day on which 01:30 comes twice."""
    answer = await api.call(
        "GET",
        PREVIEW,
        params={"cron": "0 30 1 * * *", "zone": "America/New_York", "after": NOVEMBER, "count": "2"},
    )
    assert answer.status == 200
    assert answer.body["valid"] is True
    assert answer.body["error"] is None
    assert answer.body["description"] == "At 01:30 every day"
    assert answer.body["fireTimes"] == [
        {"fireTime": "2026-11-01T05:30:00Z", "localTime": "2026-11-01T01:30:00-04:00"},
        {"fireTime": "2026-11-02T06:30:00Z", "localTime": "2026-11-02T01:30:00-05:00"},
    ]
    assert [day["clockChange"] for day in answer.body["oddDays"]][:1] == ["2026-11-01T06:00:00Z"]
    assert answer.body["oddDays"][0]["effect"] == "01:30 is shown twice; fires the first time only"


async def test_both_passes_fire_under_the_policy_wall(api: Api):
    """clockChangePolicy is taken in either case."""
    answer = await api.call(
        "GET",
        PREVIEW,
        params={
            "cron": "0 30 1 * * *",
            "zone": "America/New_York",
            "after": NOVEMBER,
            "count": "2",
            "clockChangePolicy": "wall",
        },
    )
    assert [fire["fireTime"] for fire in answer.body["fireTimes"]] == [
        "2026-11-01T05:30:00Z",
        "2026-11-01T06:30:00Z",
    ]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"cron": "0 0 25 * * *"}, "cron"),
        ({"cron": ""}, "cron"),
        ({"cron": "0 0 0 31 6 *"}, "cron"),
        ({"cron": "0 0 2 * * *", "zone": "Mars/Olympus"}, "zone"),
        ({"cron": "0 0 2 * * *", "clockChangePolicy": "TWICE"}, "clockChangePolicy"),
    ],
)
async def test_what_is_refused_is_said_with_the_answer_200(api: Api, parameters, field):
    """valid is false, and the error names the parameter and what is allowed."""
    answer = await api.call("GET", PREVIEW, params=parameters)
    assert answer.status == 200
    assert answer.body["valid"] is False
    assert answer.body["error"]["field"] == field
    assert answer.body["error"]["message"]
    assert answer.body["fireTimes"] == []


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"count": "0"}, "count"),
        ({"count": "101"}, "count"),
        ({"count": "ten"}, "count"),
        ({"after": "yesterday"}, "after"),
        ({"after": "2026-11-01T04:00:00"}, "after"),
        ({"after": "0001-01-01T00:00:00Z"}, "after"),
    ],
)
async def test_a_bad_count_or_after_is_a_400(api: Api, parameters, field):
    """These are the caller's mistakes, not the schedule's."""
    answer = await api.call("GET", PREVIEW, params={"cron": "0 0 2 * * *", **parameters})
    assert (answer.status, answer.body["field"]) == (400, field)


async def test_with_a_job_the_change_of_its_plan_is_shown(api: Api):
    """Five minutes become ten: every second fire is removed, none is added."""
    answer = await api.call(
        "GET",
        PREVIEW,
        params={
            "jobId": "MARKETDATA_INCREMENTAL",
            "cron": "0 */10 * * * MON-FRI",
            "after": "2026-11-23T09:00:00Z",
            "count": "4",
        },
    )
    assert answer.body["planChange"] == {
        "until": "2026-11-23T09:20:00Z",
        "added": [],
        "removed": ["2026-11-23T09:05:00Z", "2026-11-23T09:15:00Z"],
    }


async def test_with_a_job_its_own_schedule_is_the_default(api: Api):
    """And nothing changes then; an unknown job is a 404."""
    answer = await api.call("GET", PREVIEW, params={"jobId": "FUNDAMENTALS_INCREMENTAL"})
    assert answer.body["description"] == "At 02:00 every day"
    assert answer.body["planChange"]["added"] == answer.body["planChange"]["removed"] == []
    assert (await api.call("GET", PREVIEW, params={"jobId": "NO_SUCH_JOB"})).status == 404


@pytest.mark.parametrize("cron", ["0 0 25 * * *", "0 0 22-2 * * *", "nonsense", "0 0 0 31 JUN *"])
async def test_psql_and_http_refuse_in_the_same_words(api: Api, cron: str):
    """Message and hint of the ERROR are those of the API's problem, and nothing is written."""
    answer = await api.call("PUT", "/v1/console/jobs/MARKETDATA_INCREMENTAL/schedule", params={"cron": cron})
    assert answer.status == 400
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await api.sql.execute(
            "update jobs set schedule_cron = $1 where job_id = 'MARKETDATA_INCREMENTAL'", cron
        )
    assert refusal.value.sqlstate == "CR400"
    assert str(refusal.value.message) == f"schedule_cron: {answer.body['detail']}"
    assert refusal.value.hint == answer.body["allowed"]
    row = await api.sql.fetchrow(
        "select schedule_cron, revision from jobs where job_id = 'MARKETDATA_INCREMENTAL'"
    )
    assert row is not None
    assert tuple(row) == ("0 */5 * * * MON-FRI", 1)
