"""Two editors of one job: `If-Match`, and the row held in psql."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.support.api import Api, running_api

JOB = "/MARKETDATA_INCREMENTAL"


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs, with a replica that could run them."""
    async with running_api(database_url) as api:
        await api.start_replica()
        yield api


async def patch(api: Api, path: str, body: Any, **more: Any) -> Any:
    """PATCH below /v1/console/jobs."""
    return await api.call("PATCH", "/v1/console/jobs" + path, json=body, **more)


async def delete(api: Api, path: str, **more: Any) -> Any:
    """DELETE below /v1/console/jobs."""
    return await api.call("DELETE", "/v1/console/jobs" + path, **more)


async def test_the_second_of_two_editors_sees_what_the_first_did(api: Api):
    """412 with the row as it now is, and its revision as the tag to go on with."""
    tag = (await api.get(JOB)).headers["ETag"]
    headers = {"If-Match": tag}
    first = await patch(api, JOB, {"description": "mine", "pausedUntil": "infinity"}, headers=headers)
    second = await patch(api, JOB, {"description": "yours"}, headers=headers)
    assert (first.status, second.status, second.headers["ETag"]) == (200, 412, '"2"')
    assert second.body["type"] == "urn:cronsole:problem:stale-revision"
    current = second.body["current"]
    assert (current["jobId"], current["description"], current["revision"]) == (
        "MARKETDATA_INCREMENTAL",
        "mine",
        2,
    )
    assert (current["pausedUntil"], current["updatedBy"]) == ("infinity", "admin-token")
    again = await patch(api, JOB, {"description": "yours"}, headers={"If-Match": second.headers["ETag"]})
    assert (again.status, again.body["description"]) == (200, "yours")


async def test_of_two_editors_at_once_one_wins(api: Api):
    """Whatever the order, one 200 and one 412."""
    answers = await asyncio.gather(
        *(patch(api, JOB, {"description": who}, headers={"If-Match": '"1"'}) for who in ("one", "other"))
    )
    assert sorted(answer.status for answer in answers) == [200, 412]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", JOB, {"enabled": False}),
        ("DELETE", JOB, None),
        ("PUT", JOB + "/schedule?cron=0+0+6+*+*+*", None),
        ("PUT", JOB + "/enabled?enabled=false", None),
        ("POST", JOB + "/pause", {}),
        ("POST", JOB + "/resume", None),
        ("POST", JOB + "/revert", {"changeId": 4}),
    ],
)
async def test_every_change_of_a_job_honours_if_match(api: Api, method: str, path: str, body: Any):
    """412 for another revision, and nothing happens; the right one passes."""
    await api.sql.execute("update jobs set description = 'psql was here'")
    change = await api.sql.fetchval(
        "select change_id from job_changes where job_id = $1 order by change_id desc limit 1", JOB[1:]
    )
    body = {"changeId": change} if body and "changeId" in body else body
    for tag in ('"1"', '"3"'):
        stale = await api.call(method, "/v1/console/jobs" + path, json=body, headers={"If-Match": tag})
        assert (stale.status, stale.body["current"]["description"]) == (412, "psql was here")
    assert await api.sql.fetchval("select revision from jobs where job_id = $1", JOB[1:]) == 2
    fresh = await api.call(method, "/v1/console/jobs" + path, json=body, headers={"If-Match": '"2"'})
    assert fresh.status in (200, 204), fresh


@pytest.mark.parametrize(
    ("tag", "status"), [("*", 200), ('W/"1"', 200), ("1", 200), ('"x"', 400), ('"1", "2"', 400)]
)
async def test_the_forms_of_if_match(api: Api, tag: str, status: int):
    """A tag that a proxy made weak still names the revision; what names none is refused."""
    answer = await patch(api, JOB, {"description": "new"}, headers={"If-Match": tag})
    assert (answer.status, answer.body.get("field")) == (status, "If-Match" if status == 400 else None)


async def test_a_row_held_in_psql_is_a_conflict(api: Api, database_url: str):
    """409 within a second or so, for every edit."""
    operator = await asyncpg.connect(database_url)
    await operator.execute("begin; update jobs set description = 'lunch'")
    refusals = await asyncio.gather(
        patch(api, JOB, {"enabled": False}), delete(api, JOB), api.post(JOB + "/pause", json={})
    )
    await operator.execute("rollback")
    await operator.close()
    assert [refused.status for refused in refusals] == [409] * 3
    assert {refused.body["type"] for refused in refusals} == {"urn:cronsole:problem:job-being-edited"}
