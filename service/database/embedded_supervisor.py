"""The supervisor of the embedded Postgres: a detached process that keeps the server up while it has users.

Only `embedded.py` starts it, as a script (`python -I -S embedded_supervisor.py USERS_LOCK ORDER`), so it
imports nothing but the standard library. It sleeps in the kernel: one thread waits for the exclusive lock on
the users' file, which it gets when the last user has left or was killed; the main thread waits for the server
to end, and starts it again while there are users.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import IO, Any, NoReturn, TypedDict

LOG_BYTES = 5_000_000
STARTS_BEFORE_GIVING_UP = 4
LONG_LIFE_SECONDS = 10
LAST_WORDS_SECONDS = 1
FAST_STOP_SECONDS = 10
READY = b"database system is ready to accept connections"


class Account(TypedDict):
    """The user as whom the server runs when we are root."""

    uid: int
    gid: int
    groups: list[int]


class Order(TypedDict):
    """What the supervisor is told; it is also the record that later users read."""

    binaries: str
    home: str
    account: Account | None
    socket_folder: str
    socket_folder_is_ours: bool
    settings: dict[str, str]


class Report(TypedDict, total=False):
    """What the supervisor answers to who started it, once."""

    initialised: bool
    started: bool
    error: str


class StartFailed(Exception):
    """The server cannot be started; the text says why."""


class Supervisor:
    """One server, from its start to the departure of its last user."""

    def __init__(self, users_lock: int, order: Order) -> None:
        self._users_lock, self._order = users_lock, order
        self._home = Path(order["home"])
        self._data = self._home / "postgres"
        self._log = Log(self._home / "postgres.log")
        self._mutex = threading.Lock()
        self._is_stopping = threading.Event()
        self._server: subprocess.Popen[bytes] | None = None
        self._pump: Pump
        self._has_ended = threading.Event()
        account = order["account"]
        self._as_server: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "cwd": "/",
            "env": {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        }
        if account:
            identity = {"user": account["uid"], "group": account["gid"], "extra_groups": account["groups"]}
            self._as_server |= identity

    def run(self) -> None:
        """Start the server, report, and keep it until nobody uses it."""
        self._stop_orphan()
        if is_free(self._users_lock):  # who started us is gone, or only wanted the orphan stopped
            report(Report(started=False))
            return
        was_initialised = self._initialise()
        threading.Thread(target=self._wait_for_the_last_user, daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            # On a thread: the handler may interrupt the main thread where it holds the mutex.
            signal.signal(number, lambda *_: threading.Thread(target=self._stop, daemon=True).start())
        self._keep_running(Report(initialised=was_initialised, started=True))

    def clear(self) -> None:
        """Remove what is of no use without a server."""
        if self._order["socket_folder_is_ours"]:
            rmtree(self._order["socket_folder"], ignore_errors=True)

    def _keep_running(self, good_news: Report | None) -> None:
        """Start the server again and again, ever more slowly; only one that has never run is given up."""
        quick_deaths = 0
        while not self._is_stopping.wait(0.05 * 2 ** min(quick_deaths, 7) - 0.05):
            if self._start() and good_news:
                report(good_news)
                good_news = None
            quick_deaths = 0 if self._wait_for_the_end() else quick_deaths + 1
            if good_news and quick_deaths == STARTS_BEFORE_GIVING_UP:
                raise StartFailed(f"Postgres does not start; {self._log.path} ends:\n{self._log.tail()}")

    def _start(self) -> bool:
        """Start the server; return whether it came to accept connections."""
        end_leftovers(self._data)
        disown(self._data / "postmaster.pid")
        for left in Path(self._order["socket_folder"]).glob(".s.PGSQL.*"):
            left.unlink()
        command = [f"{self._order['binaries']}/postgres", "-D", str(self._data)]
        for name, value in self._order["settings"].items():
            command += ["-c", f"{name}={value}"]
        with self._mutex:
            if self._is_stopping.is_set():
                return False
            self._has_ended.clear()
            self._server = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **self._as_server
            )
        assert self._server.stderr
        self._pump = Pump(self._server.stderr, self._log)
        self._pump.start()
        self._pump.has_news.wait()
        return self._pump.is_ready

    def _wait_for_the_end(self) -> bool:
        """Wait until the server has ended; return whether it had a long life."""
        assert self._server
        is_long_lived = False
        try:
            code = self._server.wait(LONG_LIFE_SECONDS)
        except subprocess.TimeoutExpired:
            is_long_lived = True
            code = self._server.wait()
        self._has_ended.set()
        # A killed server's children follow it in a moment; until then a new one would not start.
        self._pump.join(LAST_WORDS_SECONDS)
        if not self._is_stopping.is_set():
            self._log.write(b"supervisor: the server ended with code %d; starting it again\n" % code)
        return is_long_lived

    def _wait_for_the_last_user(self) -> None:
        fcntl.flock(self._users_lock, fcntl.LOCK_EX)
        self._stop()

    def _stop(self) -> None:
        with self._mutex:
            self._is_stopping.set()
            if self._server is None:
                return
        # Fast; then without a checkpoint, which the next start makes good; then by force.
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self._server.send_signal(number)
            if self._has_ended.wait(FAST_STOP_SECONDS):
                return

    def _stop_orphan(self) -> None:
        """Stop a server whose supervisor was killed: nobody would notice its end, nor stop it."""
        pid = running_postmaster(self._data)
        if pid is None:
            return
        self._log.write(b"supervisor: stopping a server without a supervisor, pid %d\n" % pid)
        stop = [f"{self._order['binaries']}/pg_ctl", "stop", "-w", "-D", str(self._data), "-m", "fast"]
        subprocess.run(stop, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as_server)

    def _initialise(self) -> bool:
        """Make the data directory unless there is one; return whether it was made now.

        It is made under another name and renamed, so that one cut short is never taken for a whole one.
        """
        account = self._order["account"]
        if (self._data / "PG_VERSION").exists():
            if account and self._data.stat().st_uid != account["uid"]:
                give(self._data, account)
            return False
        for left in self._home.glob("postgres.new-*"):
            rmtree(left, ignore_errors=True)
        if self._data.exists():
            try:
                self._data.rmdir()
            except OSError as fault:
                raise StartFailed(f"{self._data} is no Postgres data directory; move it away") from fault
        new = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self._home))
        if account:
            os.chown(new, account["uid"], account["gid"])
        self._make_cluster(new)
        new.rename(self._data)
        return True

    def _make_cluster(self, folder: Path) -> None:
        command = [f"{self._order['binaries']}/initdb", "-D", str(folder), "-U", "postgres", "-E", "UTF8"]
        # Over the socket, whose folder only the server's user may enter, everybody is who he says he is.
        command += ["--auth-local=trust", "--auth-host=reject"]
        if self._order["settings"].get("fsync") == "off":
            command.append("--no-sync")
        # Sorted by code point, which no upgrade of the system's locales can change; where the system knows
        # C.UTF-8, letters beyond ASCII have their upper and lower case all the same.
        for locale in (["--locale=C", "--lc-ctype=C.UTF-8"], ["--locale=C"]):
            done = subprocess.run(
                command + locale, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **self._as_server
            )
            if done.returncode == 0:
                return
        raise StartFailed(f"initdb failed: {done.stdout.decode(errors='replace').strip()}")


class Log:
    """A log file that never grows past `LOG_BYTES`: then it becomes `.1`, and a new one begins."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, text: bytes) -> None:
        """Append; a full disk loses the line, but stops nothing."""
        try:
            if self.path.exists() and self.path.stat().st_size > LOG_BYTES:
                self.path.replace(f"{self.path}.1")
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            with open(os.open(self.path, flags, 0o600), "ab") as file:
                file.write(text)
        except OSError:
            return

    def tail(self) -> str:
        """Return the last lines."""
        try:
            return "\n".join(self.path.read_text(errors="replace").splitlines()[-8:])
        except OSError as fault:
            return str(fault)


