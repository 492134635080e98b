"""What each role may do: every route, every kind of caller, from our own pages and from others'."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from service.api import key_set
from service.api.auth import PROXY_ASSERTION, JwtIssuer
from service.api.authorisation import NEEDED, key_of, undeclared_routes
from service.api.sessions import SESSION_COOKIE
from service.domain.clock import SystemClock
from tests.support.api import COOKIE, TOKEN, Api, running_api, running_server
from tests.support.tokens import AUDIENCE, ISSUER, PASETO_KEY, SUBJECT, Issuer, claims_at, paseto_of

CRON_JOB = "/MARKETDATA_INCREMENTAL"
# Written out once more, so that a slip in the service's own table is seen.
ROLES = """
anybody   GET    /
anybody   GET    /automation
anybody   GET    /automation/{file}
anybody   GET    /docs
anybody   GET    /docs/{file}
anybody   GET    /health/live
anybody   GET    /health/ready
anybody   GET    /openapi.json
anybody   GET    /signin
anybody   GET    /signin.css
anybody   POST   /signin
anybody   POST   /signout
viewer    GET    /metrics
viewer    GET    /v1/console/changes
viewer    GET    /v1/console/doctor
viewer    GET    /v1/console/events
viewer    GET    /v1/console/executions/{id}
viewer    GET    /v1/console/handlers
viewer    GET    /v1/console/jobs
viewer    GET    /v1/console/jobs/history
viewer    GET    /v1/console/jobs/{id}
viewer    GET    /v1/console/jobs/{id}/changes
viewer    GET    /v1/console/jobs/{id}/fires
viewer    GET    /v1/console/jobs/{id}/history
viewer    GET    /v1/console/jobs/{id}/logs/recent
viewer    GET    /v1/console/jobs/{id}/logs/stream
viewer    GET    /v1/console/jobs/{id}/stats
viewer    GET    /v1/console/jobs/{id}/why
viewer    GET    /v1/console/pause
viewer    GET    /v1/console/replicas
viewer    GET    /v1/console/schedule/preview
viewer    GET    /v1/console/session
viewer    GET    /v1/console/time-zones
viewer    GET    /v1/console/timeline
operator  PATCH  /v1/console/jobs/{id}           {"scheduleCron":"@daily","timeZone":"UTC","enabled":true}
operator  POST   /v1/console/executions/{id}/cancel
operator  POST   /v1/console/executions/{id}/retry
operator  POST   /v1/console/jobs/{id}/pause
operator  POST   /v1/console/jobs/{id}/resume
operator  POST   /v1/console/jobs/{id}/trigger
operator  POST   /v1/console/pause
operator  POST   /v1/console/resume
operator  PUT    /v1/console/jobs/{id}/enabled
operator  PUT    /v1/console/jobs/{id}/schedule
admin     DELETE /v1/console/jobs/{id}
admin     PATCH  /v1/console/jobs/{id}           {"enabled":true,"params":{}}
admin     PATCH  /v1/console/jobs/{id}           {"handler":"noop"}
admin     POST   /v1/console/jobs
admin     POST   /v1/console/jobs/{id}/revert
admin     POST   /v1/console/not/in/the/table
"""
ROWS = [line.split(maxsplit=3) for line in ROLES.split("\n") if line]
RANKS = {"anybody": 0, "viewer": 1, "operator": 2, "admin": 3}
NOW = SystemClock().now()
SITES = {
    "same site": {"Sec-Fetch-Site": "same-origin"},
    "cross site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://other.test"},
}
# Who calls, with which token in the cookie, and what rank that is.
CALLERS = {
    "no token": ("", 0),
    "bad": (paseto_of(claims_at(NOW, "admin"), key=bytes(32)), 0),
    "expired": (paseto_of(claims_at(NOW, "admin", exp=NOW - timedelta(minutes=1))), 0),
    "viewer": (paseto_of(claims_at(NOW, "viewer")), 1),
    "operator": (paseto_of(claims_at(NOW, "operator")), 2),
    "admin": (paseto_of(claims_at(NOW, "admin")), 3),
    "static token": (TOKEN, 3),
}


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs that accepts PASETOs."""
    async with running_api(database_url, paseto_key=PASETO_KEY) as api:
        yield api


