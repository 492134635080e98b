"""Runs npm in the console's folder, its packages installed: `python -m service.console.npm run lint`."""

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from service.console.node import ConsoleFault, Node, require_node

HERE = Path(__file__).parent
LOCK_FILES = ("package.json", "package-lock.json")
# Development packages too, whatever the user's settings say: they are what builds. No package gets to run a
# script of its own.
INSTALL = ("ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund")
# One run of npm ends within this, also on a slow machine with a slow network.
PATIENCE_SECONDS = 1_800
FETCH_NODE = "--fetch-node"


class Npm:
    """The npm of a Node, run in one folder; enter it to use it."""

    def __init__(self, node: Node, folder: Path, environ: Mapping[str, str]) -> None:
        self._node, self._folder, self._given = node, folder, environ
        self._environment: dict[str, str] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        environment = {name: value for name, value in self._given.items() if name != "NODE_ENV"}
        environment["PATH"] = os.pathsep.join((str(self._node.folder), self._given.get("PATH", os.defpath)))
        environment |= {"npm_config_update_notifier": "false", "DO_NOT_TRACK": "1"}
        if "npm_config_cache" not in environment and not can_write(cache_of(environment)):
            cache = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="cronsole-npm-"))
            environment["npm_config_cache"] = cache
        self._environment = environment
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, *arguments: str) -> int:
        """Run npm where its output can be seen; returns its exit status."""
        command = [*self._node.npm, *arguments]
        return subprocess.run(command, cwd=self._folder, env=self._environment, check=False).returncode

    def run_quietly(self, *arguments: str, held: int) -> None:
        """Run npm, whose output matters only if it fails.

        `held` is the descriptor of the lock that guards what it does. npm shares it: if we are killed, nobody
        else begins before npm has ended.

        Raises:
            ConsoleFault: with all that it said.
        """
        command = [*self._node.npm, *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=PATIENCE_SECONDS,
                pass_fds=(held,),
                check=False,
            )
        except subprocess.TimeoutExpired as fault:
            raise ConsoleFault(f"npm {arguments[0]} did not end in {PATIENCE_SECONDS} seconds") from fault
        if done.returncode:
            raise ConsoleFault(f"npm {' '.join(arguments)} failed:\n{done.stdout.rstrip()}")

    def install(self, held: int) -> None:
        """Install what the lock names, unless that is there already.

        Raises:
            ConsoleFault: npm cannot do it.
        """
        modules, wanted = self._folder / "node_modules", digest_of_lock(self._folder)
        stamp = modules / ".cronsole-stamp"
        if read_if_there(stamp) == wanted:
            return
        stamp.unlink(missing_ok=True)
        print(
            "Installing the console's packages from the npm registry (about 250 MB on disk, once) ...",
            flush=True,
        )
        self.run_quietly(*INSTALL, held=held)
        stamp.write_text(wanted, encoding="ascii")


def cache_of(environment: Mapping[str, str]) -> Path:
    """Return where npm keeps its cache unless it is told otherwise."""
    return Path(environment.get("HOME") or Path.home()) / ".npm"


def can_write(folder: Path) -> bool:
    """Answer whether we may write into a folder, or make it."""
    # What root did in an ordinary user's home may be root's: npm's cache is known for that.
    parts = [part for part in (folder, folder / "_cacache", folder / "_logs") if part.exists()]
    if not parts:
        return folder.parent.is_dir() and os.access(folder.parent, os.W_OK | os.X_OK)
    return all(os.access(part, os.W_OK | os.X_OK) for part in parts)


def digest_of_lock(folder: Path) -> str:
    """Return what stands for the packages: those of another lock or machine have another one."""
    digest = hashlib.sha256(f"{sys.platform} {platform.machine()} {platform.libc_ver()[0]}".encode())
    for name in LOCK_FILES:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def read_if_there(path: Path) -> str:
    """Return the text of a small file; empty where there is none."""
    try:
        return path.read_text(encoding="ascii")
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return ""


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Keep everybody else from building or installing in a folder; yields the descriptor of the lock."""
    descriptor = os.open(folder / ".build.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another build of the console to end ...", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run npm with these arguments; `--fetch-node` before them: get Node from PyPI if need be."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    may_fetch = FETCH_NODE in given[:1]
    try:
        node = require_node(os.environ.get("PATH", os.defpath), may_fetch=may_fetch)
        with Npm(node, HERE, os.environ) as npm:
            with locked(HERE) as held:
                npm.install(held)
            return npm.run(*given[1:] if may_fetch else given)
    except (ConsoleFault, OSError) as fault:
        print(f"console: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
