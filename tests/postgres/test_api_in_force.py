"""Pausing, resuming and taking back with `wait`: on how many replicas it is in force; and what refuses."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.api import Api, running_api
from tests.support.live import LiveReplica, live_replica

JOB = "/MARKETDATA_INCREMENTAL"
NEWEST = "select max(change_id) from job_changes where job_id = $1"


@pytest.fixture
async def replica(database_url: str) -> AsyncIterator[LiveReplica]:
    """A replica that hears, with the job A in force."""
    async with live_replica(database_url) as replica:
        await replica.add("A", "0 0 3 * * *")
        await replica.events.wait_for("acknowledged", job_id="A")
        yield replica


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server alone, beside a replica that acknowledges nothing."""
    async with running_api(database_url) as api:
        await api.start_replica()
        yield api


async def change(replica: LiveReplica, method: str, path: str, body: Any = None) -> Any:
    """Change the job A over HTTP."""
    async with replica.http.request(method, "/v1/console/jobs/A" + path, json=body) as response:
        assert response.status in (200, 204), await response.text()
        return await response.json(content_type=None)


async def test_a_pause_its_end_and_a_revert_say_where_they_are_in_force(replica: LiveReplica):
    """As every other change of a job; a job that comes back is in force too."""
    shown = [
        await change(replica, "POST", "/pause?wait=2000", {"reason": "audit"}),
        await change(replica, "POST", "/resume?wait=2000"),
        await change(replica, "POST", "/revert?wait=2000", {"changeId": await replica.value(NEWEST, "A")}),
    ]
    await change(replica, "DELETE", "")
    deletion = {"changeId": await replica.value(NEWEST, "A")}
    shown.append(await change(replica, "POST", "/revert?wait=2000", deletion))
    assert [each["pausedBy"] for each in shown] == ["JOB", None, "JOB", "JOB"]
    for each in shown:
        assert (each["inForce"]["replicas"], each["inForce"]["of"]) == (1, 1)
        assert 0 <= each["inForce"]["afterMs"] < 1_000


CHANGES_NOTHING = [
    ("PATCH", "", {"scheduleCron": "0 */5 * * * MON-FRI", "params": {}}),
    ("PATCH", "", {}),
    ("PUT", "/schedule?cron=0+*/5+*+*+*+MON-FRI", None),
    ("PUT", "/enabled?enabled=true", None),
    ("POST", "/resume", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES_NOTHING)
async def test_what_changes_nothing_is_not_waited_for(api: Api, method: str, path: str, body: Any):
    """200 with the revision that it has, at once, and no word of replicas: nobody acknowledges it."""
    path = f"/v1/console/jobs{JOB}{path}{'&' if '?' in path else '?'}wait=2000"
    async with asyncio.timeout(1.5):
        answer = await api.call(method, path, json=body)
    assert (answer.status, answer.body["revision"], answer.headers["ETag"]) == (200, 1, '"1"')
    assert "inForce" not in answer.body


async def test_a_second_pause_of_the_same_words_and_a_second_revert_change_nothing(api: Api):
    """They are not waited for either; other words are a change."""
    answers = [await api.post(JOB + "/pause", json={"reason": "audit"}) for _ in range(2)]
    created = {"changeId": await api.sql.fetchval(NEWEST, JOB[1:])}
    answers += [await api.post(JOB + "/revert", json=created) for _ in range(2)]
    assert [answer.body["revision"] for answer in answers] == [2, 2, 3, 3]
    async with asyncio.timeout(1.5):
        again = await api.post(JOB + "/revert?wait=2000", json=created)
        assert "inForce" not in again.body
    deaf = await api.post(JOB + "/pause?wait=100", json={"reason": "another"})
    assert (deaf.body["inForce"]["replicas"], deaf.body["inForce"]["of"]) == (0, 1)
    assert api.live.acknowledgements.watched == 0


@pytest.mark.parametrize("action", ["pause", "resume", "revert"])
async def test_a_wait_that_is_none_is_refused_before_anything_is_changed(api: Api, action: str):
    """400 with what is allowed."""
    await api.post(JOB + "/pause", json={"reason": "audit"})
    body = {"changeId": await api.sql.fetchval(NEWEST, JOB[1:])} if action == "revert" else {}
    refused = await api.post(f"{JOB}/{action}?wait=2001", json=body)
    assert (refused.status, refused.body["field"]) == (400, "wait")
    assert await api.sql.fetchval("select revision from jobs where job_id = $1", JOB[1:]) == 2


async def test_a_stale_if_match_shows_every_column_of_the_row(api: Api):
    """Both versions can be shown side by side, whatever the other editor has changed."""
    await api.sql.execute("update jobs set description = 'psql was here'")
    stale = await api.post(JOB + "/pause?wait=2000", json={}, headers={"If-Match": '"1"'})
    assert stale.status == 412
    columns = await api.sql.fetch(
        "select column_name from information_schema.columns where table_name = 'jobs'"
    )
    assert {name.lower() for name in stale.body["current"]} == {
        row["column_name"].replace("_", "") for row in columns
    }
    assert (stale.body["current"]["description"], stale.body["current"]["revision"]) == ("psql was here", 2)


@pytest.mark.parametrize("policy", ["SKIP", "QUEUE", "REPLACE"])
async def test_a_trigger_that_the_overlap_policy_refuses_names_an_execution_that_is_there(
    api: Api, policy: str
):
    """The page can lead to it: with QUEUE and REPLACE it is the one that waits already."""
    await api.sql.execute("update jobs set overlap_policy = $1", policy)
    blocking = [(await api.post(JOB + "/trigger")).body for _ in range(1 if policy == "SKIP" else 2)][-1]
    refused = await api.post(JOB + "/trigger", json={"reason": "once more"})
    assert (refused.status, refused.body["type"]) == (409, "urn:cronsole:problem:job-already-running")
    assert refused.body["blockingExecutionId"] == blocking["executionId"]
    shown = await api.call("GET", f"/v1/console/executions/{refused.body['blockingExecutionId']}")
    assert (shown.status, shown.body["jobId"]) == (200, JOB[1:])
