"""A psql-like connection; folders and processes for the tests of the embedded server."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

# What only root meets: a user for the server, and folders which that user may not enter.
collect_ignore = [] if os.geteuid() == 0 else ["test_embedded_as_root.py"]

REPOSITORY = Path(__file__).parents[2]


class User:
    """Another process that uses the embedded server."""

    def __init__(self, process: asyncio.subprocess.Process, news: dict[str, Any]) -> None:
        self.process, self.news = process, news

    async def leave(self) -> None:
        """Let it leave, and end."""
        await self.process.communicate(b"")

    async def end_by(self, number: signal.Signals) -> None:
        """Send a signal to its process group, as a terminal does; return when its output has ended too."""
        os.killpg(self.process.pid, number)
        await self.process.communicate(b"")


Join = Callable[..., Awaitable[User]]


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A plain connection to this test's own migrated database, as psql would have."""
    connection = await asyncpg.connect(database_url, server_settings={"application_name": "psql"})
    yield connection
    await connection.close()


@pytest.fixture
def data_dir(run_folder: Path) -> Iterator[Path]:
    """A data folder, still missing, which the server's user may enter."""
    folder = Path(tempfile.mkdtemp(dir=run_folder))
    folder.chmod(0o711)
    yield folder / ".data"
    shutil.rmtree(folder)


@pytest.fixture
async def join(data_dir: Path) -> AsyncIterator[Join]:
    """Start another process that uses the server of a data folder; `prefix` is put before its command."""
    users: list[User] = []

    async def join(*prefix: str, data_dir: Path = data_dir) -> User:
        process = await asyncio.create_subprocess_exec(
            *prefix,
            *(sys.executable, "-m", "tests.support.embedded_user", str(data_dir)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=REPOSITORY,
            start_new_session=True,
        )
        assert process.stdout
        user = User(process, json.loads(await process.stdout.readline()))
        users.append(user)
        return user

    yield join
    for user in users:
        if user.process.returncode is None:
            await user.leave()
