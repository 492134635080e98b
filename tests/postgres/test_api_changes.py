"""The audit over HTTP: who did what, from the API or from psql, before and after, and taking it back."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.support.api import Api, running_api

JOB = "/MARKETDATA_INCREMENTAL"
AT_SIX = "0 0 6 * * *"


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs, with a replica that could run them."""
    async with running_api(database_url) as api:
        await api.start_replica()
        yield api


async def patch(api: Api, body: Any) -> Any:
    """PATCH the job."""
    return await api.call("PATCH", "/v1/console/jobs" + JOB, json=body)


async def changes(api: Api, query: str = "") -> Any:
    """The changes of all jobs."""
    return (await api.call("GET", "/v1/console/changes" + query)).body["changes"]


async def newest_change(api: Api) -> Any:
    """The last change of the job."""
    return (await api.get(JOB + "/changes?pageSize=1")).body["changes"][0]


async def revert(api: Api, change_id: int, **more: Any) -> Any:
    """Take a change of the job back."""
    return await api.post(JOB + "/revert", json={"changeId": change_id}, **more)


async def test_a_change_over_http_says_who_what_and_when(api: Api):
    """The fields that differ, then both rows."""
    await patch(api, {"scheduleCron": AT_SIX, "params": {"desk": "FX"}})
    change = await newest_change(api)
    assert (change["jobId"], change["operation"], change["revision"]) == (JOB[1:], "UPDATE", 2)
    assert (change["changedBy"], change["applicationName"]) == ("admin-token", "cronsole api test")
    assert (change["movesPlan"], change["changedAt"][-1]) == (True, "Z")
    assert sorted(change["changes"], key=lambda each: str(each["field"])) == [
        {"field": "params", "before": {}, "after": {"desk": "FX"}},
        {"field": "scheduleCron", "before": "0 */5 * * * MON-FRI", "after": AT_SIX},
    ]
    assert (change["before"]["revision"], change["after"]["revision"]) == (1, 2)
    assert change["after"]["updatedAt"].endswith("Z")


async def test_a_change_from_psql_says_its_role_and_program(api: Api, database_url: str):
    """Both kinds of change stand in one list; instants are UTC whatever zone the session had."""
    psql = await asyncpg.connect(
        database_url, server_settings={"application_name": "psql", "timezone": "Asia/Tokyo"}
    )
    await psql.execute("update jobs set paused_until = '2100-01-01T09:00+09' where job_id = $1", JOB[1:])
    await psql.execute("update jobs set paused_until = 'infinity' where job_id = $1", JOB[1:])
    role = await psql.fetchval("select session_user::text")
    await psql.close()
    until_resumed, until, *_ = (await api.get(JOB + "/changes")).body["changes"]
    assert (until["changedBy"], until["sessionRole"], until["applicationName"]) == (role, role, "psql")
    assert until["changes"] == [{"field": "pausedUntil", "before": None, "after": "2100-01-01T00:00:00Z"}]
    assert until_resumed["after"]["pausedUntil"] == "infinity"


async def test_the_changes_are_found_by_job_actor_operation_and_time(api: Api):
    """Each filter alone, and together."""
    await patch(api, {"enabled": False})
    await api.call("DELETE", "/v1/console/jobs/MARKETDATA_BACKFILL")
    await api.call("POST", "/v1/console/pause", json={"reason": "upgrade"})
    assert [change["operation"] for change in await changes(api, "?actor=admin-token")] == [
        "PAUSE",
        "DELETE",
        "UPDATE",
    ]
    assert [change["jobId"] for change in await changes(api, "?operation=delete,update")] == [
        "MARKETDATA_BACKFILL",
        JOB[1:],
    ]
    assert len(await changes(api, f"?jobId={JOB[1:]}")) == 2
    [pause] = await changes(api, "?jobId=*")
    assert pause["after"]["pauseReason"] == "upgrade"
    [update] = await changes(api, f"?jobId={JOB[1:]}&actor=admin-token&operation=UPDATE")
    after = datetime.fromisoformat(update["changedAt"]) + timedelta(microseconds=1)
    params = {"from": after.isoformat(), "to": "2100-01-01T00:00:00Z"}
    answer = await api.call("GET", "/v1/console/changes", params=params)
    assert [change["operation"] for change in answer.body["changes"]] == ["PAUSE", "DELETE"]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("?operation=RENAME", 400, "operation"),
        ("?from=yesterday", 400, "from"),
        ("?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "to"),
        ("?actor=" + "x" * 201, 400, "actor"),
        ("?actor=a%00b", 400, "actor"),
        ("?jobId=NOBODY", 404, None),
        ("?jobId=a%00b", 404, None),
    ],
)
async def test_a_bad_filter_is_named(api: Api, query: str, status: int, field: str | None):
    """400 with the field; a job that never was is not found."""
    refused = await api.call("GET", "/v1/console/changes" + query)
    assert (refused.status, refused.body.get("field")) == (status, field)


