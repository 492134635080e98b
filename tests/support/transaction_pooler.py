"""A pooler like PgBouncer, as small as asyncpg allows: a client gets a session of the server per transaction.

It logs clients in by itself, refuses settings at the start that it does not know, gives a free session to
whoever asks (the one used last first), and drops notifications for which no client is there. Its own sessions
are opened without a password.

Source: PostgreSQL's manual, chapter 55 (message formats), and https://www.pgbouncer.org/features.html.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, unquote, urlsplit

KNOWN_SETTINGS = {"user", "database", "application_name", "client_encoding", "timezone", "DateStyle"}
SSL_REQUEST, CANCEL_REQUEST = 80877103, 80877102


class Session:
    """A session of the server, and the client that has it just now."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.greeting = b""  # what it said of itself at its start
        self.client: asyncio.StreamWriter | None = None
        self.open_requests = 0  # Sync and Query messages without their ReadyForQuery


class TransactionPooler:
    """Serves clients from a few sessions; `is_by_session`: a client keeps its session until it leaves."""

    def __init__(self, server_url: str, sessions: int, *, is_by_session: bool) -> None:
        self._server_url, self._is_by_session = server_url, is_by_session
        self._free: asyncio.LifoQueue[Session] = asyncio.LifoQueue()
        self._sessions = sessions
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._openings: set[asyncio.Task[None]] = set()
        self._is_stopped = False
        self._greeting = b""

    async def start(self) -> None:
        """Open the sessions."""
        for _ in range(self._sessions):
            await self._add_session()

    async def stop(self) -> None:
        """Close everything; what is being opened is waited for, since half a session cannot be closed."""
        self._is_stopped = True
        await asyncio.gather(*self._openings)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _add_session(self) -> None:
        session = await open_session(self._server_url)
        self._greeting = session.greeting
        self._writers.append(session.writer)
        self._tasks.add(asyncio.create_task(self._forward_answers(session)))
        self._free.put_nowait(session)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.append(writer)
        session: Session | None = None
        try:
            if not await self._greet(reader, writer):
                return
            while True:
                kind, message = await read_message(reader)
                if kind == b"X":
                    return
                if session is None or session.client is not writer:
                    session = await self._free.get()
                    session.client = writer
                session.open_requests += kind in (b"S", b"Q")
                session.writer.write(kind + message)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            if session is not None and session.client is writer:
                await self._leave(session)
            writer.close()

    async def _leave(self, session: Session) -> None:
        """Take back the session of a client that has gone; in the middle of something, it is closed."""
        session.client = None
        if self._is_by_session and not session.open_requests:
            self._free.put_nowait(session)
            return
        session.writer.close()
        if not self._is_stopped:
            self._openings.add(asyncio.create_task(self._add_session()))

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        while True:
            (length, code) = struct.unpack("!ii", await reader.readexactly(8))
            rest = await reader.readexactly(length - 8)
            if code == CANCEL_REQUEST:
                return False
            if code != SSL_REQUEST:
                break
            writer.write(b"N")
        words = rest.split(b"\0")
        unknown = {name.decode() for name in words[:-2:2]} - KNOWN_SETTINGS
        if unknown:
            text = f"unsupported startup parameter: {min(unknown)}".encode()
            writer.write(a_message(b"E", b"SFATAL\0VFATAL\0C08P01\0M" + text + b"\0\0"))
            return False
        key = a_message(b"K", struct.pack("!ii", 0, 0))
        writer.write(a_message(b"R", struct.pack("!i", 0)) + self._greeting + key + a_message(b"Z", b"I"))
        return True

    async def _forward_answers(self, session: Session) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, message = await read_message(session.reader)
                client = session.client
                if client is not None:
                    client.write(kind + message)
                if kind == b"Z":
                    session.open_requests -= 1
                    is_idle = message[-1:] == b"I" and session.open_requests == 0
                    if client is not None and is_idle and not self._is_by_session:
                        session.client = None
                        self._free.put_nowait(session)


async def read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one message; returns its kind, and its length with its body."""
    kind = await reader.readexactly(1)
    length = await reader.readexactly(4)
    return kind, length + await reader.readexactly(int.from_bytes(length) - 4)


def a_message(kind: bytes, body: bytes) -> bytes:
    """Write one message."""
    return kind + struct.pack("!i", len(body) + 4) + body


async def open_session(url: str) -> Session:
    """Log in at the server."""
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    host, port = options.get("host", [parts.hostname or "127.0.0.1"])[0], parts.port or 5432
    if host.startswith("/"):
        reader, writer = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{options['port'][0]}")
    else:
        reader, writer = await asyncio.open_connection(host, port)
    names = {"user": unquote(parts.username or "postgres"), "database": parts.path.lstrip("/")}
    words = b"".join(f"{name}\0{value}\0".encode() for name, value in names.items())
    body = struct.pack("!i", 196608) + words + b"client_encoding\0UTF8\0\0"
    writer.write(struct.pack("!i", len(body) + 4) + body)
    session = Session(reader, writer)
    while True:
        kind, message = await read_message(reader)
        assert kind != b"E", message
        if kind == b"R":
            assert message[4:8] == bytes(4), "the pooler knows no password"
        if kind == b"S":
            session.greeting += kind + message
        if kind == b"Z":
            return session


@asynccontextmanager
async def transaction_pooler(
    server_url: str, *, sessions: int = 4, is_by_session: bool = False
) -> AsyncIterator[str]:
    """Run a pooler before the server, and yield its URL."""
    pooler = TransactionPooler(server_url, sessions, is_by_session=is_by_session)
    await pooler.start()
    server = await asyncio.start_server(pooler.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/{urlsplit(server_url).path.lstrip('/')}"
    finally:
        server.close()
        await pooler.stop()
