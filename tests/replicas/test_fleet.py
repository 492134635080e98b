"""`make fleet`: three replicas, one database, one log."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from service.database.embedded import embedded_postgres
from service.database.embedded_supervisor import running_postmaster

REPOSITORY = Path(__file__).parents[2]
NAMES = ("first", "second", "third")
READY = r"Cronsole is ready at (http://\S+)"


@pytest.fixture
def data_dir(run_folder: Path, request: pytest.FixtureRequest) -> Path:
    """A data folder, still missing, which the server's user may enter."""
    folder = run_folder / f"fleet-{abs(hash(request.node.name))}"
    folder.mkdir(mode=0o711)
    return folder / ".data"


class Log:
    """The one log of a fleet, as it is printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.lines = process, list[str]()

    async def find(self, name: str, pattern: str) -> re.Match[str]:
        """Return the first line of that name that matches, as soon as it is printed."""
        wanted = re.compile(rf"\[{name}\] .*{pattern}")
        seen = 0
        assert self.process.stdout
        async with asyncio.timeout(40):
            while True:
                for line in self.lines[seen:]:
                    if match := wanted.search(line):
                        return match
                seen = len(self.lines)
                line = (await self.process.stdout.readline()).decode()
                assert line, "\n".join(self.lines)
                self.lines.append(line)

    async def find_all(self, pattern: str) -> list[re.Match[str]]:
        """Wait until each replica has printed such a line."""
        return [await self.find(name, pattern) for name in NAMES]

    async def end(self) -> int:
        """Read to the end; returns the exit status."""
        assert self.process.stdout
        rest = await self.process.stdout.read()
        self.lines += rest.decode().splitlines()
        return await self.process.wait()


@asynccontextmanager
async def running_fleet(data_dir: Path, **settings: str) -> AsyncIterator[Log]:
    """Start a fleet, and end it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service.fleet"),
        cwd=REPOSITORY,
        env={**os.environ, "PORT": "0", "CRONSOLE_DATA_DIR": str(data_dir), **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    log = Log(process)
    try:
        yield log
    finally:
        if process.returncode is None:
            process.terminate()
        await log.end()


def children_of(pid: int) -> list[int]:
    """The processes that a process has started (Linux proc(5))."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def status_of(url: str) -> int:
    """Ask a replica whether it is ready."""
    async with aiohttp.ClientSession() as client, client.get(f"{url}/health/ready") as answer:
        return answer.status


async def test_three_replicas_share_a_database_a_log_and_their_end(data_dir: Path):
    """All become ready, all take an edit made in psql, and all leave together, the server with them."""
    async with running_fleet(data_dir) as log:
        urls = [match[1] for match in await log.find_all(READY)]
        assert len(set(urls)) == 3
        assert [await status_of(url) for url in urls] == [200, 200, 200]
        async with embedded_postgres(data_dir) as server:
            connection = await asyncpg.connect(server.database_url)
            await connection.execute(
                "update jobs set schedule_cron = '0 */7 * * * *' where job_id = 'MARKETDATA_INCREMENTAL'"
            )
            await log.find_all("Job MARKETDATA_INCREMENTAL rescheduled with new cron: 0 ./7")
            assert await connection.fetchval("select count(*) from replicas") == 3
            await connection.close()
        log.process.terminate()
        async with asyncio.timeout(8):
            assert await log.end() == 0
    assert running_postmaster(data_dir / "postgres") is None
    assert not [line for line in log.lines if "[fleet]" in line]


async def test_a_replica_that_ends_is_reported_and_control_c_ends_the_others(
    data_dir: Path, database_url: str
):
    """The others go on without it; on a DATABASE_URL the fleet works just as well."""
    async with running_fleet(data_dir, DATABASE_URL=database_url) as log:
        await log.find_all(READY)
        os.kill(children_of(log.process.pid)[0], signal.SIGKILL)
        await log.find("fleet", "replica ended by itself, with status -9; the others go on")
        log.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(8):
            assert await log.end() == 0
    assert len([line for line in log.lines if "replica_stopped" in line]) == 2


async def test_a_killed_fleet_leaves_no_replica_behind(data_dir: Path, database_url: str):
    """The kernel tells them; or their ports would stay taken."""
    async with running_fleet(data_dir, DATABASE_URL=database_url) as log:
        await log.find_all(READY)
        connection = await asyncpg.connect(database_url)
        assert await connection.fetchval("select count(*) from replicas") == 3
        log.process.kill()
        async with asyncio.timeout(8):
            while await connection.fetchval("select count(*) from replicas"):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.05)
        await connection.close()


async def test_settings_that_cannot_be_used_are_told_at_once(data_dir: Path):
    """Before anything is started."""
    async with running_fleet(data_dir, PORT="many") as log:
        assert await log.end() == 1
    assert [line for line in log.lines if line.startswith("cronsole: PORT:")]
