"""HTTP servers on loopback that answer as they like, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

Respond = Callable[["Received", asyncio.StreamWriter], Awaitable[None]]


class Received(msgspec.Struct, frozen=True):
    """A request as it came: first line, headers by their names in lower case, body."""

    line: str
    headers: dict[str, str]
    body: bytes


class Peer:
    """A server: its port, and what it has received."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Received] = []

    def url(self, path: str = "/") -> str:
        """A URL of this server, by address."""
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def place(self) -> str:
        """How messages and the list of allowed hosts name it."""
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def http_peer(respond: Respond) -> AsyncIterator[Peer]:
    """Serve on a free port; each connection is one request, and closed after `respond`."""
    peer = Peer()
    serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            serving[task] = writer
        try:
            received = await read_request(reader)
            peer.received.append(received)
            await respond(received, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has had enough, which is what some tests are about
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    async with server:
        yield peer
        for writer in serving.values():
            writer.transport.abort()
        await asyncio.gather(*serving)


async def read_request(reader: asyncio.StreamReader) -> Received:
    """Read one request with a body of a stated length."""
    line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in rest)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(line, headers, body)


def answering(status: int = 200, body: bytes = b"", *headers: str) -> Respond:
    """Answer every request like this."""

    async def respond(_: Received, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return respond


async def streaming_for_ever(_: Received, writer: asyncio.StreamWriter) -> None:
    """Answer 200, and then never stop."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def with_endless_headers(_: Received, writer: asyncio.StreamWriter) -> None:
    """Begin an answer whose headers never end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 1000 + b"\r\n")
        await writer.drain()