async def test_a_change_is_taken_back(api: Api):
    """Every field is what it was before it, also those that later changes touched; it is a change itself."""
    await patch(api, {"scheduleCron": AT_SIX, "params": {"desk": "FX"}, "pausedUntil": "infinity"})
    change = await newest_change(api)
    await patch(api, {"description": "later"})
    reverted = await revert(api, change["changeId"])
    assert (reverted.status, reverted.headers["ETag"]) == (200, '"4"'), reverted
    shown = reverted.body
    assert (shown["schedule"], shown["params"], shown["pausedBy"]) == ("0 */5 * * * MON-FRI", {}, None)
    assert shown["description"] == change["before"]["description"]
    last = await newest_change(api)
    assert (last["operation"], last["changedBy"], last["revision"]) == ("UPDATE", "admin-token", 4)
    assert {each["field"] for each in last["changes"]} == {
        "scheduleCron",
        "params",
        "pausedUntil",
        "description",
    }


async def test_taking_back_twice_changes_nothing_more(api: Api):
    """What is so already is no change."""
    await patch(api, {"enabled": False})
    change = await newest_change(api)
    for _ in range(2):
        assert (await revert(api, change["changeId"])).headers["ETag"] == '"3"'


async def test_a_schedule_that_is_taken_back_catches_nothing_up(api: Api):
    """Its plan begins with the revert, as with any other edit."""
    await patch(api, {"scheduleCron": AT_SIX})
    before = await api.sql.fetchval("select clock_timestamp()")
    await revert(api, (await newest_change(api))["changeId"])
    assert await api.sql.fetchval("select planned_from from jobs where job_id = $1", JOB[1:]) > before


async def test_a_deleted_job_comes_back(api: Api):
    """Reverting the deletion makes it again, with its settings, and its history was never gone."""
    await patch(api, {"params": {"desk": "FX"}, "overlapPolicy": "QUEUE"})
    await api.call("DELETE", "/v1/console/jobs" + JOB)
    change = await newest_change(api)
    gone = await revert(api, change["changeId"], headers={"If-Match": '"2"'})
    assert gone.status == 404
    back = await revert(api, change["changeId"])
    assert (back.status, back.headers["ETag"]) == (200, f'"{back.body["revision"]}"')
    assert (back.body["params"], back.body["overlapPolicy"]) == ({"desk": "FX"}, "QUEUE")
    assert (await newest_change(api))["operation"] == "INSERT"


async def test_what_cannot_be_taken_back_says_why(api: Api):
    """The creation (409), no change at all, another job's, and a pause of all (404), none given (400)."""
    created = await newest_change(api)
    refused = await revert(api, created["changeId"])
    assert (refused.status, refused.body["type"]) == (409, "urn:cronsole:problem:nothing-to-revert")
    await api.call("POST", "/v1/console/pause", json={})
    [pause] = await changes(api, "?jobId=*")
    [other, *_] = (await api.get("/MARKETDATA_BACKFILL/changes")).body["changes"]
    for change_id in (pause["changeId"], other["changeId"], 1 << 62):
        missing = await revert(api, change_id)
        assert (missing.status, missing.body["type"]) == (404, "urn:cronsole:problem:change-not-found")
    for change_id in (0, -1, 1 << 63, "1", None):
        bad = await revert(api, change_id)  # type: ignore[arg-type]
        assert (bad.status, bad.body["field"]) == (400, "changeId")


async def test_what_was_right_then_and_is_not_now_is_not_brought_back(api: Api):
    """400, and the job stays as it is."""
    await patch(api, {"timeZone": "Europe/Berlin"})
    await patch(api, {"timeZone": "UTC"})
    change = await newest_change(api)
    await api.sql.execute("delete from time_zones where name = 'Europe/Berlin'")
    refused = await revert(api, change["changeId"])
    assert (refused.status, refused.body["field"]) == (400, "timeZone")
    assert (await api.get(JOB)).body["revision"] == 3


async def test_all_jobs_are_paused_and_resumed(api: Api):
    """One switch for all; who pulled it and why is on record."""
    assert (await api.call("GET", "/v1/console/pause")).body["isPaused"] is False
    until = "2100-01-01T00:00:00Z"
    body = {"reason": "upgrade", "until": until}
    paused = await api.call("POST", "/v1/console/pause", json=body)
    assert paused.status == 200
    assert isinstance(paused.body.pop("message"), str)
    assert paused.body == {
        "isPaused": True,
        "pausedUntil": until,
        "pauseReason": "upgrade",
        "pausedBy": "admin-token",
    }
    assert {job["pausedBy"] for job in (await api.get("")).body} == {"ALL"}
    shown = (await api.call("GET", "/v1/console/pause")).body
    assert {name: shown[name] for name in paused.body} == paused.body
    resumed = await api.call("POST", "/v1/console/resume")
    assert (resumed.body["isPaused"], resumed.body["pausedBy"]) == (False, None)
    assert {job["pausedBy"] for job in (await api.get("")).body} == {None}
    assert [change["operation"] for change in await changes(api, "?jobId=*")] == ["RESUME", "PAUSE"]
