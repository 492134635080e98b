"""The line between a browser and the service: a stable address that can be cut and led elsewhere."""

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

from tests.support.processes import copy, free_port


class Line:
    """A loopback port that forwards to the service, wherever it listens now."""

    def __init__(self, address: str) -> None:
        self.port = free_port()
        self.lead_to(address)
        self._writers: set[asyncio.StreamWriter] = set()
        self._forwarding: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """What a browser calls the service."""
        return f"http://127.0.0.1:{self.port}"

    def lead_to(self, address: str) -> None:
        """Forward what comes from now on to another address, `http://host:port`."""
        parts = urlsplit(address)
        assert parts.hostname
        assert parts.port
        self._host, self._port = parts.hostname, parts.port

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    async def restore(self) -> None:
        """Accept connections again."""
        if self._server is None:
            self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Break every connection, streams among them, and refuse new ones until restored."""
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._writers):
                writer.transport.abort()
            await asyncio.gather(*self._forwarding)
            await self._server.wait_closed()
            self._server = None

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._forwarding.add(task)
        self._writers.add(writer)
        try:
            with suppress(OSError):
                inner_reader, inner_writer = await asyncio.open_connection(self._host, self._port)
                self._writers.add(inner_writer)
                try:
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(copy(reader, inner_writer))
                        tasks.create_task(copy(inner_reader, writer))
                finally:
                    self._writers.discard(inner_writer)
                    inner_writer.close()
        finally:
            writer.close()
            self._writers.discard(writer)
            self._forwarding.discard(task)
