"""Server-sent events: the one writer of them, with bounds for clients that read slowly or not at all.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import random
import socket
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from service.domain.clock import Clock

HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": heartbeat\n\n"
RETRY_MS = 1_000
# A client that takes nothing for so long is cut off; it comes back with Last-Event-ID.
WRITE_SECONDS = 5.0
MOST_BYTES_A_WRITE = 16_384
# The kernel would let some megabytes wait for each client.
SEND_BUFFER_BYTES = 65_536
# Whoever may not see it any more finds out when it connects again.
LONGEST_SECONDS = 900.0
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",  # nginx would wait for more
}


def event(kind: str, event_id: str, data: Any) -> bytes:
    """Write an event; `data` becomes JSON, which has no line breaks of its own."""
    return b"event: %b\nid: %b\ndata: %b\n\n" % (kind.encode(), event_id.encode(), msgspec.json.encode(data))


def preface(event_id: str | None = None) -> bytes:
    """Write what a stream begins with: when to come back, and with which id if no event comes before that."""
    return b"retry: %d\n" % RETRY_MS + (b"id: %b\n\n" % event_id.encode() if event_id else b"\n")


class EventStream:
    """One client's stream. At most one write waits for the client, in memory of this process."""

    def __init__(self, request: web.Request, clock: Clock) -> None:
        self._request, self._clock = request, clock
        self._response = web.StreamResponse(headers=HEADERS)
        self._response.force_close()
        self._ends_at = clock.monotonic() + LONGEST_SECONDS * random.uniform(0.8, 1.0)
        self._is_writing = False

    @property
    def response(self) -> web.StreamResponse:
        """What the handler returns in the end."""
        return self._response

    @property
    def is_old(self) -> bool:
        """Whether the client has to come back, with a token that is still valid."""
        return self._clock.monotonic() >= self._ends_at

    async def open(self) -> None:
        """Send the headers."""
        if (transport := self._request.transport) is not None:
            transport.set_write_buffer_limits(high=0)  # so that each write waits until the kernel has it
            if (wire := transport.get_extra_info("socket")) is not None:
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        await self._response.prepare(self._request)

    async def write(self, events: Iterable[bytes]) -> None:
        """Write whole events, some together.

        Raises:
            ConnectionError, TimeoutError: the client went away, or takes nothing.
        """
        text = bytearray()
        for each in events:
            text += each
            if len(text) >= MOST_BYTES_A_WRITE:
                await self._send(bytes(text))
                text.clear()
        if text:
            await self._send(bytes(text))

    async def _send(self, text: bytes) -> None:
        self._is_writing = True
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._response.write(text)
                await self._request.writer.drain()
        finally:
            self._is_writing = False

    def end(self) -> None:
        """Do not wait for a client that does not take what is being written to it."""
        if self._is_writing:
            self.cut_off()

    def cut_off(self) -> None:
        """End the connection, whatever is still to be sent."""
        if self._request.transport is not None:
            self._request.transport.abort()
