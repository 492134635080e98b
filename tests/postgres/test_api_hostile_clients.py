"""Clients that mean no good, and pages of other sites: refused, and the service goes on."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from service.api import bodies, server
from tests.support.api import COOKIE, TOKEN, Api, running_api

JOBS = "/v1/console/jobs"
TRIGGER = JOBS + "/MARKETDATA_BACKFILL/trigger"
ENABLED = JOBS + "/MARKETDATA_INCREMENTAL/enabled?enabled=false"
BEARER = f"Authorization: Bearer {TOKEN}\r\n"
PATIENCE_SECONDS = 5.0


@pytest.fixture
async def api(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """A server with less patience than usual."""
    monkeypatch.setattr(server, "KEEPALIVE_SECONDS", 0.4)
    monkeypatch.setattr(server, "SHUTDOWN_SECONDS", 0.4)
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.4)
    async with running_api(database_url) as api:
        yield api


class RawClient:
    """A connection on which anything can be sent; what the server says is read all the time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.said, self.sent = b"", 0
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def connect(cls, api: Api, start: str = "") -> "RawClient":
        """Connect to a server, and send the start of a request."""
        host, _, port = api.address.removeprefix("http://").partition(":")
        client = cls(*await asyncio.open_connection(host, int(port)))
        await client.send(start.encode())
        return client

    @property
    def status(self) -> str:
        """The status of the first answer, empty if there was none."""
        return self.said[9:12].decode()

    async def send(self, data: bytes) -> None:
        """Send some bytes, if the server still takes them."""
        with suppress(ConnectionError):
            self._writer.write(data)
            self.sent += len(data)
            await self._writer.drain()

    async def end(self) -> "RawClient":
        """Wait until the server closes the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._reading
        self._writer.close()
        return self

    async def leave(self, *, abort: bool) -> None:
        """Close the connection, politely or not."""
        if abort:
            self._writer.transport.abort()
        else:
            self._writer.close()
        await self._reading

    async def send_to_the_end(self, part: bytes, pause_seconds: float = 0.0) -> "RawClient":
        """Send the same part again and again until the server closes the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self._reading.done():
                await self.send(part)
                await asyncio.sleep(pause_seconds)
        return await self.end()

    async def _read(self) -> None:
        with suppress(ConnectionError):
            while part := await self._reader.read(65_536):
                self.said += part


async def is_unharmed(api: Api) -> bool:
    """Answer whether the service still answers."""
    return (await api.get("")).status == 200 and (await api.call("GET", "/health/live")).status == 200


async def test_who_never_ends_the_headers_is_cut_off(api: Api):
    """One more byte every now and then does not help, and neither does a good request before."""
    start = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
    slow = [await RawClient.connect(api, start) for _ in range(20)]
    later = await RawClient.connect(api, f"{start}\r\n{start}")
    silent = await RawClient.connect(api)
    await asyncio.gather(
        *(client.send_to_the_end(b"X", 0.05) for client in slow),
        later.send_to_the_end(b"X", 0.05),
        silent.end(),
    )
    assert [client.said for client in [*slow, silent]] == [b""] * 21
    assert later.said.count(b"HTTP/1.1 200") == 1
    assert await is_unharmed(api)


async def test_who_never_ends_the_body_is_refused(api: Api):
    """408 with a valid token; without one 401 at once."""
    start = f"POST {TRIGGER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
    for more, status in ((BEARER, "408"), ("", "401")):
        client = await RawClient.connect(api, f"{start}{more}\r\n{{")
        await client.send_to_the_end(b" ", 0.05)
        assert client.status == status
    assert await is_unharmed(api)
    assert await api.sql.fetchval("select count(*) from job_executions") == 0


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"X-Large: " + b"x" * 1_000_000, id="one"),
        pytest.param(b"\r\n".join(b"X-%d: %s" % (n, b"x" * 1_000) for n in range(1_000)), id="many"),
        pytest.param(b"Cookie: " + b"a=b; " * 200_000, id="cookies"),
    ],
)
async def test_a_megabyte_of_headers_is_refused(api: Api, line: bytes):
    """400, long before the last of them."""
    client = await RawClient.connect(api, "GET /health/live HTTP/1.1\r\nHost: localhost\r\n")
    await client.send(line + b"\r\n\r\n")
    assert (await client.end()).status in ("400", "")  # the answer may get lost in what is still sent
    assert await is_unharmed(api)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", TRIGGER), ("PUT", ENABLED), ("POST", "/signin"), ("GET", JOBS)]
)
async def test_a_gigabyte_of_body_is_refused(api: Api, method: str, path: str):
    """413 as soon as it says so, or as soon as it is more than a megabyte; nothing of it is kept."""
    start = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{BEARER}"
    announced = await RawClient.connect(api, f"{start}Content-Length: {2**30}\r\n\r\n")
    assert (await announced.end()).status == "413"
    chunked = await RawClient.connect(api, f"{start}Transfer-Encoding: chunked\r\n\r\n")
    part = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    while not chunked.said and chunked.sent < 2**30:
        await chunked.send(part)
    assert (await chunked.end()).status == "413"
    assert chunked.sent < 2**27
    assert await is_unharmed(api)
    assert await api.sql.fetchval("select max(revision) from jobs") == 1


