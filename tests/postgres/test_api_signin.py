"""Signing in and out in a browser."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from html import unescape
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from structlog.testing import capture_logs

from service.api.sessions import SESSION_COOKIE
from service.domain.clock import SystemClock
from tests.support.api import TOKEN, Answer, Api, running_api
from tests.support.tokens import PASETO_KEY, SUBJECT, claims_at, paseto_of

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server on loopback with a static token and a PASETO key."""
    async with running_api(database_url, paseto_key=PASETO_KEY) as api:
        yield api


async def sign_in(api: Api, token: str, **headers: str) -> Answer:
    """Send the form."""
    return await api.call("POST", "/signin", token=None, headers=headers, data={"token": token})


def session_of(answer: Answer) -> Morsel[str]:
    """Return the cookie that an answer sets."""
    return SimpleCookie(answer.headers["Set-Cookie"])[SESSION_COOKIE]


async def test_a_token_is_exchanged_for_a_cookie_that_no_script_can_read(api: Api):
    """The cookie is not the token, lives twelve hours, and is no use to other sites."""
    signed_in = await sign_in(api, f" {TOKEN}\n")
    assert signed_in.status == 200
    assert (signed_in.body["subject"], signed_in.body["role"]) == ("admin-token", "admin")
    session = session_of(signed_in)
    assert (session["httponly"], session["samesite"], session["path"]) == (True, "Strict", "/")
    assert not session["secure"]
    assert int(session["max-age"]) in (43_199, 43_200)
    assert TOKEN not in signed_in.headers["Set-Cookie"]
    cookie = {"Cookie": f"{SESSION_COOKIE}={session.value}"}
    assert (await api.get("", token=None, headers=cookie)).status == 200
    assert (await api.get("", token=session.value)).status == 401


async def test_the_cookie_is_secure_where_the_service_is_not_on_loopback(database_url: str):
    """There a proxy speaks HTTPS."""
    async with running_api(database_url, is_on_loopback=False) as api:
        assert session_of(await sign_in(api, TOKEN))["secure"]


async def test_a_session_has_the_role_of_its_token_and_ends_with_it(api: Api):
    """And on another replica it is the same session."""
    now = SystemClock().now()
    token = paseto_of(claims_at(now, "viewer", exp=now + timedelta(minutes=5)))
    signed_in = await sign_in(api, token)
    expires_at = datetime.fromisoformat(signed_in.body["expiresAt"])
    assert (signed_in.body["role"], expires_at - now) == ("viewer", timedelta(minutes=5))
    session = session_of(signed_in)
    assert int(session["max-age"]) in (299, 300)
    cookie = {"Cookie": f"{SESSION_COOKIE}={session.value}"}
    assert (await api.get("", token=None, headers=cookie)).status == 200
    change = "/MARKETDATA_INCREMENTAL/enabled?enabled=false"
    assert (await api.put(change, token=None, headers=cookie)).status == 403


async def test_replicas_with_the_same_secrets_share_sessions(database_url: str):
    """Nothing is stored; other secrets make other sessions."""
    async with running_api(database_url) as first, running_api(database_url) as second:
        cookie = {"Cookie": f"{SESSION_COOKIE}={session_of(await sign_in(first, TOKEN)).value}"}
        assert (await second.get("", token=None, headers=cookie)).status == 200
    async with running_api(database_url, admin_token=TOKEN + "2") as changed:
        assert (await changed.get("", token=None, headers=cookie)).status == 401


