"""Packed answers: long JSON for who takes gzip, and nothing else."""

import gzip
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from tests.support.api import TOKEN, Api, running_api

LIST = "/v1/console/jobs"
JOB = f"{LIST}/MARKETDATA_INCREMENTAL"
GZIP, PLAIN = {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}
THOUSAND_JOBS = """
    insert into jobs (job_id, display_name, description, job_group, schedule_type, schedule_cron, handler)
    select 'JOB_' || i, 'Job number ' || i, repeat('What the job does. ', 5), 'GROUP_' || i % 10, 'CRON',
           i % 60 || ' */5 * * * MON-FRI', 'noop'
      from generate_series(1, 1000) i;
    insert into job_state (job_id, next_fire_time, planned_revision, last_execution_id, last_start_time,
                           last_status, last_duration_ms, recent_outcomes)
    select job_id, now() + interval '1 hour', revision, gen_random_uuid(), now(), 'SUCCESS', 812,
           array_fill('SUCCESS'::text, '{30}')
      from jobs where job_id like 'JOB_%'
    on conflict (job_id) do update
       set next_fire_time = excluded.next_fire_time, planned_revision = excluded.planned_revision,
           last_execution_id = excluded.last_execution_id, last_start_time = excluded.last_start_time,
           last_status = excluded.last_status, last_duration_ms = excluded.last_duration_ms,
           recent_outcomes = excluded.recent_outcomes
"""


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


@pytest.fixture
async def client(api: Api) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that shows what is on the wire."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(api.address, auto_decompress=False, headers=headers) as client:
        yield client


async def read(
    client: aiohttp.ClientSession, path: str, headers: Any
) -> tuple[aiohttp.ClientResponse, bytes]:
    """GET a path, and what came over the wire."""
    async with client.get(path, headers=headers) as response:
        return response, await response.read()


@pytest.mark.parametrize("path", [LIST, JOB, "/openapi.json"])
async def test_long_json_is_packed_for_who_takes_it(client: aiohttp.ClientSession, path: str):
    """Unpacked it is what everybody else gets, and a cache between us is told to tell the two apart."""
    packed, body = await read(client, path, GZIP)
    plain, same = await read(client, path, PLAIN)
    assert (packed.headers["Content-Encoding"], "Content-Encoding" in plain.headers) == ("gzip", False)
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert int(packed.headers["Content-Length"]) == len(body) < len(same)
    assert packed.content_type == plain.content_type == "application/json"
    assert shape(gzip.decompress(body)) == shape(same)


def shape(body: bytes) -> Any:
    """What is in a body, but for the times, which pass."""
    content = msgspec.json.decode(body)
    if isinstance(content, list):
        return [each | {"nextRunTime": None} for each in content]
    return content | {"nextRunTime": None}


@pytest.mark.parametrize("path", ["/health/live", "/v1/console/pause", f"{LIST}/NOBODY", "/docs", "/metrics"])
async def test_what_is_short_or_no_json_is_not_packed(client: aiohttp.ClientSession, path: str):
    """Pages and files come as they are."""
    response, _ = await read(client, path, GZIP)
    assert "Content-Encoding" not in response.headers


async def test_a_stream_is_not_packed(client: aiohttp.ClientSession):
    """Its events would wait for each other."""
    async with client.get("/v1/console/events", headers=GZIP) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        assert "Content-Encoding" not in response.headers
        assert (await response.content.readline()).startswith(b"retry: ")


async def test_the_revision_in_the_tag_is_the_same_packed_or_not(client: aiohttp.ClientSession):
    """So an editor that read the job packed can change it, once."""
    packed, _ = await read(client, JOB, GZIP)
    plain, _ = await read(client, JOB, PLAIN)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] == plain.headers["ETag"] == '"1"'
    statuses = []
    for description in ("mine " * 200, "yours"):
        headers = {"If-Match": packed.headers["ETag"], **GZIP}
        async with client.patch(JOB, json={"description": description}, headers=headers) as changed:
            statuses.append((changed.status, changed.headers["Content-Encoding"], changed.headers["ETag"]))
    assert statuses == [(200, "gzip", '"2"'), (412, "gzip", '"2"')]


async def test_head_promises_what_get_sends(client: aiohttp.ClientSession):
    """The same headers, the length among them, and no body."""
    got, _ = await read(client, JOB, GZIP)
    async with client.head(JOB, headers=GZIP) as head:
        assert (head.headers["Content-Encoding"], await head.read()) == ("gzip", b"")
        assert abs(int(head.headers["Content-Length"]) - int(got.headers["Content-Length"])) < 16


async def test_a_list_of_a_thousand_jobs_is_packed_to_a_tenth(client: aiohttp.ClientSession, api: Api):
    """Of the megabyte that it was."""
    await api.sql.execute(THOUSAND_JOBS)
    response, body = await read(client, LIST, GZIP)
    assert (response.status, response.headers["Content-Encoding"]) == (200, "gzip")
    plain = gzip.decompress(body)
    assert len(msgspec.json.decode(plain)) == 1004
    assert len(body) < len(plain) / 10
