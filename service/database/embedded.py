"""The Postgres that comes with the service: started by its first user, stopped when the last one has gone.

Three kernel locks on files in the data folder:

    postgres-users.lock       shared: by each user; exclusive: by the supervisor when it stops the server
    postgres-start.lock       by who joins or leaves, one after the other
    postgres-supervisor.lock  by the supervisor as long as it lives; the file says where its server is

The supervisor (`embedded_supervisor.py`), a detached process, owns the server and waits until the users' lock
is free; so the server goes with its last user, even if that was killed.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import quote

import asyncpg
import msgspec
import structlog

from service.database import embedded_supervisor
from service.database.embedded_places import choose_places, embedded_binary
from service.database.embedded_supervisor import Order, Report, running_postmaster
from service.database.file_lock import EXCLUSIVE, SHARED, FileLock
from service.domain.errors import EmbeddedPostgresFailed

log = structlog.get_logger()
T = TypeVar("T")

DATABASE, CREATE_DATABASE = "cronsole", "create database cronsole"
JOIN_SECONDS = 60
START_SECONDS = 120
LEAVE_SECONDS = 40
PAUSE_SECONDS = 0.02
NOT_NOW = (OSError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)

# Reached by its socket alone, it has no use for TCP timeouts. No idle_in_transaction_session_timeout either:
# an operator may leave a transaction open in psql; the service limits its own connections.
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # The supervisor reads, and writes to the log, what the server says on its standard error.
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "lc_messages": "C",
}


class EmbeddedServer(msgspec.Struct, frozen=True, kw_only=True):
    """A running server: `home` holds `postgres/` and `postgres.log`; `is_owner`: it was us who started it."""

    database_url: str
    home: Path
    binaries: Path
    is_owner: bool


@asynccontextmanager
async def embedded_postgres(
    data_dir: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[EmbeddedServer]:
    """Use the server of this data folder while the block lasts, starting it if it does not run.

    Any number of processes may; at its end the last one waits until the server has stopped. `settings` go to
    the server beside `SETTINGS` if it is this call that starts it.

    Raises:
        EmbeddedPostgresFailed: not installed, no place for it, or it does not start; the text says more.
    """
    membership = Membership(data_dir)
    try:
        yield await membership.join(settings or {})
    finally:
        await membership.leave()


def exec_psql(data_dir: Path, arguments: Sequence[str] = ()) -> NoReturn:
    """Become psql on the embedded server, which runs at least as long as psql does.

    Raises:
        EmbeddedPostgresFailed: as for `embedded_postgres`.
    """
    membership = Membership(data_dir)
    server = asyncio.run(membership.join({}))
    membership.bequeath()
    # The bundled terminal library knows one folder of terminal descriptions; Debian's lie in another.
    os.environ.setdefault("TERMINFO_DIRS", "/etc/terminfo:/lib/terminfo:/usr/share/terminfo")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and psql would inherit that
    sys.stdout.flush()
    psql = embedded_binary("psql")
    os.execv(psql, ["psql", server.database_url, *arguments])


class Membership:
    """One use of the server, from joining to leaving."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir.absolute().resolve()
        self._open_locks = ExitStack()
        self._has_joined = False
        self._start: FileLock
        self._users: FileLock
        self._supervisor: FileLock

    async def join(self, settings: Mapping[str, str]) -> EmbeddedServer:
        """Count ourselves among the users, start the server if it does not run, and wait until it answers."""
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            self._start, self._users, self._supervisor = (
                self._open_locks.enter_context(self._lock(name)) for name in ("start", "users", "supervisor")
            )
            async with asyncio.timeout(JOIN_SECONDS):
                await self._start.acquire(EXCLUSIVE)
                await self._users.acquire(SHARED)  # the supervisor may be stopping a server without users
            self._has_joined = True
            server = await self._start_or_find(settings)
            self._start.release()
        except TimeoutError as fault:
            self._abandon()
            raise EmbeddedPostgresFailed(
                f"the embedded Postgres in {self._data_dir} is being started or stopped, or does not answer, "
                f"for more than {JOIN_SECONDS} s"
            ) from fault
        except OSError as fault:
            self._abandon()
            raise EmbeddedPostgresFailed(f"no embedded Postgres in {self._data_dir}: {fault}") from fault
        except EmbeddedPostgresFailed:
            self._abandon()
            raise
        return server

    async def leave(self) -> None:
        """Leave; if nobody else is left, wait until the server has stopped."""
        with self._open_locks:
            if not self._has_joined:
                return
            try:
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._start.acquire(EXCLUSIVE)  # from now on nobody else joins or leaves
                    self._users.release()
                    if not self._is_used_by_others():
                        await self._wait_until_stopped()
                        log.info("embedded_postgres_stopped", data_dir=str(self._data_dir))
            except TimeoutError:
                log.warning("embedded_postgres_stops_slowly", data_dir=str(self._data_dir))

    def bequeath(self) -> None:
        """Let the program that replaces this one by exec be a user in our place."""
        os.set_inheritable(self._users.descriptor, True)

    def _lock(self, name: str) -> FileLock:
        return FileLock(self._data_dir / f"postgres-{name}.lock")

    def _abandon(self) -> None:
        """Leave without waiting for anything; a supervisor that runs nevertheless will notice."""
        self._has_joined = False
        self._open_locks.close()

    def _is_used_by_others(self) -> bool:
        """Whether others hold the users' lock shared; exclusively, the supervisor does: it is stopping."""
        for kind, is_used in ((EXCLUSIVE, False), (SHARED, True)):
            if self._users.try_acquire(kind):
                self._users.release()
                return is_used
        return False

    async def _wait_until_stopped(self) -> None:
        await self._supervisor.acquire(EXCLUSIVE)
        with suppress(OSError, msgspec.DecodeError):  # the data folder was removed
            order = read_record(self._supervisor)
            if running_postmaster(Path(order["home"]) / "postgres") is None:
                return
            # The supervisor was killed, perhaps only now; another one stops the server that it left behind.
            self._supervisor.release()
            with self._lock("supervisor") as lock:
                lock.try_acquire(EXCLUSIVE)
                await to_its_end(start_supervisor, order, self._users, lock)
            await self._supervisor.acquire(EXCLUSIVE)

    async def _start_or_find(self, settings: Mapping[str, str]) -> EmbeddedServer:
        while True:
            order, is_owner = await self._order_of_the_server(settings)
            if await self._comes_to_answer(order):
                return EmbeddedServer(
                    database_url=url(order, DATABASE),
                    home=Path(order["home"]),
                    binaries=Path(order["binaries"]),
                    is_owner=is_owner,
                )

    async def _order_of_the_server(self, settings: Mapping[str, str]) -> tuple[Order, bool]:
        """Read what the running supervisor was told, or start one; return whether we did."""
        # Locks of its own for the supervisor, which inherits them; through ours we see that it holds them.
        with self._lock("supervisor") as supervisor, self._lock("users") as users:
            if not supervisor.try_acquire(EXCLUSIVE):
                return read_record(supervisor), False
            order = await to_its_end(give_order, self._data_dir, settings)
            write_record(supervisor, order)
            log_report(await to_its_end(start_supervisor, order, users, supervisor), order)
            return order, True

    async def _comes_to_answer(self, order: Order) -> bool:
        """Return True once the database answers, made if it was missing; False if the supervisor has ended.

        After a crash the server may be starting again just now, and refuse for a moment.
        """
        async with asyncio.timeout(JOIN_SECONDS):
            while True:
                try:
                    connection = await asyncpg.connect(url(order, DATABASE), timeout=JOIN_SECONDS)
                except asyncpg.InvalidCatalogNameError:
                    await create_database(order)
                except NOT_NOW:
                    if self._supervisor.try_acquire(EXCLUSIVE):
                        self._supervisor.release()
                        return False
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    await connection.close()
                    return True