async def test_a_small_body_that_unpacks_to_a_large_one_is_refused(api: Api):
    """415: it is not unpacked at all."""
    bomb, packed = gzip.compress(bytes(2**24)), {"Content-Encoding": "gzip"}
    for path in (TRIGGER, "/signin"):
        assert (await api.call("POST", path, data=bomb, headers=packed)).status == 415
    assert await is_unharmed(api)


@pytest.mark.parametrize(
    "body",
    [
        "Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        "Content-Length: -1\r\n\r\n",
    ],
)
async def test_a_body_that_is_none_is_bad_input(api: Api, body: str, caplog: pytest.LogCaptureFixture):
    """400 or 408, never 500, and no trace of a stack in the log."""
    client = await RawClient.connect(api, f"POST {TRIGGER} HTTP/1.1\r\nHost: localhost\r\n{BEARER}{body}")
    assert (await client.end()).status in ("400", "408")
    assert await is_unharmed(api)
    assert "Traceback" not in caplog.text


async def test_who_leaves_in_the_middle_is_no_fault_of_ours(
    database_url: str, caplog: pytest.LogCaptureFixture
):
    """The log has one line, and no trace of a stack."""
    start = f"POST {TRIGGER} HTTP/1.1\r\nHost: localhost\r\n{BEARER}Content-Length: 9\r\n\r\n{{"
    with capture_logs() as lines:
        async with running_api(database_url) as api:
            for abort in (True, False):
                client = await RawClient.connect(api, start)
                assert await is_unharmed(api)
                await client.leave(abort=abort)
    assert [line["status"] for line in lines if line.get("path") == TRIGGER] == [400, 400]
    assert "request_failed" not in str(lines)
    assert "Traceback" not in caplog.text


async def test_what_is_no_http_leaves_no_token_in_the_log(api: Api, caplog: pytest.LogCaptureFixture):
    """aiohttp quotes the line that it cannot read."""
    with caplog.at_level(logging.DEBUG):
        for head in (
            f"GET / HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\x00\r\n\r\n",
            f"GET / HTTP/1.1\r\nAuthorization: Bearer {TOKEN}{'x' * 9_000}\r\n\r\n",
            f"GET / HTTP/1.1\r\nAuthorization Bearer {TOKEN}\r\n\r\n",
            f"GET /{TOKEN}{'x' * 9_000} HTTP/1.1\r\n\r\n",
            f"{TOKEN} / HTTP/1.1\r\n\r\n",
            f"GET / HTTP/{TOKEN}\r\n\r\n",
            "\x16\x03\x01\x00\r\n\r\n",
        ):
            client = await RawClient.connect(api, head)
            assert (await client.end()).status in ("400", "")
    assert TOKEN not in caplog.text
    assert "request_unreadable" in caplog.text
    assert "Traceback" not in caplog.text
    assert await is_unharmed(api)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]", 200),
        ("[::1]:8080", 200),
        ("other.test", 421),
        ("localhost.other.test", 421),
        ("127.0.0.1.other.test:8080", 421),
        ("localhost@other.test", 421),
        ("other.test@localhost", 421),
        ("localhost:x", 421),
        ("localhost/", 421),
        ("0.0.0.0", 421),
        ("", 421),
    ],
)
async def test_a_service_on_loopback_answers_to_no_other_name(api: Api, host: str, status: int):
    """A page may point its own name at this machine, and would be of our origin then."""
    answer = await api.call("GET", JOBS, headers={"Host": host})
    assert answer.status == status
    assert (answer.content_type == "application/problem+json") == (status == 421)


async def test_elsewhere_the_name_is_the_proxys_business(database_url: str):
    """A service that is not on loopback has whatever name it was given."""
    async with running_api(database_url, is_on_loopback=False) as api:
        assert (await api.call("GET", JOBS, headers={"Host": "cronsole.example"})).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://other.test"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Origin": "http://localhost:8080"}, 200),
        ({"Origin": "https://LOCALHOST:8080"}, 200),
        ({"Origin": "http://localhost:8081"}, 403),
        ({"Origin": "https://other.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
    ],
)
async def test_only_our_own_pages_change_something(api: Api, headers: dict[str, str], status: int):
    """The browser says where a request comes from, whatever cookie it sends along."""
    given = headers | {"Host": "localhost:8080", "Cookie": f"{COOKIE}={TOKEN}"}
    assert (await api.call("PUT", ENABLED, token=None, headers=given)).status == status
    assert await api.sql.fetchval("select bool_and(enabled) from jobs") == (status == 403)
    assert (await api.call("GET", JOBS, token=None, headers=given)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/signin", 200),
        ("GET", "/signin.css", 200),
        ("GET", "/health/live", 200),
        ("GET", JOBS, 200),
        ("GET", JOBS + "/NOBODY", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/signin", 405),
        ("PUT", JOBS + "/MARKETDATA_INCREMENTAL/enabled", 400),
    ],
)
async def test_every_answer_carries_the_security_headers(api: Api, method: str, path: str, status: int):
    """Whatever it is, and nothing that lets another site read it."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with api.client.request(method, path, headers=headers) as response:
        assert response.status == status
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert "aiohttp" not in response.headers["Server"]
        assert not [name for name in response.headers if name.startswith("Access-Control-")]


async def test_no_other_site_gets_leave_to_read(api: Api):
    """A preflight is answered by nothing that a browser would take for leave."""
    asked = {"Origin": "https://other.test", "Access-Control-Request-Method": "PUT"}
    answer = await api.call("OPTIONS", ENABLED.partition("?")[0], headers=asked)
    assert answer.status == 405
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]
