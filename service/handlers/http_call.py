"""The handler `http`: one request to a listed host; bounded in time, size and reach, whatever answers."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from service.domain.errors import RequestFailed, RequestRefused
from service.handlers.facts import facts_of
from service.handlers.http_params import HttpParams, Request, first_request
from service.handlers.http_targets import AllowedHosts, Lookup, place_of
from service.handlers.registry import Handler
from service.handlers.run import Run

# For a job without a timeout of its own.
LONGEST_CALL_SECONDS = 300.0
CONNECT_SECONDS = 10.0
MOST_REDIRECTS = 5
MOST_ANSWER_BYTES = 1024 * 1024
# Of an answer that is a failure anyway, no more is read than may be kept.
MOST_FAILURE_BYTES = 64 * 1024
MOST_CHARACTERS_KEPT = 4_096

QUICK_CHARSET = re.compile(r"utf-?(8|16|32)|us-ascii|iso-8859-(1|2|15)|windows-125[0-8]")
MOVED = {301, 302, 303, 307, 308}
KEEPS_METHOD = {307, 308}


def http_handler(allowed_hosts: Iterable[str] = ()) -> Handler:
    """Return the handler `http`, which reaches the allowed hosts and no others; see `AllowedHosts`.

    Raises:
        InvalidSettings: an entry of the list cannot be read.
    """
    client = HttpClient(AllowedHosts(allowed_hosts))
    return Handler(name="http", work=client.run, params=HttpParams, percent_encoded=frozenset({"url"}))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: the status, where a redirect leads, and as much of the body as was read."""

    status: int
    location: str | None
    charset: str
    body: bytes

    def text(self) -> str:
        """Return the body as text, whatever is in it."""
        # Not every codec of Python's is quick: `idna` takes quadratic time.
        charset = self.charset if QUICK_CHARSET.fullmatch(self.charset) else "utf-8"
        return self.body.decode(charset, "replace")


class HttpClient:
    """Sends the requests of jobs."""

    def __init__(self, allowed: AllowedHosts) -> None:
        self._allowed, self._lookup = allowed, Lookup()

    async def run(self, run: Run[HttpParams]) -> None:
        """Send the run's request, follow redirects, keep the status and the answer's beginning as result.

        Raises:
            RequestRefused: the host, one of its addresses, or where a redirect leads is not allowed.
            RequestFailed: no answer, or not the expected one.
            InvalidInput: the URL cannot be read.
        """
        request = first_request(run.params)
        limit = None if run.timeout_seconds else LONGEST_CALL_SECONDS  # the runner keeps the job's own
        try:
            async with asyncio.timeout(limit):
                await self._call(run, request)
        except TimeoutError:
            raise RequestFailed(
                f"{request.method} {place_of(request.url)}: no answer in {LONGEST_CALL_SECONDS:g} s"
            ) from None

    async def _call(self, run: Run[HttpParams], request: Request) -> None:
        facts = {header_name(name): value for name, value in facts_of(run).items() if value is not None}
        places: list[str] = []
        while len(places) <= MOST_REDIRECTS:
            answer = await self._send(request, facts, run.params, redirected_by=places[-1:])
            places.append(place_of(request.url))
            is_expected = run.params.is_expected(answer.status)
            if is_expected or answer.status not in MOVED or answer.location is None:
                break
            request = following(request, answer)
        else:
            raise RequestFailed(f"{place_of(request.url)}: more than {MOST_REDIRECTS} redirects")
        # Secrets are hidden before the text is cut: a part of one would not be recognised.
        text = run.redact(answer.text())
        run.result = {"status": answer.status, "body": text[:MOST_CHARACTERS_KEPT]}
        if len(text) > MOST_CHARACTERS_KEPT:
            run.result["truncated"] = True
        if len(places) > 1:
            run.result["redirects"] = len(places) - 1
        place = place_of(request.url)
        run.log.info("request_answered", host=place, status=answer.status, bytes=len(answer.body))
        if not is_expected:
            raise RequestFailed(
                f"{request.method} {place} answered {answer.status}, expected {run.params.expectation}"
            )

    async def _send(
        self, request: Request, facts: dict[str, str], params: HttpParams, redirected_by: Sequence[str]
    ) -> Answer:
        """Send one request and read its answer; follows no redirect."""
        try:
            addresses = await self._allowed.addresses_of(request.url, self._lookup)
        except RequestRefused as fault:
            raise RequestRefused(
                "".join(f"{place} redirects: " for place in redirected_by) + str(fault)
            ) from None
        where = f"{request.method} {place_of(request.url)}"
        try:
            async with (
                open_session(addresses) as session,
                session.request(
                    request.method,
                    request.url,
                    headers=request.headers | facts,
                    data=request.body,
                    allow_redirects=False,
                    skip_auto_headers=("Content-Type",),
                ) as response,
            ):
                is_expected = params.is_expected(response.status)
                most = MOST_ANSWER_BYTES if is_expected else MOST_FAILURE_BYTES
                body = await read_at_most(response, most + 1)
                if is_expected and len(body) > most:
                    raise RequestFailed(f"{where}: the answer is longer than {most:,} bytes")
                return Answer(
                    status=response.status,
                    location=response.headers.get("Location"),
                    charset=(response.charset or "utf-8").lower(),
                    body=body,
                )
        except (aiohttp.ClientError, OSError, ValueError) as fault:
            # The cause is not chained: it names the whole URL.
            raise RequestFailed(f"{where}: {explain(fault)}") from None


