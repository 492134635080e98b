"""Replicas as processes of their own: started, watched by their logs, ended by signals."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from tests.support.events import Event, EventLog

REPOSITORY = Path(__file__).parents[2]
TOKEN = "a-token-for-tests-and-nothing-else"
SETTINGS = {
    "HOST": "127.0.0.1",
    "PORT": "0",
    "CRONSOLE_ADMIN_TOKEN": TOKEN,
    "CRONSOLE_LOG_FORMAT": "json",
    "CRONSOLE_LEASE_SECONDS": "5",
    "CRONSOLE_HANDLERS": "tests.support.handlers",
}
START_SECONDS = 60.0


def environment(database_url: str | None, **settings: str) -> dict[str, str]:
    """Return the environment of a process: ours, without settings of ours, and with these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CRONSOLE_") and name not in ("DATABASE_URL", "HOST", "PORT")
    }
    given = {} if database_url is None else {"DATABASE_URL": database_url}
    return {**kept, **SETTINGS, **given, **settings}


class Ended:
    """What a command left behind."""

    def __init__(self, status: int, output: str, errors: str) -> None:
        self.status, self.output, self.errors = status, output, errors


async def command(*arguments: str, database_url: str | None = None, **settings: str) -> Ended:
    """Run `python -m service …` to its end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", *arguments),
        cwd=REPOSITORY,
        env=environment(database_url, **settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(START_SECONDS):
        output, errors = await process.communicate()
    return Ended(process.returncode or 0, output.decode(), errors.decode())


class ReplicaProcess:
    """One replica; `events` are the lines of its log."""

    def __init__(self, process: asyncio.subprocess.Process, http: aiohttp.ClientSession) -> None:
        self.process, self._http = process, http
        self.events = EventLog()
        self.address = ""

    async def read_log(self) -> None:
        """Take every line that it writes, until it ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.events.add(read_line(line))
        self.events.end()

    async def wait_for(self, name: str, **more: Any) -> Event:
        """Wait for an event of its log."""
        return await self.events.wait_for(name, **more)

    async def call(self, method: str, path: str) -> tuple[int, Any]:
        """Call it over HTTP as the admin; returns the status and the body."""
        if not self.address:
            event = await self.wait_for("http_listening", within=START_SECONDS)
            self.address = f"http://{event['host']}:{event['port']}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self._http.request(method, self.address + path, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def until_ready(self, within: float = START_SECONDS) -> dict[str, Any]:
        """Wait until it can fire and run jobs; returns what it says of itself."""
        async with asyncio.timeout(within):
            await self.wait_for("scheduler_initialized", within=within)
            while True:
                status, body = await self.call("GET", "/health/ready")
                if status == 200:
                    return dict(body)
                await asyncio.sleep(0.01)  # nothing announces it

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process alone."""
        self.process.send_signal(number)

    async def ended(self, within: float) -> int:
        """Wait for its end; returns the exit status."""
        async with asyncio.timeout(within):
            return await self.process.wait()


def read_line(line: bytes) -> Event:
    """Read a line of a JSON log; one that is none becomes the event `text`."""
    try:
        return dict(json.loads(line))
    except ValueError:
        return {"event": "text", "text": line.decode(errors="replace").rstrip()}


@asynccontextmanager
async def replica_process(database_url: str, **settings: str) -> AsyncIterator[ReplicaProcess]:
    """Start a replica, and kill it at the end if it is still there."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "serve"),
            cwd=REPOSITORY,
            env=environment(database_url, **settings),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=1 << 20,
        )
        replica = ReplicaProcess(process, http)
        reading = tasks.create_task(replica.read_log())
        try:
            yield replica
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            await reading


class Forwarder:
    """A TCP port that nothing answers on until it is opened, and then the database does."""

    def __init__(self, database_url: str, port: int) -> None:
        parts = urlsplit(database_url)
        folder = parse_qs(parts.query).get("host", [""])[0]
        self._socket = f"{folder}/.s.PGSQL.{parts.port or 5432}" if folder.startswith("/") else None
        self._host, self._port = parts.hostname, parts.port or 5432
        user = f"{parts.username}@" if parts.username else ""
        self.port = port
        self.url = f"postgresql://{user}127.0.0.1:{port}{parts.path}"
        self._connections: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to answer."""
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)

    async def close(self) -> None:
        """Answer no longer, and cut every connection."""
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._connections):
                writer.transport.abort()
            await self._server.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the database itself."""
        if self._socket is not None:
            return await asyncio.open_unix_connection(self._socket)
        return await asyncio.open_connection(self._host, self._port)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await self._connect()
        self._connections |= {writer, inner_writer}
        with suppress(OSError):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(copy(reader, inner_writer))
                tasks.create_task(copy(inner_reader, writer))
        self._connections -= {writer, inner_writer}


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy all that comes, and then its end."""
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def free_port() -> int:
    """Return a port of the loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
