"""Builds the console into `dist/` beside this file, unless it is built of just this source already.

`python -m service.console.build`; `--force` builds anyway, `--fetch-node` gets Node from PyPI if need be.
"""

import argparse
import gzip
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from service.console.node import ConsoleFault, require_node
from service.console.npm import FETCH_NODE, HERE, Npm, locked, read_if_there

SKIP = "CRONSOLE_SKIP_CONSOLE_BUILD"
SOURCES = ("src", "public")
# What a build writes, and what is no source: the packages (the lock stands for them) and Python.
STAMP, UNFINISHED = ".stamp", ".dist-"
# Worth packing: pictures and most fonts are packed already.
TEXT = {".css", ".html", ".js", ".json", ".map", ".mjs", ".svg", ".txt", ".webmanifest", ".xml"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Build; returns the exit status: 0, 1 for what a message explains."""
    parser = argparse.ArgumentParser(prog="python -m service.console.build", description="Build the console.")
    parser.add_argument("--force", action="store_true", help="build even if nothing has changed")
    parser.add_argument(FETCH_NODE, action="store_true", help="install Node from PyPI where there is none")
    chosen = parser.parse_args(arguments)
    if is_left_out(os.environ):
        print(f"The console is not built: {SKIP} is set.")
        return 0
    try:
        build(HERE, os.environ, force=chosen.force, may_fetch_node=chosen.fetch_node)
    except (ConsoleFault, OSError) as fault:
        print(f"console: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def is_left_out(environ: Mapping[str, str]) -> bool:
    """Answer whether somebody wants to do without the console."""
    return environ.get(SKIP, "").strip() not in ("", "0")


def build(
    console: Path, environ: Mapping[str, str], *, force: bool = False, may_fetch_node: bool = False
) -> bool:
    """Build the console in that folder if need be; returns whether it was built.

    Any number of builds may run at once: one works, and the others wait and find it done. A build that is
    killed leaves the page as it was, or none.

    Raises:
        ConsoleFault: npm or a tool that it runs has failed.
        OSError: the folder cannot be written.
    """
    if not force and is_fresh(console):
        return False
    with locked(console) as held:
        wanted = digest_of_sources(console)
        if not force and is_fresh(console):
            return False
        remove_unfinished(console)
        node = require_node(environ.get("PATH", os.defpath), may_fetch=may_fetch_node)
        with Npm(node, console, environ) as npm:
            npm.install(held)
            print("Building the console ...", flush=True)
            with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=console) as work:
                made = Path(work, "dist")
                npm.run_quietly("run", "build", "--", "--outDir", str(made), "--emptyOutDir", held=held)
                if not (made / "index.html").is_file():
                    raise ConsoleFault(f"npm run build has left no index.html in {made}")
                pack(made)
                (made / STAMP).write_text(wanted, encoding="ascii")
                put_in_place(made, console / "dist")
    return True


def is_fresh(console: Path) -> bool:
    """Answer whether the page was built of just these sources."""
    dist = console / "dist"
    return (dist / "index.html").is_file() and read_if_there(dist / STAMP) == digest_of_sources(console)


def digest_of_sources(console: Path) -> str:
    """Return a digest of names and contents of all that the page is made of."""
    digest = hashlib.sha256()
    for path in sorted(sources(console), key=lambda path: path.relative_to(console).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(console).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def sources(console: Path) -> Iterator[Path]:
    """Yield the files that the page is made of, and this one, which makes it; hidden ones are no source."""
    yield from (path for path in console.iterdir() if path.is_file() and is_source(path))
    for name in SOURCES:
        for folder, folders, files in os.walk(console / name):
            folders[:] = [each for each in folders if not each.startswith(".")]
            yield from (Path(folder, each) for each in files if not each.startswith("."))


def is_source(path: Path) -> bool:
    """Answer whether a file directly in the console's folder matters to the page."""
    return not path.name.startswith(".") and (path.suffix != ".py" or path.name == "build.py")


def pack(made: Path) -> None:
    """Put a gzip file beside each text file; of the same text it has the same bytes."""
    for path in sorted(made.rglob("*")):
        if path.suffix in TEXT:
            packed = gzip.compress(path.read_bytes(), mtime=0)
            path.with_name(path.name + ".gz").write_bytes(packed)


def put_in_place(made: Path, dist: Path) -> None:
    """Let the new page take the place of the old one, which goes with the folder that it was made in."""
    if dist.exists():
        dist.rename(made.with_name("old"))
    made.rename(dist)


def remove_unfinished(console: Path) -> None:
    """Remove what builds that were killed have left."""
    for path in console.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path)


if __name__ == "__main__":
    sys.exit(main())