async def test_a_browser_is_led_through_pages(api: Api):
    """Page, wrong token, right token, console, sign out; under a policy that forbids all that is inline."""
    async with api.client.get("/signin") as response:
        page = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert 'name="token"' in page
    assert "{{" not in page
    assert not re.search(r"<script|<style|\bstyle=|\bon\w+=|https?://", page)
    async with api.client.get("/signin.css") as response:
        assert (response.status, response.content_type) == (200, "text/css")
    for token, status in (("<b>wrong</b>", 401), ("", 400)):
        async with api.client.post("/signin", data={"token": token}, headers=BROWSER) as response:
            assert response.status == status
            assert "<b>" not in await response.text()
    async with api.client.post(
        "/signin", data={"token": TOKEN}, headers=BROWSER, allow_redirects=False
    ) as response:
        assert (response.status, response.headers["Location"]) == (303, "/automation")
        assert response.cookies[SESSION_COOKIE]["httponly"]
    async with api.client.post("/signout", headers=BROWSER, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/signin")
        assert response.cookies[SESSION_COOKIE]["max-age"] == "0"
    async with api.client.post("/signout") as response:
        assert response.status == 204


async def test_who_is_sent_to_sign_in_comes_back_to_the_same_place(api: Api):
    """Through a wrong token too."""
    place = "/automation/jobs/A.B?tab=changes&text=%3Cb%3E#last"
    async with api.client.get("/signin", params={"next": place}) as response:
        assert next_in(await response.text()) == place
    form = {"token": "wrong", "next": place}
    async with api.client.post("/signin", data=form, headers=BROWSER) as response:
        assert (response.status, next_in(await response.text())) == (401, place)
    assert await led_to(api, place) == place


async def led_to(api: Api, place: str) -> str:
    """Where a browser goes on that signs in with this place in the form."""
    form = {"token": TOKEN, "next": place}
    async with api.client.post("/signin", data=form, headers=BROWSER, allow_redirects=False) as response:
        assert response.status == 303
        return response.headers["Location"]


def next_in(page: str) -> str:
    """The place that a page's form holds."""
    [value] = re.findall(r'name="next" value="([^"]*)"', page)
    return unescape(value)


@pytest.mark.parametrize(
    "place",
    [
        "https://other.test/automation",
        "//other.test/automation",
        "/automation//other.test",
        "/automation/../docs",
        "/automation/%2E%2e/docs",
        "/\\other.test",
        "/automation\\other.test",
        "/automation/x\r\nSet-Cookie: a=b",
        "/automation\n",
        "javascript:alert(1)",
        "/automation.other.test",
        '/automation"><script>alert(1)</script>',
        "/docs",
    ],
)
async def test_nobody_is_led_elsewhere_by_a_link_to_the_sign_in_page(api: Api, place: str):
    """Not by the page, which keeps nothing of it, nor by a form that somebody else has made."""
    async with api.client.get("/signin", params={"next": place}) as response:
        page = await response.text()
    assert (response.status, next_in(page)) == (200, "/automation")
    assert "other.test" not in page
    assert await led_to(api, place) == "/automation"


async def test_the_root_leads_to_the_console(api: Api):
    """Who types the host's name alone."""
    async with api.client.get("/", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/automation")


async def test_a_browser_that_sends_no_token_gets_the_page_again(api: Api):
    """With what is missing, and the place that it came for."""
    form = {"token": " ", "next": "/automation/replicas"}
    async with api.client.post("/signin", data=form, headers=BROWSER) as response:
        page = await response.text()
    assert (response.status, response.content_type) == (400, "text/html")
    assert "there is not exactly one token" in page
    assert next_in(page) == "/automation/replicas"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"data": {"token": "wrong"}}, 401),
        ({"data": {"token": ""}}, 400),
        ({"data": {"other": TOKEN}}, 400),
        ({"data": [("token", TOKEN), ("token", TOKEN)]}, 400),
        ({"data": {f"f{number}": "x" for number in range(50)}}, 400),
        ({"json": {"token": TOKEN}}, 415),
        ({"params": {"token": TOKEN}}, 415),
        ({"data": {"token": "t\u00f6ken"}}, 401),
        ({"data": {"token": "x" * 100_000}}, 401),
    ],
)
async def test_a_form_without_a_valid_token_signs_nobody_in(api: Api, form: dict[str, Any], status: int):
    """Nor does a token in the URL, which ends up in logs and histories."""
    refused = await api.call("POST", "/signin", token=None, **form)
    assert (refused.status, refused.content_type) == (status, "application/problem+json")
    assert "Set-Cookie" not in refused.headers


async def test_another_site_signs_nobody_in_or_out(api: Api):
    """Neither as somebody else nor out of spite."""
    for path in ("/signin", "/signout"):
        other = {"Sec-Fetch-Site": "cross-site"}
        refused = await api.call("POST", path, token=None, headers=other, data={"token": TOKEN})
        assert (refused.status, "Set-Cookie" in refused.headers) == (403, False)


async def test_who_guesses_has_to_wait(api: Api):
    """Ten wrong tokens a minute, by form or as bearers; then even the right one is refused at the form."""
    for number in range(10):
        attempt = sign_in(api, f"guess {number}") if number % 2 else api.get("", token=f"guess-{number}")
        assert (await attempt).status in ((401,) if number < 9 else (401, 429))
    for refused in (await sign_in(api, TOKEN), await api.get("", token="another-guess")):
        assert (refused.status, refused.content_type) == (429, "application/problem+json")
        assert 0 < int(refused.headers["Retry-After"]) <= 60
    page = await api.client.post("/signin", data={"token": TOKEN}, headers=BROWSER)
    assert (page.status, page.content_type) == (429, "text/html")
    assert "Retry-After" in page.headers


async def test_valid_calls_go_on_while_others_guess(api: Api):
    """Behind a proxy all have one address."""
    for number in range(30):
        await api.get("", token=f"guess-{number}")
    assert (await api.get("")).status == 200
    assert (await api.get("", token=paseto_of(claims_at(SystemClock().now())))).status == 200


async def test_an_old_token_is_no_guess(api: Api):
    """A console that was left open asks every few seconds; its user can still sign in."""
    now = SystemClock().now()
    expired = paseto_of(claims_at(now, exp=now - timedelta(hours=1)))
    for number in range(15):
        refused = await api.get("", token=expired)
        assert refused.status == 401, number
        stale = {"Cookie": f"{SESSION_COOKIE}=from-before-the-secret-changed"}
        assert (await api.get("", token=None, headers=stale)).status == 401
    assert refused.body["detail"] == "the token has expired, or is not valid yet"
    assert (await sign_in(api, TOKEN)).status == 200


async def test_no_token_is_logged(api: Api):
    """Neither the right one, nor a wrong one, nor a session."""
    secret_like = "a-guess-that-is-almost-right"
    with capture_logs() as lines:
        session = session_of(await sign_in(api, TOKEN)).value
        await sign_in(api, secret_like)
        await api.get("", token=secret_like)
        await api.get("", token=None, headers={"Cookie": f"{SESSION_COOKIE}={session}"})
        await sign_in(api, paseto_of(claims_at(SystemClock().now())))
    logged = str(lines)
    assert [line["subject"] for line in lines if line["event"] == "signed_in"] == ["admin-token", SUBJECT]
    assert "sign_in_refused" in logged
    assert not any(secret in logged for secret in (TOKEN, secret_like, session, "v4.local"))
