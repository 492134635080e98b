"""One Postgres server for a whole test run, and a database of its own for each test that wants one."""

import asyncio
import importlib
import importlib.util
import itertools
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from service.database.embedded import embedded_postgres
from service.database.file_lock import EXCLUSIVE, FileLock

ANSWER_SECONDS = 120
ROOM_BYTES = 2 << 30
PREFIX, RUN_LOCK = "cronsole-tests-", "run.lock"
T = TypeVar("T")

# Nothing outlives a test run: durability, which costs half its time, is for the servers that people keep.
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class LoopThread:
    """An event loop on a thread of its own, for plain fixtures, whichever loop the tests run on."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-databases", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop; block until it has ended."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_SECONDS)


class DatabaseServer:
    """The server of the run: makes and drops databases."""

    def __init__(self, loop: LoopThread, superuser_url: str) -> None:
        self._loop, self._url = loop, superuser_url
        self._mark = secrets.token_hex(3)  # several runs may share one server
        self._numbers = itertools.count(1)
        self._connection: asyncpg.Connection[asyncpg.Record]
        self._strategy = ""

    def __enter__(self) -> Self:
        self._connection = self._loop.run(asyncpg.connect(self._url))
        if self._connection.get_server_version().major >= 15:
            self._strategy = "strategy = file_copy"  # 9 ms for a template of 20 tables; wal_log: 14 ms
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._connection.close())

    def url(self, name: str) -> str:
        """Return the URL of the database of that name."""
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Yield the name of a new copy of `template`, which is dropped at the end, connections or not."""
        name = f"cronsole_test_{self._mark}_{next(self._numbers)}"
        self._execute(f"create database {name} template {template} {self._strategy}")
        try:
            yield name
        finally:
            self._execute(f"drop database if exists {name} with (force)")

    @contextmanager
    def migrated_template(self) -> Iterator[str]:
        """Yield the name of a database in which every migration has been applied."""
        with self.database() as name:
            if importlib.util.find_spec("service.database.migrations"):
                migrations = importlib.import_module("service.database.migrations")
                self._loop.run(migrations.migrate(self.url(name)))
            yield name

    def _execute(self, statement: str) -> None:
        self._loop.run(self._connection.execute(statement))


@contextmanager
def folder_of_the_run() -> Iterator[Path]:
    """Make a folder that the server's user may enter: in memory where there is room, else on disk.

    Copying a template of 20 tables took 9 ms in memory, and 14 to 300 ms on the disk of a virtual machine.
    """
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=memory if has_room else None))
    folder.chmod(0o711)
    with FileLock(folder / "new.lock") as lock:
        lock.try_acquire(EXCLUSIVE)
        lock.path.rename(folder / RUN_LOCK)
        remove_what_killed_runs_left(folder.parent)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_what_killed_runs_left(parent: Path) -> None:
    """Remove the folders of test runs that were killed; their servers stop by themselves."""
    for path in parent.glob(f"{PREFIX}*/{RUN_LOCK}"):
        with suppress(FileNotFoundError), FileLock(path) as lock:
            if lock.try_acquire(EXCLUSIVE):
                shutil.rmtree(path.parent, ignore_errors=True)


@contextmanager
def running_server(loop: LoopThread, data_dir: Path) -> Iterator[str]:
    """Yield a superuser's URL on the run's server: `CRONSOLE_TEST_DATABASE_URL`, else an embedded one."""
    if given := os.environ.get("CRONSOLE_TEST_DATABASE_URL"):
        yield given
        return
    use = embedded_postgres(data_dir, FAST_SETTINGS)
    server = loop.run(use.__aenter__())
    try:
        yield server.database_url
    finally:
        loop.run(use.__aexit__(None, None, None))