@asynccontextmanager
async def open_session(addresses: Sequence[str]) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session for one request, which connects to these addresses and no others, directly."""
    connector = aiohttp.TCPConnector(
        resolver=KnownAddresses(addresses), use_dns_cache=False, force_close=True, limit=1
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,  # a small answer may unpack to gigabytes
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    ) as session:
        yield session


class KnownAddresses(AbstractResolver):
    """Answers with addresses that were checked: asked again, a name could lead elsewhere."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        pass


def header_name(fact: str) -> str:
    """Return the header of a fact: X-Cronsole-Job-Id of `job_id`."""
    return f"X-Cronsole-{fact.replace('_', '-').title()}"


def following(request: Request, answer: Answer) -> Request:
    """Return the request that a redirect asks for.

    Another origin gets none of the job's headers and no body: they may hold secrets for the first one.

    Raises:
        RequestRefused: it leads away from https, or would take the body to another origin.
        RequestFailed: its target cannot be read.

    Source: RFC 9110, sections 15.4.2 to 15.4.9.
    """
    where = place_of(request.url)
    try:
        url = request.url.join(URL(answer.location or ""))
        is_same_origin = url.origin() == request.url.origin()
    except ValueError:
        raise RequestFailed(f"{where}: redirects to what is no URL") from None
    if url.scheme not in ("http", "https") or not url.raw_host or url.raw_user is not None:
        raise RequestRefused(f"{where}: redirects to what is no plain http or https URL")
    if request.url.scheme == "https" and url.scheme == "http":
        raise RequestRefused(f"{where}: redirects from https to http")
    keeps_method = answer.status in KEEPS_METHOD or request.method in ("GET", "HEAD")
    if answer.status in (301, 302) and request.method != "POST":
        keeps_method = True
    headers, body = request.headers, request.body
    if not keeps_method:
        headers, body = {k: v for k, v in headers.items() if k.lower() != "content-type"}, None
    if not is_same_origin:
        if body is not None:
            raise RequestRefused(f"{where}: would redirect the body to {place_of(url)}, another origin")
        headers = {"User-Agent": "cronsole"}
    return Request(method=request.method if keeps_method else "GET", url=url, headers=headers, body=body)


async def read_at_most(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read a body, but no more than that; what is left is thrown away with the connection."""
    body = bytearray()
    while len(body) < most and (part := await response.content.readany()):
        body += part
    return bytes(body[:most])


def explain(fault: Exception) -> str:
    """Say what went wrong, without the URL that aiohttp's own texts hold."""
    match fault:
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate cannot be trusted"
        case aiohttp.ClientSSLError():
            return "it does not speak TLS as expected"
        case aiohttp.ClientConnectorError():
            return f"cannot connect ({fault.strerror or type(fault.os_error).__name__})"
        case aiohttp.ConnectionTimeoutError():
            return f"cannot connect within {CONNECT_SECONDS:g} s"
        case aiohttp.ServerDisconnectedError():
            return "it closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return "it broke off its answer"
        case aiohttp.ClientResponseError():
            return "its answer is no HTTP that can be read, or its headers are too long"
        case aiohttp.ClientOSError():
            return "the connection broke"
        case _:
            return type(fault).__name__
