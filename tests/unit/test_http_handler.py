"""The handler `http` against servers on loopback that behave in every way but well."""

import asyncio
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from service.domain.errors import InvalidInput, RequestFailed, RequestRefused
from service.handlers import http_call
from service.handlers.http_call import http_handler
from service.handlers.secrets import Secrets
from tests.support.http_peers import (
    Received,
    answering,
    http_peer,
    streaming_for_ever,
    with_endless_headers,
)
from tests.support.runs_without_database import EXECUTION_ID, a_run

SECRET = "pass word&more"
SECRETS = Secrets({"TOKEN": SECRET})
FIRE_TIME = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def do(handler, run):
    """Await the work of a handler."""
    work = handler.work(run)
    assert work is not None
    await work


async def call(peer, params=None, *, allowed=None, **facts):
    """Run an `http` job that asks this peer, which alone is allowed unless said; returns the run."""
    handler = http_handler([peer.place] if allowed is None else allowed)
    run = a_run(handler, {"url": peer.url(), **(params or {})}, secrets=SECRETS, **facts)
    await do(handler, run)
    return run


async def refused_call(peer, params=None, **others):
    """Run a job that fails; returns the text of its error, and its result."""
    handler = http_handler(others.get("allowed", [peer.place]))
    run = a_run(handler, {"url": peer.url(), **(params or {})}, secrets=SECRETS)
    with pytest.raises(RequestFailed) as caught:
        await do(handler, run)
    # What aiohttp says of it would be logged with it, and names the whole URL.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value), run.result


@asynccontextmanager
async def nobody_else_waits():
    """Check that the event loop never stands still for the 250 ms by which no other fire may be late."""
    loop = asyncio.get_running_loop()
    longest = 0.0

    async def measure() -> None:
        nonlocal longest
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            longest = max(longest, loop.time() - before)

    measuring = loop.create_task(measure())
    try:
        yield
    finally:
        measuring.cancel()
    assert longest < 0.25


async def test_an_answer_is_the_result():
    """Status and body are kept; the run's facts travel as headers, those that it has."""
    async with http_peer(answering(200, b"done", "Content-Type: text/plain")) as peer:
        run = await call(peer, {"headers": {"Authorization": "Bearer x"}}, fire_time=FIRE_TIME, attempt=2)
    assert run.result == {"status": 200, "body": "done"}
    [received] = peer.received
    assert received.line == "GET / HTTP/1.1"
    assert {name: value for name, value in received.headers.items() if name.startswith("x-")} == {
        "x-cronsole-job-id": "A",
        "x-cronsole-execution-id": str(EXECUTION_ID),
        "x-cronsole-fire-time": "2026-11-23T09:00:00Z",
        "x-cronsole-attempt": "2",
    }
    assert received.headers["authorization"] == "Bearer x"
    assert received.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("params", "body", "content_type"),
    [
        ({"json": {"a": "${secret:TOKEN}"}}, b'{"a":"pass word&more"}', "application/json"),
        ({"json": None}, b"null", "application/json"),
        ({"body": "ö"}, "ö".encode(), "text/plain; charset=utf-8"),
        ({"body": "<a/>", "headers": {"content-type": "text/xml"}}, b"<a/>", "text/xml"),
        ({}, b"", None),
    ],
)
async def test_a_body_is_sent_as_json_or_as_text(params, body, content_type):
    """With its content type, unless the job names another."""
    async with http_peer(answering(204)) as peer:
        await call(peer, {"method": "POST", **params})
    [received] = peer.received
    assert (received.line, received.body) == ("POST / HTTP/1.1", body)
    assert received.headers.get("content-type") == content_type


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"method": "TRACE"}, "Invalid enum value"),
        ({"verb": "GET"}, "unknown field"),
        ({"url": 5}, "Expected `str`, got `int`"),
        ({"json": {}, "body": "", "method": "POST"}, "json and body exclude each other"),
        ({"body": "x"}, "a GET request has no body"),
        ({"headers": {"X-A": "1\r\nX-B: 2"}}, "the value of the header X-A holds a line break"),
        ({"headers": {"X A": "1"}}, "a name in headers is no header name"),
        ({"headers": {"X-A\r\nX-B": "1"}}, "a name in headers is no header name"),
        ({"headers": {"Host": "other"}}, "the header Host is set by the service"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "the header Transfer-Encoding is set by the service"),
        ({"headers": {"X-Cronsole-Attempt": "9"}}, "the header X-Cronsole-Attempt is set by the service"),
        ({"expect_status": 99}, "Expected `int` >= 100"),
        ({"expect_status": []}, "Expected `array` of length >= 1"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(params, message):
    """Before anything is sent."""
    with pytest.raises(InvalidInput, match=message):
        a_run(http_handler(), {"url": "http://example.com", **params})


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "127.0.0.1", "http://", "http://[x", "http://h:x/"])
async def test_what_is_no_web_address_is_refused(url):
    """The error does not repeat it: it may hold secrets."""
    handler = http_handler(["127.0.0.1"])
    with pytest.raises(InvalidInput, match=r"params.url"):
        await do(handler, a_run(handler, {"url": url}))