def add_missing_routes(application: web.Application) -> None:
    """Add what the table has and the service has not; so the table holds before and after it is built."""
    assert undeclared_routes(application) == []
    there = {
        key_of(route.method, route.resource.canonical)
        for route in application.router.routes()
        if route.resource
    }

    async def stand_in(_: web.Request) -> web.Response:
        return web.Response(status=204)

    for _, method, path, *_ in ROWS:
        if key_of(method, path) not in there:
            there.add(key_of(method, path))
            application.router.add_route(method, path, stand_in)


async def test_every_route_lets_in_whom_it_should_and_nobody_else(database_url: str):
    """401 without a valid token, 403 with too low a role, 403 for each change that another site asks for."""
    wrong = []
    async with (
        running_server(database_url, extend=add_missing_routes, paseto_key=PASETO_KEY) as address,
        aiohttp.ClientSession(address, cookie_jar=aiohttp.DummyCookieJar()) as client,
    ):
        for needed, method, path, *body in ROWS:
            for name, (token, rank) in CALLERS.items():
                for site, headers in SITES.items():
                    async with client.request(
                        method,
                        path.replace("{id}", "NOBODY").replace("{file}", "index.js"),
                        headers=headers | {"Cookie": f"{COOKIE}={token}"},
                        data=body[0] if body else None,
                        allow_redirects=False,
                    ) as response:
                        status = response.status
                    refused = None
                    if site == "cross site" and method != "GET":
                        refused = 403
                    elif rank < RANKS[needed]:
                        refused = 403 if rank else 401
                    if status != refused if refused else status in (401, 403, 421, 429) or status >= 500:
                        wrong.append((method, path, body, name, site, status))
    assert wrong == []


def test_the_two_tables_name_the_same_routes():
    """Neither holds a route that the other has forgotten."""
    here = {key_of(method, path) for _, method, path, *_ in ROWS} - {("POST", "/v1/console/not/in/the/table")}
    assert here == set(NEEDED)


async def test_what_a_viewer_may_not_do_does_not_happen(api: Api):
    """And an operator's doing is on record under the subject of the token."""
    await api.start_replica()
    viewer, operator = CALLERS["viewer"][0], CALLERS["operator"][0]
    refused = await api.post(CRON_JOB + "/trigger", token=viewer)
    assert (refused.status, refused.content_type) == (403, "application/problem+json")
    assert refused.body["detail"] == "this needs the role operator; yours is viewer"
    assert (await api.put(CRON_JOB + "/enabled?enabled=false", token=viewer)).status == 403
    assert await api.sql.fetchval("select count(*) from job_executions") == 0
    assert await api.sql.fetchval("select max(revision) from jobs") == 1
    assert (await api.get(CRON_JOB, token=viewer)).status == 200
    assert (await api.post(CRON_JOB + "/trigger", token=operator)).status == 200
    assert (await api.put(CRON_JOB + "/enabled?enabled=false", token=operator)).status == 200
    assert await api.sql.fetchval("select requested_by from job_executions") == SUBJECT
    assert await api.sql.fetchval("select updated_by from jobs where not enabled") == SUBJECT


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"enabled":true,"enabled":', b"\xff"])
async def test_a_patch_that_cannot_be_read_is_bad_input(database_url: str, body: bytes):
    """Nobody can tell then which role it needs, and nothing of it is done."""
    async with (
        running_server(database_url, extend=add_missing_routes, paseto_key=PASETO_KEY) as address,
        aiohttp.ClientSession(address) as client,
    ):
        headers = {"Authorization": f"Bearer {CALLERS['operator'][0]}"}
        async with client.patch("/v1/console/jobs/NOBODY", data=body, headers=headers) as response:
            assert response.status == 400