class Pump(threading.Thread):
    """Carries what the server says into the log, and notices when it is ready.

    The stream ends when the last process of the server has ended, children included.
    """

    def __init__(self, stream: IO[bytes], log: Log) -> None:
        super().__init__(daemon=True)
        self._stream, self._log = stream, log
        self.is_ready = False
        self.has_news = threading.Event()

    def run(self) -> None:
        with self._stream:
            for line in self._stream:
                self._log.write(line)
                if READY in line:
                    self.is_ready = True
                    self.has_news.set()
        self.has_news.set()


def is_free(lock: int) -> bool:
    """Whether nobody holds the lock; if so, we do now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def running_postmaster(data: Path) -> int | None:
    """Return the id of the server that runs on this data directory, or None.

    The id in `postmaster.pid` is not enough: after a crash another process may have got it. A server works in
    its data directory (Postgres' `ChangeToDataDir`); where there is no /proc, its command names it.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    if Path("/proc/self/cwd").exists():
        try:
            return pid if Path(f"/proc/{pid}/cwd").samefile(data) else None
        except OSError:
            return None
    ps = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True)
    return pid if str(data) in ps.stdout else None


def end_leftovers(data: Path) -> None:
    """Kill what a dead server left: a child that computes on, beside which no new server starts."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # gone, or somebody else's
            if (process / "exe").readlink().name == "postgres" and (process / "cwd").samefile(data):
                os.kill(int(process.name), signal.SIGKILL)


def disown(pid_file: Path) -> None:
    """Put our own id in a left-over `postmaster.pid`, whose id another process may have got since.

    Postgres would take that process for a server and refuse to start; its own parent it knows to be none
    (`CreateLockFile` in miscinit.c). The rest of the file stays: by it Postgres makes sure that no process of
    the old server still uses the shared memory.
    """
    try:
        lines = pid_file.read_text().split("\n", 1)
        with open(os.open(pid_file, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w") as file:
            file.write("\n".join([str(os.getpid()), *lines[1:]]))
    except FileNotFoundError:
        return


def give(tree: Path, account: Account) -> None:
    """Make everything in the tree the account's own: restored from a backup by root, say."""
    for folder, folders, files in os.walk(tree):
        for path in [folder, *(os.path.join(folder, name) for name in folders + files)]:
            os.chown(path, account["uid"], account["gid"], follow_symlinks=False)


def report(news: Report) -> None:
    """Answer to who started us, and let go of the pipe: the starter waits for its end."""
    with suppress(OSError):  # the starter was killed; its lock is free then, and we shall notice
        os.write(1, json.dumps(news).encode())
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def main(users_lock: int, order: Order) -> NoReturn:
    """Detach from who started us, then supervise."""
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    supervisor = Supervisor(users_lock, order)
    try:
        supervisor.run()
    except (StartFailed, OSError) as fault:
        report(Report(error=str(fault)))
    finally:
        supervisor.clear()
    os._exit(0)  # the thread that waits for the last user may still be waiting


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
