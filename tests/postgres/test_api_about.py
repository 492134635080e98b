"""What a console asks before it shows anything: who is signed in, and at what it looks."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from http.cookies import SimpleCookie

import pytest

import service
from service.api.sessions import SESSION_COOKIE
from service.domain.clock import SystemClock
from tests.support.api import TOKEN, Api, running_api
from tests.support.tokens import PASETO_KEY, SUBJECT, claims_at, paseto_of

SESSION = "/v1/console/session"


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server that accepts the static token and PASETOs."""
    async with running_api(database_url, paseto_key=PASETO_KEY) as api:
        yield api


async def test_the_static_token_is_an_admin_without_end(api: Api):
    """And the answer says which replica of which version gave it, and is kept by nobody."""
    answer = await api.call("GET", SESSION)
    assert answer.status == 200
    assert answer.body == {
        "subject": "admin-token",
        "role": "admin",
        "expiresAt": None,
        "version": service.__version__,
        "replicaId": str(api.readiness.replica_id),
    }
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_a_token_has_its_own_role_and_end(api: Api, role: str):
    """A console hides by it what would be refused; the service refuses all the same."""
    ends_at = SystemClock().now().replace(microsecond=0) + timedelta(minutes=5)
    answer = await api.call(
        "GET", SESSION, token=paseto_of(claims_at(SystemClock().now(), role, exp=ends_at))
    )
    assert (answer.status, answer.body["subject"], answer.body["role"]) == (200, SUBJECT, role)
    assert datetime.fromisoformat(answer.body["expiresAt"]) == ends_at


async def test_a_session_in_a_browser_ends_when_its_cookie_does(api: Api):
    """Also that of the static token, which itself has no end."""
    signed_in = await api.call("POST", "/signin", token=None, data={"token": TOKEN})
    session = SimpleCookie(signed_in.headers["Set-Cookie"])[SESSION_COOKIE]
    cookie = {"Cookie": f"{SESSION_COOKIE}={session.value}"}
    answer = await api.call("GET", SESSION, token=None, headers=cookie)
    shown, promised = (datetime.fromisoformat(body["expiresAt"]) for body in (answer.body, signed_in.body))
    assert shown == promised.replace(microsecond=0)


async def test_without_a_token_there_is_no_session(api: Api):
    """The console then leads to the sign-in page."""
    refused = await api.call("GET", SESSION, token=None)
    assert (refused.status, refused.content_type) == (401, "application/problem+json")


async def test_the_time_zones_are_those_that_a_job_may_have(api: Api):
    """In the order of the alphabet, and the same that the schema checks."""
    answer = await api.call("GET", "/v1/console/time-zones")
    names = answer.body["timeZones"]
    assert names == sorted(names)
    assert {"UTC", "America/New_York", "Asia/Kolkata"} <= set(names)
    assert set(names) == {row["name"] for row in await api.sql.fetch("select name from time_zones")}


async def test_the_time_zones_are_read_once_an_hour(api: Api):
    """By a browser for its user, and by no cache between."""
    answer = await api.call("GET", "/v1/console/time-zones")
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
