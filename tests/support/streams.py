"""Clients of server-sent events: one that reads, and one that does not."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

PATIENCE_SECONDS = 30.0
EVENTS = "/v1/console/events"


class EventStream:
    """Reads a response of server-sent events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.last_event_id = ""

    async def next(self) -> dict[str, str]:
        """Return the fields of the next block; of a comment, the text under an empty name."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (line := (await self.response.content.readline()).decode()) != "\n":
                if not line:
                    raise EOFError
                name, _, value = line.rstrip("\n").partition(":")
                fields[name] = value.strip()
        self.last_event_id = fields.get("id", self.last_event_id)
        return fields

    async def event(self) -> tuple[str, dict[str, Any]]:
        """Return type and data of the next event, comments passed over."""
        while "data" not in (fields := await self.next()):
            pass
        return fields["event"], msgspec.json.decode(fields["data"])

    async def events_until(self, kind: str, **data: Any) -> list[tuple[str, dict[str, Any]]]:
        """Return the next events up to one of this type that carries these data."""
        found = [await self.event()]
        while found[-1][0] != kind or not data.items() <= found[-1][1].items():
            found.append(await self.event())
        return found

    async def messages(self, count: int) -> list[str]:
        """Return the messages of the next `count` events."""
        return [(await self.event())[1]["message"] for _ in range(count)]

    async def end(self) -> None:
        """Read to the end."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.response.content.read(65_536):
                pass


@asynccontextmanager
async def event_stream(
    http: aiohttp.ClientSession, token: str, last_event_id: str | None = None
) -> AsyncIterator[EventStream]:
    """Open the stream of all events, past its first block."""
    headers = {"Authorization": f"Bearer {token}"}
    if last_event_id is not None:
        headers["Last-Event-ID"] = last_event_id
    async with http.get(EVENTS, headers=headers) as response:
        assert response.status == 200, await response.text()
        stream = EventStream(response)
        assert (await stream.next())["retry"] == "1000"
        yield stream


@asynccontextmanager
async def stalled_clients(address: str, token: str, count: int) -> AsyncIterator[list[socket.socket]]:
    """Ask for the stream of all events on connections of small buffers, and read no event."""
    with ExitStack() as wires:
        opened = [wires.enter_context(socket.socket()) for _ in range(count)]
        for wire in opened:
            await stall(wire, address, token)
        yield opened


async def stall(wire: socket.socket, address: str, token: str) -> None:
    """Ask for the stream on this connection, and read the status alone."""
    host, port = urlsplit(address).hostname, urlsplit(address).port
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    wire.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(wire, (host, port))
    request = f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    await loop.sock_sendall(wire, request.encode())
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert (await loop.sock_recv(wire, 12)).endswith(b"200")
