"""Who may call."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from tests.support.api import COOKIE, TOKEN, Api, running_api

JOB = "/v1/console/jobs/MARKETDATA_INCREMENTAL"
CALLS = [
    ("GET", "/v1/console/jobs"),
    ("GET", JOB),
    ("POST", JOB + "/trigger"),
    ("PUT", JOB + "/schedule?cron=0+0+10+*+*+*"),
    ("PUT", JOB + "/enabled?enabled=false"),
    ("GET", JOB + "/history"),
    ("GET", JOB + "/stats"),
    ("GET", "/v1/console/jobs/history"),
    ("GET", "/v1/console/nothing"),
]


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer t\u00f6ken"},
        {"Cookie": f"{COOKIE}=wrong"},
        {"Cookie": f"{COOKIE}="},
        {"Cookie": f"other={TOKEN}"},
        {"Cookie": ";;=;\u00e9=\u00e9"},
    ],
)
async def test_without_a_valid_token_nothing_is_answered_and_nothing_changes(
    api: Api, headers: dict[str, str]
):
    """401 for every call, the unknown among them, and a hint how to log in."""
    await api.start_replica()
    for method, path in CALLS:
        refused = await api.call(method, path, token=None, headers=headers)
        assert (refused.status, refused.content_type) == (401, "application/problem+json")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert await api.sql.fetchval("select max(revision) from jobs") == 1
    assert await api.sql.fetchval("select count(*) from job_executions") == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer  {TOKEN}"},
        {"Cookie": f"{COOKIE}={TOKEN}"},
        {"Cookie": f"a=b; {COOKIE}={TOKEN}", "Authorization": "Bearer of an old session"},
    ],
)
async def test_the_token_is_taken_from_the_header_or_the_cookie(api: Api, headers: dict[str, str]):
    """Both ways are the reference's."""
    assert (await api.call("GET", "/v1/console/jobs", token=None, headers=headers)).status == 200


async def test_the_cookie_may_have_another_name(database_url: str):
    """CRONSOLE_ACCESS_COOKIE names it."""
    async with running_api(database_url, access_cookie="session") as api:
        named = await api.call("GET", "/v1/console/jobs", token=None, headers={"Cookie": f"session={TOKEN}"})
        assert named.status == 200
        usual = await api.call("GET", "/v1/console/jobs", token=None, headers={"Cookie": f"{COOKIE}={TOKEN}"})
        assert usual.status == 401


async def test_without_a_configured_token_nobody_gets_in(database_url: str):
    """No token is not an empty token."""
    async with running_api(database_url, admin_token=None) as api:
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
            assert (await api.call("GET", "/v1/console/jobs", token=None, headers=headers)).status == 401


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-origin", 200), ("none", 200), (None, 200)]
)
async def test_a_change_that_another_site_asks_for_is_refused(api: Api, site: str | None, status: int):
    """A browser sends the cookie along, whoever wrote the form; reading is harmless and stays allowed."""
    headers = {"Cookie": f"{COOKIE}={TOKEN}"} | ({"Sec-Fetch-Site": site} if site else {})
    answer = await api.call("PUT", JOB + "/enabled?enabled=false", token=None, headers=headers)
    assert answer.status == status
    assert await api.sql.fetchval("select bool_and(enabled) from jobs") == (status == 403)
    assert (await api.call("GET", JOB, token=None, headers=headers)).status == 200


async def test_the_log_holds_no_token_and_no_query(api: Api):
    """One line per request: what was asked, what was answered, how long it took."""
    with capture_logs() as lines:
        await api.call("PUT", JOB + f"/enabled?enabled=maybe&token={TOKEN}")
        await api.call("GET", "/v1/console/jobs", headers={"Cookie": f"{COOKIE}={TOKEN}"})
    served = [line for line in lines if line["event"] == "request_served"]
    assert [(line["method"], line["path"], line["status"]) for line in served] == [
        ("PUT", JOB + "/enabled", 400),
        ("GET", "/v1/console/jobs", 200),
    ]
    assert all(line["duration_ms"] >= 0 for line in served)
    assert TOKEN not in str(lines)