class JwksServer:
    """The JWKS of an issuer, over HTTP."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer the key set, or what a test puts in its place."""
        self.issuer.fetches += 1
        if self.issuer.is_away:
            raise web.HTTPFound("/elsewhere")
        padding = "x" * int(request.query.get("padding", "0"))
        return web.json_response(self.issuer.document() | {"padding": padding})


@asynccontextmanager
async def published(issuer: Issuer) -> AsyncIterator[str]:
    """Publish an issuer's keys, and yield their URL."""
    application = web.Application()
    application.router.add_get("/jwks", JwksServer(issuer).serve)
    application.router.add_get("/elsewhere", JwksServer(Issuer()).serve)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield "http://{}:{}/jwks".format(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()


async def test_a_jwt_is_checked_with_the_keys_that_its_issuer_publishes(database_url: str):
    """As a bearer, in the cookie, or as Identity-Aware Proxy hands it on."""
    issuer = Issuer()
    async with (
        published(issuer) as url,
        running_api(database_url, jwt_issuer=JwtIssuer(url, ISSUER, AUDIENCE)) as api,
    ):
        token = issuer.sign(claims_at(SystemClock().now(), "operator"))
        for headers in (
            {"Authorization": f"Bearer {token}"},
            {"Cookie": f"{COOKIE}={token}"},
            {PROXY_ASSERTION: token},
        ):
            answer = await api.put(CRON_JOB + "/enabled?enabled=false", token=None, headers=headers)
            assert answer.status == 200
        assert (await api.get("", token=Issuer().sign(claims_at(SystemClock().now())))).status == 401
        assert issuer.fetches == 1
        assert await api.sql.fetchval("select updated_by from jobs where not enabled") == SUBJECT


async def test_without_the_issuers_keys_a_jwt_cannot_be_judged_and_the_static_token_works(database_url: str):
    """503 and when to come again; a redirect is not followed."""
    issuer = Issuer()
    issuer.is_away = True
    async with (
        published(issuer) as url,
        running_api(database_url, jwt_issuer=JwtIssuer(url, ISSUER, AUDIENCE)) as api,
    ):
        refused = await api.get("", token=issuer.sign(claims_at(SystemClock().now())))
        assert (refused.status, refused.content_type) == (503, "application/problem+json")
        assert refused.headers["Retry-After"] == "10"
        assert (await api.get("")).status == 200


async def test_a_key_set_is_read_within_limits(monkeypatch: pytest.MonkeyPatch):
    """Neither an endless answer nor a slow one holds anybody."""
    monkeypatch.setattr(key_set, "LARGEST_BYTES", 10_000)
    async with published(Issuer()) as url:
        assert json.loads(await key_set.fetch_document(url + "?padding=9000"))["keys"]
        with pytest.raises(ValueError, match="too large"):
            await key_set.fetch_document(url + "?padding=10000")


async def test_the_sign_in_of_a_jwt_needs_no_secret_of_ours(database_url: str):
    """With nothing to sign with, the session is the token itself, and ends with it."""
    issuer = Issuer()
    async with (
        published(issuer) as url,
        running_api(
            database_url, admin_token=None, jwt_issuer=JwtIssuer(url, ISSUER, AUDIENCE), is_on_loopback=True
        ) as api,
    ):
        token = issuer.sign(claims_at(SystemClock().now(), "operator"))
        signed_in = await api.call("POST", "/signin", token=None, data={"token": token})
        assert (signed_in.status, signed_in.body["role"]) == (200, "operator")
        cookie = {"Cookie": f"{SESSION_COOKIE}={token}"}
        assert (await api.get("", token=None, headers=cookie)).status == 200
