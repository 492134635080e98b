"""Health, and calls while the database is not there."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
import pytest

from service.api.models import Readiness
from tests.support.api import TOKEN, Api, running_api, running_server

READY = {"database": True, "listener": True, "lease": True}


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


async def test_a_replica_that_works_is_ready(api: Api):
    """200, with its id and without a token."""
    answer = await api.call("GET", "/health/ready", token=None)
    assert answer.status == 200
    assert answer.body == {
        "status": "ready",
        "replicaId": str(api.readiness.replica_id),
        "draining": False,
        "details": {},
        **READY,
    }


@pytest.mark.parametrize(
    "fault", [{"database": False}, {"listener": False}, {"lease": False}, {"draining": True}]
)
async def test_a_replica_that_lacks_anything_is_not_ready_but_alive(api: Api, fault: dict[str, bool]):
    """503 says what is missing, and restarting the process would not help."""
    api.readiness = Readiness(replica_id=uuid4(), **(READY | fault), details={"why": "a test"})
    answer = await api.call("GET", "/health/ready", token=None)
    assert answer.status == 503
    assert answer.body == {
        "status": "unready",
        "replicaId": str(api.readiness.replica_id),
        "details": {"why": "a test"},
        **({"draining": False} | READY | fault),
    }
    assert (await api.call("GET", "/health/live", token=None)).status == 200


async def test_without_a_database_every_call_is_a_quick_503():
    """The server is up before the database, and says so at once."""
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    async with (
        running_server(nowhere) as address,
        aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
        asyncio.timeout(3),
    ):
        jobs = "/v1/console/jobs"
        for method, path in [
            ("GET", ""),
            ("GET", "/history"),
            ("GET", "/A"),
            ("GET", "/A/stats"),
            ("PUT", "/A/enabled?enabled=true"),
            ("POST", "/A/trigger"),
        ]:
            async with client.request(method, jobs + path) as response:
                assert (response.status, response.headers["Retry-After"]) == (503, "1")
                body = await response.json(content_type="application/problem+json")
                assert body["type"] == "urn:cronsole:problem:database-unavailable"
                assert "127.0.0.1" not in str(body)
        async with client.get("/health/live") as response:
            assert response.status == 200


async def test_before_the_migrations_every_call_is_a_503(empty_database_url: str):
    """The server is up before the schema too."""
    async with (
        running_server(empty_database_url) as address,
        aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        for path in ("", "/history", "/A"):
            async with client.get("/v1/console/jobs" + path) as response:
                assert response.status == 503