async def create_database(order: Order) -> None:
    """Create the service's database."""
    connection = await asyncpg.connect(url(order, "postgres"), timeout=JOIN_SECONDS)
    try:
        await connection.execute(CREATE_DATABASE)
    finally:
        await connection.close()


async def to_its_end(work: Callable[..., T], *arguments: object) -> T:
    """Run blocking work on a thread, and wait for its end even when cancelled: it uses our open locks."""
    future = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
    try:
        return await asyncio.shield(future)
    finally:
        if not future.done():
            await asyncio.wait([future])


def url(order: Order, database: str) -> str:
    """Return the URL of a database of the server, for asyncpg and libpq alike."""
    return f"postgresql://postgres@/{database}?host={quote(order['socket_folder'])}&port=5432"


def give_order(data_dir: Path, settings: Mapping[str, str]) -> Order:
    """Choose the places and write the supervisor's order; blocks for some milliseconds."""
    places = choose_places(data_dir)
    quoted = str(places.socket_folder).replace('"', '""')
    return Order(
        binaries=str(places.binaries),
        home=str(places.home),
        account=places.account,
        socket_folder=str(places.socket_folder),
        socket_folder_is_ours=places.socket_folder_is_ours,
        settings={**SETTINGS, "unix_socket_directories": f'"{quoted}"', **settings},
    )


def start_supervisor(order: Order, users: FileLock, supervisor: FileLock) -> Report:
    """Start a supervisor, which inherits both locks; return its report. Blocks until it answers."""
    script = [sys.executable, "-I", "-S", embedded_supervisor.__file__]
    try:
        done = subprocess.run(
            [*script, str(users.descriptor), msgspec.json.encode(order).decode()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,  # a ^C at the terminal is for us; the server goes after us
            pass_fds=(users.descriptor, supervisor.descriptor),
            timeout=START_SECONDS,
            check=False,
        )
        return msgspec.json.decode(done.stdout, type=Report)
    except subprocess.TimeoutExpired:
        return Report(error=f"not ready within {START_SECONDS} s; see {order['home']}/postgres.log")
    except msgspec.DecodeError:
        return Report(error=f"its supervisor failed: {done.stdout.decode(errors='replace') or 'killed'}")


def log_report(report: Report, order: Order) -> None:
    """Log what the supervisor did.

    Raises:
        EmbeddedPostgresFailed: it did not start the server.
    """
    path = f"{order['home']}/postgres"
    if not report.get("started"):
        reason = report.get("error", "nobody waits for it any more")
        raise EmbeddedPostgresFailed(f"no embedded Postgres in {path}: {reason}")
    if report.get("initialised"):
        log.info("embedded_postgres_initialised", path=path)
    log.info("embedded_postgres_started", path=path)


def write_record(supervisor: FileLock, order: Order) -> None:
    """Say in the supervisor's lock file where its server is."""
    os.ftruncate(supervisor.descriptor, 0)
    os.pwrite(supervisor.descriptor, msgspec.json.encode(order), 0)


def read_record(supervisor: FileLock) -> Order:
    """Read where the running server is."""
    size = os.fstat(supervisor.descriptor).st_size
    return msgspec.json.decode(os.pread(supervisor.descriptor, size, 0), type=Order)