async def test_a_user_within_the_url_is_refused():
    """Credentials belong in a header, where redirects do not carry them on."""
    handler = http_handler(["127.0.0.1"])
    with pytest.raises(InvalidInput, match=r"must hold no user") as caught:
        await do(handler, a_run(handler, {"url": "http://me:password@127.0.0.1/"}))
    assert "password" not in str(caught.value)


async def test_no_host_is_allowed_that_is_not_listed():
    """Without the setting nothing is."""
    async with http_peer(answering()) as peer:
        message, _ = await refused_call(peer, {"url": peer.url("/secret?token=1")}, allowed=[])
        assert message == f"{peer.place} is not on CRONSOLE_HTTP_ALLOWED_HOSTS"
        await refused_call(peer, allowed=["127.0.0.1"])
    assert peer.received == []


async def test_a_listed_name_must_not_lead_to_a_private_address(monkeypatch):
    """Unless that address is listed as well."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 0))])
    async with http_peer(answering()) as peer:
        name = f"api.example:{peer.port}"
        params = {"url": f"http://{name}/"}
        message, _ = await refused_call(peer, params, allowed=[name])
        assert message.startswith(f"{name} leads to 127.0.0.1, which is no public address")
        assert peer.received == []
        for listed in ("127.0.0.1", "127.0.0.0/8", peer.place):
            await call(peer, params, allowed=[name, listed])
    assert [each.headers["host"] for each in peer.received] == [name] * 3


async def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    """Nobody knows which one would be taken."""
    answers = [(2, 1, 6, "", ("1.1.1.1", 0)), (10, 1, 6, "", ("::1", 0, 0, 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    async with http_peer(answering()) as peer:
        message, _ = await refused_call(peer, {"url": "http://api.example/"}, allowed=["api.example"])
    assert "leads to ::1" in message


async def test_a_name_is_looked_up_once_and_the_checked_address_is_used(monkeypatch):
    """A name that leads elsewhere the second time leads nowhere."""
    asked = []

    def look_up(host, *_, **__):
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1" if len(asked) == 1 else "10.255.255.1", 0))]

    async with http_peer(answering(200, b"here")) as peer:
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        name = f"api.example:{peer.port}"
        run = await call(peer, {"url": f"http://{name}/"}, allowed=[name, "127.0.0.1"])
    assert run.result["body"] == "here"
    assert asked == ["api.example"]


async def test_an_unknown_name_is_a_clear_error(monkeypatch):
    """The error names it."""

    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    async with http_peer(answering()) as peer:
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        message, _ = await refused_call(peer, {"url": "http://api.example/"}, allowed=["api.example"])
    assert message == "api.example:80: no address is known for this name"


async def test_redirects_are_followed_within_the_list():
    """The result says how many; the job's headers stay with their origin, the facts go along."""
    async with http_peer(answering(200, b"there")) as there:
        location = f"Location: {there.url('/new')}"
        async with http_peer(answering(302, b"", location)) as here:
            params = {"headers": {"Authorization": "Bearer ${secret:TOKEN}"}}
            run = await call(here, params, allowed=[here.place, there.place])
    assert run.result == {"status": 200, "body": "there", "redirects": 1}
    assert here.received[0].headers["authorization"] == f"Bearer {SECRET}"
    assert "authorization" not in there.received[0].headers
    assert there.received[0].headers["x-cronsole-job-id"] == "A"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://169.254.169.254/latest/meta-data/", "redirects: 169.254.169.254:80 is not on"),
        ("http://localhost:1/", "redirects: localhost:1 is not on"),
        ("//10.0.0.1/x", "redirects: 10.0.0.1:80 is not on"),
        (
            "http://inside.example/",
            "redirects: inside.example:80 leads to 10.0.0.7, which is no public address",
        ),
        ("file:///etc/passwd", "redirects to what is no"),
        ("http://me:x@127.0.0.1/", "redirects to what is no plain http or https URL"),
        ("http://[", "redirects to what is no URL"),
    ],
)
async def test_a_redirect_to_what_is_not_allowed_is_refused(monkeypatch, location, message):
    """Off the list, or on it and leading to a private address."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("10.0.0.7", 0))])
    async with http_peer(answering(307, b"", f"Location: {location}")) as peer:
        text, _ = await refused_call(peer, allowed=[peer.place, "inside.example"])
    assert text.startswith(peer.place)
    assert message in text


async def test_a_redirect_may_not_take_a_body_to_another_origin():
    """It may hold secrets that were meant for the first one."""
    async with (
        http_peer(answering()) as there,
        http_peer(answering(308, b"", f"Location: {there.url()}")) as here,
    ):
        allowed = [here.place, there.place]
        text, _ = await refused_call(here, {"method": "POST", "json": 1}, allowed=allowed)
        assert text == f"{here.place}: would redirect the body to {there.place}, another origin"
        assert there.received == []


@pytest.mark.parametrize(
    ("status", "lines"), [(303, ["POST", "GET"]), (302, ["POST", "GET"]), (307, ["POST"] * 2)]
)
async def test_a_redirect_changes_the_method_as_browsers_do(status, lines):
    """303, and 301 and 302 of a POST, go on with GET and without the body."""

    async def respond(received: Received, writer) -> None:
        is_first = received.line.split()[1] == "/"
        await answering(*((status, b"", "Location: /next") if is_first else (200, b"")))(received, writer)

    async with http_peer(respond) as peer:
        await call(peer, {"method": "POST", "body": "x"})
    assert [each.line.split()[0] for each in peer.received] == lines
    assert peer.received[1].body == (b"x" if lines[1] == "POST" else b"")


async def test_redirects_in_a_circle_end():
    """After five."""
    async with http_peer(answering(302, b"", "Location: /")) as peer:
        text, _ = await refused_call(peer)
    assert text == f"{peer.place}: more than 5 redirects"
    assert len(peer.received) == 6


@pytest.mark.parametrize(
    ("expect", "words"), [(None, "200 to 299"), (204, "204"), ([200, 409], "200 or 409")]
)
async def test_another_status_than_expected_fails_and_keeps_the_answer(expect, words):
    """The error says both; neither error nor result show the query or a secret that the peer sends back."""
    async with http_peer(answering(500, b"token " + SECRET.encode() + b" is wrong")) as peer:
        url = peer.url("/path?token=${secret:TOKEN}&user=me")
        text, result = await refused_call(peer, {"url": url, "expect_status": expect})
    assert text == f"GET {peer.place} answered 500, expected {words}"
    assert result == {"status": 500, "body": "token ${secret:TOKEN} is wrong"}
    assert peer.received[0].line.startswith("GET /path?token=pass%20word%26more&user=me")


async def test_an_expected_status_is_a_success():
    """A redirect that is expected is not followed."""
    async with http_peer(answering(302, b"", "Location: http://elsewhere.example/")) as peer:
        run = await call(peer, {"expect_status": [302, 409]})
    assert run.result["status"] == 302


async def test_a_long_answer_is_cut_after_its_secrets_are_hidden():
    """Cut within a secret, the rest would not be recognised."""
    body = b"x" * 4090 + SECRET.encode() + b"y" * 100
    async with http_peer(answering(200, body)) as peer:
        run = await call(peer, {"headers": {"X-Token": "${secret:TOKEN}"}})
    assert run.result == {"status": 200, "body": "x" * 4090 + "${secr", "truncated": True}


@pytest.mark.parametrize(
    ("respond", "message"),
    [
        (streaming_for_ever, "the answer is longer than 1,048,576 bytes"),
        (with_endless_headers, "its answer is no HTTP that can be read, or its headers are too long"),
        (answering(200, b"", "X-Long: " + "x" * 100_000), "its answer is no HTTP that can be read"),
    ],
)
async def test_an_answer_without_end_ends_the_run(respond, message):
    """With a clear error, after a bounded number of bytes, and while others go on."""
    async with http_peer(respond) as peer, nobody_else_waits():
        text, _ = await refused_call(peer)
    assert message in text


async def answer_garbage(_, writer):
    writer.write(b"hello\r\n\r\n")


async def hang_up(_, writer):
    writer.close()


async def break_off(_, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


@pytest.mark.parametrize(
    ("respond", "message"),
    [
        (answer_garbage, "no HTTP that can be read"),
        (hang_up, "closed the connection without an answer"),
        (break_off, "broke off its answer"),
    ],
)
async def test_a_broken_answer_is_a_clear_error(respond, message):
    """Which says what happened, and not the URL."""
    async with http_peer(respond) as peer:
        text, _ = await refused_call(peer, {"url": peer.url("/?q=hidden")})
    assert text.startswith(f"GET {peer.place}: ")
    assert message in text
    assert "hidden" not in text


async def test_nobody_at_the_other_end_is_a_clear_error():
    """The error says the host and what the system says."""
    async with http_peer(answering()) as peer:
        pass
    text, _ = await refused_call(peer)
    assert text.startswith(f"GET {peer.place}: cannot connect (")


async def test_a_peer_that_stalls_ends_at_the_time_limit(monkeypatch):
    """The whole call has one limit, however slowly the bytes come."""

    async def trickle(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    monkeypatch.setattr(http_call, "LONGEST_CALL_SECONDS", 0.2)
    async with http_peer(trickle) as peer, nobody_else_waits():
        text, _ = await refused_call(peer)
    assert text == f"GET {peer.place}: no answer in 0.2 s"


async def test_a_job_with_a_timeout_leaves_the_time_to_the_runner(monkeypatch):
    """So that its run ends as TIMEOUT."""
    monkeypatch.setattr(http_call, "LONGEST_CALL_SECONDS", 0.0)
    async with http_peer(answering()) as peer:
        await call(peer, timeout_seconds=5)


async def test_a_packed_answer_is_not_unpacked(monkeypatch):
    """A kilobyte may unpack to a gigabyte."""
    async with http_peer(answering(200, b"\x1f\x8bpacked", "Content-Encoding: gzip")) as peer:
        run = await call(peer)
    assert run.result["body"].endswith("packed")


async def test_the_proxy_of_the_environment_is_not_used(monkeypatch):
    """It would be reached unchecked, and see the secrets."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    async with http_peer(answering(200, b"direct")) as peer:
        run = await call(peer)
    assert run.result["body"] == "direct"


def test_a_refusal_is_a_kind_of_failure():
    """Whoever looks for failed requests finds those that were never sent."""
    assert issubclass(RequestRefused, RequestFailed)
