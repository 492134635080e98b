"""Bad input over HTTP: a 4xx problem that names the field, and nothing changes."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from service.api import bodies
from tests.support.api import TOKEN, Api, running_api
from tests.support.databases import DatabaseServer

CRON_JOB = "/MARKETDATA_INCREMENTAL"
MANUAL_JOB = "/MARKETDATA_BACKFILL"
EVERYTHING = """
    select md5(string_agg(r, ',' order by r)) from (
        select j::text as r from jobs j union all select s::text from job_state s
        union all select x::text from job_executions x union all select c::text from job_changes c) rows
"""


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs, with a replica that could run them."""
    async with running_api(database_url) as api:
        await api.start_replica()
        yield api


@pytest.fixture(scope="module")
def shared_database_url(database_server: DatabaseServer, migrated_template: str) -> Iterator[str]:
    """One database for all tests in which nothing may change."""
    with database_server.database(migrated_template) as name:
        yield database_server.url(name)


@pytest.fixture
async def unchanging_api(shared_database_url: str) -> AsyncIterator[Api]:
    """A server over a database that each test has to leave as it was."""
    async with running_api(shared_database_url) as api:
        await api.start_replica()
        before = await api.sql.fetchval(EVERYTHING)
        yield api
        assert await api.sql.fetchval(EVERYTHING) == before


BAD_QUERIES = [
    ("PUT", CRON_JOB + "/schedule", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=+++", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=tomorrow", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=0+0+25+*+*+*", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=0+0+0+30+2+*", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=0+0+2+*+*+*+*+*", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=0+0+2+*+*+%00", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=0+0+2+*+*+%FF", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=0+0+2+*+*+%C3%A9", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=" + "0," * 3000 + "0+0+2+*+*+*", "cron"),
    ("PUT", CRON_JOB + "/schedule?cron=0+0+2+*+*+*&cron=0+0+3+*+*+*", "cron"),
    ("PUT", MANUAL_JOB + "/schedule?cron=0+0+2+*+*+*", "cron"),
    ("PUT", CRON_JOB + "/enabled", "enabled"),
    ("PUT", CRON_JOB + "/enabled?enabled=maybe", "enabled"),
    ("PUT", CRON_JOB + "/enabled?enabled=", "enabled"),
    ("PUT", CRON_JOB + "/enabled?enabled=true&enabled=false", "enabled"),
    ("GET", CRON_JOB + "/history?page=-1", "page"),
    ("GET", CRON_JOB + "/history?page=1.5", "page"),
    ("GET", CRON_JOB + "/history?page=first", "page"),
    ("GET", CRON_JOB + "/history?page=99999999999999999999", "page"),
    ("GET", CRON_JOB + "/history?page=%D9%A1", "page"),
    ("GET", CRON_JOB + "/history?pageSize=0", "pageSize"),
    ("GET", CRON_JOB + "/history?pageSize=201", "pageSize"),
    ("GET", CRON_JOB + "/history?sinceDays=0", "sinceDays"),
    ("GET", CRON_JOB + "/history?sinceDays=3651", "sinceDays"),
    ("GET", "/history?page=-1", "page"),
    ("GET", "/history?pageSize=many", "pageSize"),
    ("GET", CRON_JOB + "/stats?sinceDays=-30", "sinceDays"),
]


@pytest.mark.parametrize(("method", "path", "field"), BAD_QUERIES)
async def test_a_bad_parameter_is_named_and_nothing_changes(
    unchanging_api: Api, method: str, path: str, field: str
):
    """400, with the field and what it may hold."""
    refused = await unchanging_api.call(method, "/v1/console/jobs" + path)
    assert (refused.status, refused.content_type) == (400, "application/problem+json")
    assert (refused.body["status"], refused.body["field"]) == (400, field)
    assert refused.body["detail"]
    assert refused.body["allowed"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"params=1", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b'"params"', "body"),
        (b"\xff\xfe", "body"),
        (b"[" * 50_000, "body"),
        (b'{"parms": {}}', "parms"),
        (b'{"params": []}', "params"),
        (b'{"params": {"symbols": 1e999}}', "params"),
        (b'{"params": {"symbols": "\\u0000"}}', "params"),
        (b'{"params": {"a\\u0000b": 1}}', "params"),
        (b'{"params": {"symbols": "' + b"x" * 70_000 + b'"}}', "params"),
        (b'{"params": {"secret": 1}}', "params"),
        (b'{"reason": 7}', "reason"),
        (b'{"reason": "' + b"x" * 501 + b'"}', "reason"),
    ],
)
async def test_a_bad_body_is_refused_and_nothing_is_queued(unchanging_api: Api, body: bytes, field: str):
    """400, with the place in the body."""
    refused = await unchanging_api.post(MANUAL_JOB + "/trigger", data=body)
    assert (refused.status, refused.body.get("field")) == (400, field)


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}", b'{"params": {}}', b'{"reason": null}'])
async def test_a_body_that_asks_for_nothing_is_no_fault(api: Api, body: bytes):
    """Old clients send none at all."""
    assert (await api.post(MANUAL_JOB + "/trigger", data=body)).status == 200


