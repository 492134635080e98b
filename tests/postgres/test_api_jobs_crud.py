"""Creating, patching and deleting jobs over HTTP: what changes, what is refused, and what two editors see."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.domain.editing import EDITABLE
from tests.support.api import Api, running_api

JOB = "/MARKETDATA_INCREMENTAL"
NEW = {"jobId": "EOD_RISK", "displayName": "End of day risk", "handler": "noop"}
FILLED = {
    **NEW,
    "description": "VaR by desk",
    "jobGroup": "RISK",
    "scheduleType": "CRON",
    "scheduleCron": "0 30 17 * * MON-FRI",
    "timeZone": "America/New_York",
    "enabled": False,
    "params": {"desk": "FX", "limits": {"var": 3.5}},
    "overlapPolicy": "QUEUE",
    "misfirePolicy": "ALL",
    "misfireGraceSeconds": 600,
    "clockChangePolicy": "WALL",
    "timeoutSeconds": 900,
    "maxAttempts": 3,
    "retryBackoffSeconds": 5,
    "onLost": "RETRY",
    "overdueAfterSeconds": 120,
    "pausedUntil": "2100-01-01T00:00:00Z",
    "pauseReason": "until the desk exists",
}
ROW = "select to_jsonb(j) from jobs j where job_id = $1"


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


async def test_a_job_is_created_with_all_its_fields(api: Api):
    """201 with its place and revision; the answer and a later GET show what was asked for."""
    created = await api.post("", json=FILLED)
    assert created.status == 201, created
    assert created.headers["Location"] == "/v1/console/jobs/EOD_RISK"
    assert created.headers["ETag"] == '"1"'
    shown = await api.get("/EOD_RISK")
    assert shown.headers["ETag"] == '"1"'
    for body in (created.body, shown.body):
        assert body["name"] == "EOD_RISK"
        assert {name: body[name] for name in FILLED if name != "jobId"} == {
            name: value for name, value in FILLED.items() if name != "jobId"
        }
        assert (body["handlerIsLive"], body["updatedBy"]) == (True, "admin-token")


async def test_a_job_created_with_little_is_as_psql_would_make_it(api: Api):
    """The defaults of the service and those of the schema are the same."""
    assert (await api.post("", json=NEW)).status == 201
    await api.sql.execute(
        "insert into jobs (job_id, display_name, schedule_type, handler)"
        " values ('BY_HAND', 'End of day risk', 'MANUAL', 'noop')"
    )
    compare = "select " + ", ".join(EDITABLE) + " from jobs where job_id = $1"
    by_api, by_hand = await api.sql.fetchrow(compare, "EOD_RISK"), await api.sql.fetchrow(compare, "BY_HAND")
    assert by_api == by_hand


async def test_a_schedule_makes_a_cron_job(api: Api):
    """Without a type, the schedule says it."""
    created = await api.post("", json=NEW | {"scheduleCron": "0 0 6 * * *"})
    assert (created.status, created.body["scheduleType"]) == (201, "CRON")
    assert created.body["nextRunTime"].endswith("06:00:00Z")


async def test_creating_a_job_is_audited_in_the_callers_name(api: Api):
    """One INSERT, with the row as it became."""
    await api.post("", json=NEW)
    [change] = (await api.get("/EOD_RISK/changes")).body["changes"]
    assert (change["operation"], change["changedBy"], change["before"]) == ("INSERT", "admin-token", None)
    assert change["after"]["displayName"] == "End of day risk"


async def test_a_job_that_is_there_is_not_created_again(api: Api):
    """409, and the old one stays."""
    refused = await api.post("", json=NEW | {"jobId": "MARKETDATA_BACKFILL"})
    assert (refused.status, refused.body["type"]) == (409, "urn:cronsole:problem:job-exists")
    assert refused.body["jobId"] == "MARKETDATA_BACKFILL"
    assert (await api.get("/MARKETDATA_BACKFILL")).body["displayName"] == "Market Data Backfill"


BAD_MEMBERS = [
    ({"jobId": "history"}, "jobId"),
    ({"jobId": "a b"}, "jobId"),
    ({"jobId": "x" * 51}, "jobId"),
    ({"jobId": "NEWLINE\n"}, "jobId"),
    ({"jobId": 7}, "jobId"),
    ({"displayName": ""}, "displayName"),
    ({"displayName": " "}, "displayName"),
    ({"displayName": "a\0b"}, "displayName"),
    ({"displayName": "x" * 101}, "displayName"),
    ({"displayName": None}, "displayName"),
    ({"description": "x" * 4001}, "description"),
    ({"handler": "Not A Name"}, "handler"),
    ({"scheduleCron": "often"}, "scheduleCron"),
    ({"scheduleCron": "0 0 0 30 2 *"}, "scheduleCron"),
    ({"scheduleCron": "0 0 0 * * *", "scheduleType": "MANUAL"}, "scheduleCron"),
    ({"scheduleType": "CRON"}, "scheduleCron"),
    ({"scheduleType": "LUNAR"}, "scheduleType"),
    ({"timeZone": "Mars/Olympus"}, "timeZone"),
    ({"params": []}, "params"),
    ({"params": {"x": "y" * 70_000}}, "params"),
    ({"params": {"a\0b": 1}}, "params"),
    ({"overlapPolicy": "MAYBE"}, "overlapPolicy"),
    ({"maxAttempts": 0}, "maxAttempts"),
    ({"maxAttempts": 1 << 40}, "maxAttempts"),
    ({"maxAttempts": 1.5}, "maxAttempts"),
    ({"timeoutSeconds": -1}, "timeoutSeconds"),
    ({"enabled": "yes"}, "enabled"),
    ({"pausedUntil": "tomorrow"}, "pausedUntil"),
    ({"pausedUntil": "2026-01-01T00:00:00"}, "pausedUntil"),
    ({"pausedUntil": "9999-12-31T23:59:59Z"}, "pausedUntil"),
    ({"colour": "blue"}, "colour"),
    ({"revision": 7}, "revision"),
]


@pytest.mark.parametrize(("members", "field"), BAD_MEMBERS)
async def test_a_bad_member_is_named_and_nothing_is_created_or_changed(
    api: Api, members: dict[str, Any], field: str
):
    """400, with the field and what is allowed, for a new job as for an old one."""
    before = await api.sql.fetchval("select md5(string_agg(j::text, ',' order by job_id)) from jobs j")
    for_both = [await api.post("", json=NEW | members)]
    if "jobId" not in members and members != {"scheduleType": "CRON"}:
        job = "/MARKETDATA_BACKFILL" if "scheduleCron" not in members else JOB
        for_both.append(await patch(api, job, members))
    for refused in for_both:
        assert (refused.status, refused.body["field"]) == (400, field), refused
        assert refused.body["allowed"]
    assert (
        await api.sql.fetchval("select md5(string_agg(j::text, ',' order by job_id)) from jobs j") == before
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'"x"', b"\xff", b"[" * 50_000])
async def test_a_body_that_is_no_job_is_refused(api: Api, body: bytes):
    """400; an empty one lacks what a job needs."""
    refused = await api.post("", data=body)
    assert refused.status == 400
    assert refused.body["field"] == ("body" if body else "displayName")


async def test_a_patch_changes_what_it_names_and_nothing_else(api: Api):
    """One new revision; the ETag says which."""
    before = await api.sql.fetchval(ROW, "MARKETDATA_INCREMENTAL")
    patched = await patch(api, JOB, {"displayName": "Bars", "maxAttempts": 2, "timeZone": "Europe/Berlin"})
    assert (patched.status, patched.headers["ETag"], patched.body["revision"]) == (200, '"2"', 2), patched
    assert (patched.body["displayName"], patched.body["maxAttempts"]) == ("Bars", 2)
    differs = (
        "select count(*) from jsonb_each(to_jsonb($1::jsonb)) a join jsonb_each($2::jsonb) b using (key)"
    )
    after = await api.sql.fetchval(ROW, "MARKETDATA_INCREMENTAL")
    changed = await api.sql.fetchval(differs + " where a.value <> b.value", before, after)
    assert changed == 3 + 4  # and revision, planned_from, updated_at, updated_by


async def test_null_empties_what_may_be_empty(api: Api):
    """A merge patch removes with null; what a job cannot lack is refused, see the bad members."""
    await patch(api, JOB, {"timeoutSeconds": 60, "pausedUntil": "infinity", "pauseReason": "audit"})
    assert (await api.get(JOB)).body["pausedBy"] == "JOB"
    cleared = await patch(
        api, JOB, {"timeoutSeconds": None, "description": None, "pausedUntil": None, "pauseReason": None}
    )
    shown = cleared.body
    assert [shown[name] for name in ("timeoutSeconds", "description", "pausedBy", "pauseReason")] == [
        None
    ] * 4


async def test_params_are_merged_member_by_member(api: Api):
    """The examples of RFC 7396: null removes, objects merge, everything else replaces."""
    await patch(api, JOB, {"params": {"title": "x", "author": {"given": "J", "family": "D"}, "tags": [1]}})
    patched = await patch(
        api, JOB, {"params": {"title": "y", "author": {"family": None}, "tags": [2], "phone": {"a": None}}}
    )
    assert patched.body["params"] == {"title": "y", "author": {"given": "J"}, "tags": [2], "phone": {}}


async def test_a_cron_job_becomes_manual_and_back(api: Api):
    """Type and schedule change in one patch."""
    manual = await patch(api, JOB, {"scheduleType": "MANUAL", "scheduleCron": None})
    assert (manual.body["schedule"], manual.body["nextRunTime"]) == ("Manual trigger only", None)
    cron = await patch(api, JOB, {"scheduleType": "CRON", "scheduleCron": "0 0 6 * * *"})
    assert cron.body["schedule"] == "0 0 6 * * *"


async def test_a_patch_of_nothing_new_changes_nothing(api: Api):
    """No revision, no audit, no replica swaps its timer."""
    for body in ("{}", '{"enabled": true}', '{"params": {}}', '{"scheduleCron": "0 */5 * * * MON-FRI"}'):
        assert (await patch(api, JOB, json.loads(body))).headers["ETag"] == '"1"'
    assert len((await api.get(JOB + "/changes")).body["changes"]) == 1


async def test_an_old_row_that_today_would_be_refused_stays_editable(api: Api):
    """Its schedule is only looked at when it changes."""
    await api.sql.execute("alter table jobs disable trigger before_job_change")
    await api.sql.execute("update jobs set time_zone = 'Mars/Olympus'")
    await api.sql.execute("alter table jobs enable trigger before_job_change")
    assert (await patch(api, JOB, {"description": "still here"})).status == 200


async def test_another_media_type_of_patch_is_refused(api: Api):
    """415: a JSON patch means something else."""
    headers = {"Content-Type": "application/json-patch+json"}
    refused = await api.call("PATCH", "/v1/console/jobs" + JOB, data=b"[]", headers=headers)
    assert (refused.status, refused.content_type) == (400, "application/problem+json")
    refused = await api.call("PATCH", "/v1/console/jobs" + JOB, data=b"{}", headers=headers)
    assert (refused.status, refused.content_type) == (415, "application/problem+json")


async def test_a_job_is_deleted_and_its_history_stays(api: Api):
    """204; a second time there is nothing."""
    assert (await delete(api, JOB)).status == 204
    assert (await api.get(JOB)).status == 404
    assert (await api.get(JOB + "/history")).status == 200
    assert (await delete(api, JOB)).status == 404
    [last, *_] = (await api.get(JOB + "/changes")).body["changes"]
    assert (last["operation"], last["changedBy"], last["after"]) == ("DELETE", "admin-token", None)
    assert last["before"]["scheduleCron"] == "0 */5 * * * MON-FRI"


async def test_a_job_at_work_is_deleted_only_by_force(api: Api):
    """409 names the execution; it goes on all the same."""
    execution = (await api.post(JOB + "/trigger")).body["executionId"]
    refused = await delete(api, JOB)
    assert (refused.status, refused.body["blockingExecutionId"]) == (409, execution)
    assert (await delete(api, JOB + "?force=maybe")).status == 400
    assert (await delete(api, JOB + "?force=true")).status == 204
    assert await api.sql.fetchval("select status from job_executions") == "QUEUED"


async def test_a_job_is_paused_until_and_resumed(api: Api):
    """The words of psql's functions, over HTTP; each an audited change."""
    until = "2100-01-01T00:00:00Z"
    paused = await api.post(JOB + "/pause", json={"reason": "exchange closed", "until": until})
    assert (paused.status, paused.headers["ETag"]) == (200, '"2"')
    assert [paused.body[name] for name in ("status", "pausedBy", "pausedUntil", "pauseReason")] == [
        "PAUSED",
        "JOB",
        until,
        "exchange closed",
    ]
    resumed = await api.post(JOB + "/resume")
    assert (resumed.body["status"], resumed.body["pauseReason"]) == ("IDLE", None)
    assert len((await api.get(JOB + "/changes")).body["changes"]) == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"until": "2000-01-01T00:00:00Z"}, "until"),
        ({"until": "2100-01-01T00:00:00"}, "until"),
        ({"until": "9999-12-31T23:59:59-12:00"}, "until"),
        ({"reason": "x" * 501}, "reason"),
        ({"why": "x"}, "why"),
    ],
)
async def test_a_bad_pause_is_refused(api: Api, body: dict[str, str], field: str):
    """400 with the field, for one job as for all."""
    for path in ("/v1/console/pause", "/v1/console/jobs" + JOB + "/pause"):
        refused = await api.call("POST", path, json=body)
        assert (refused.status, refused.body["field"]) == (400, field)


async def test_a_job_that_is_not_there_is_404_for_every_edit(api: Api):
    """404 as a problem."""
    answers = [
        await patch(api, "/NOBODY", {"enabled": True}),
        await delete(api, "/NOBODY"),
        await api.post("/NOBODY/revert", json={"changeId": 1}),
        await api.post("/NOBODY/pause", json={}),
        await api.post("/NOBODY/resume"),
        await api.get("/NOBODY/changes"),
        await api.get("/NOBODY/fires"),
    ]
    assert [(answer.status, answer.content_type) for answer in answers] == [
        (404, "application/problem+json")
    ] * len(answers)