async def test_a_backslash_before_u0000_is_just_text(api: Api):
    """Only the character itself is refused, since jsonb cannot hold it."""
    body = {"params": {"symbols": ["\\u0000"]}}
    assert (await api.post(MANUAL_JOB + "/trigger", json=body)).status == 200


@pytest.mark.parametrize(
    "job_id",
    ["NOBODY", "a%00b", "%FF", "a%20b", "x" * 51, "x" * 5000, "%2e%2e%2f", "'; drop table jobs; --", "é"],
)
async def test_a_job_that_cannot_be_there_is_not_found(unchanging_api: Api, job_id: str):
    """404 for every call about it."""
    for method, call in [
        ("GET", ""),
        ("GET", "/history"),
        ("GET", "/stats"),
        ("PUT", "/schedule?cron=0+0+2+*+*+*"),
        ("PUT", "/enabled?enabled=true"),
        ("POST", "/trigger"),
    ]:
        refused = await unchanging_api.call(method, f"/v1/console/jobs/{job_id}{call}")
        assert (refused.status, refused.content_type) == (404, "application/problem+json")


async def test_a_body_that_is_too_large_is_refused(unchanging_api: Api):
    """413, as a problem; a packed one, which may be large, is not even unpacked."""
    large = b'{"reason": "' + b"x" * 1_100_000 + b'"}'
    assert (await unchanging_api.post(MANUAL_JOB + "/trigger", data=io.BytesIO(large))).status == 413
    packed = await unchanging_api.post(
        MANUAL_JOB + "/trigger", data=gzip.compress(large), headers={"Content-Encoding": "gzip"}
    )
    assert (packed.status, packed.content_type) == (415, "application/problem+json")


async def test_a_body_that_never_comes_is_given_up(unchanging_api: Api, monkeypatch: pytest.MonkeyPatch):
    """408: nobody holds a request open by sending half of it."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    host, _, port = unchanging_api.address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/console/jobs{MANUAL_JOB}/trigger HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    writer.write(f"{head}Authorization: Bearer {TOKEN}\r\n\r\n{{".encode())
    status = await asyncio.wait_for(reader.readline(), 5)
    assert status.startswith(b"HTTP/1.1 408")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/console/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", "/v1/console/jobs/", 404),
        ("DELETE", "/v1/console/jobs", 405),
        ("GET", f"/v1/console/jobs{CRON_JOB}/trigger", 405),
        ("POST", "/v1/console/jobs/history", 405),
    ],
)
async def test_what_there_is_not_is_a_problem_too(unchanging_api: Api, method: str, path: str, status: int):
    """Clients read one form of error, whoever found it."""
    refused = await unchanging_api.call(method, path)
    assert (refused.status, refused.content_type) == (status, "application/problem+json")
    assert refused.body["status"] == status
    assert (status == 405) == ("Allow" in refused.headers)


async def test_a_job_whose_stored_schedule_cannot_be_read_hurts_no_other(api: Api):
    """An old row may hold what today's grammar or zone data refuses."""
    await api.sql.execute("alter table jobs disable trigger before_job_change")
    await api.sql.execute(
        "update jobs set time_zone = 'Mars/Olympus' where job_id = 'FUNDAMENTALS_INCREMENTAL'"
    )
    await api.sql.execute("update jobs set schedule_cron = 'often' where job_id = 'MARKETDATA_INCREMENTAL'")
    answer = await api.get("")
    assert (answer.status, len(answer.body)) == (200, 4)
    assert [job["nextRunTime"] for job in answer.body] == [None] * 4


async def test_a_new_schedule_in_a_zone_that_is_gone_names_the_zone(api: Api):
    """400: the schedule is right, its zone is not."""
    await api.sql.execute("alter table jobs disable trigger before_job_change")
    await api.sql.execute("update jobs set time_zone = 'Mars/Olympus'")
    refused = await api.put(CRON_JOB + "/schedule?cron=0+0+2+*+*+*")
    assert (refused.status, refused.body["field"]) == (400, "timeZone")


async def test_unknown_parameters_are_left_alone(unchanging_api: Api):
    """Old clients send what they like."""
    assert (await unchanging_api.get("/history?sort=asc&_=17&page=")).status == 200


async def test_an_unexpected_error_tells_nothing(api: Api):
    """500 as a problem without any detail of the inside."""
    await api.sql.execute("alter table jobs drop constraint jobs_schedule_type_check")
    await api.sql.execute("alter table jobs disable trigger before_job_change")
    await api.sql.execute("update jobs set schedule_type = 'LUNAR', schedule_cron = null")
    broken: Any = await api.get("")
    assert (broken.status, broken.content_type) == (500, "application/problem+json")
    assert "LUNAR" not in str(broken.body)
