"""Which Node builds the console, on machines that have one, several, an old one, or none."""

import json
import os
import tomllib
from pathlib import Path

import pytest

from service.console import node
from service.console.node import NODE_LOCK, OLDEST, ConsoleFault, node_on, require_node
from service.console.npm import HERE
from tests.support.fake_node import write_node, write_wheel


@pytest.fixture(autouse=True)
def wheel(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the package that brings Node, which here is not installed, whatever this machine has."""
    monkeypatch.setattr(node, "WHEEL_PACKAGE", "node_of_a_test")
    return "node_of_a_test"


def path_of(*folders: Path) -> str:
    """A search path."""
    return os.pathsep.join(map(str, folders))


@pytest.mark.parametrize(
    ("version", "will_do"),
    [
        ("v18.20.8", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v20.20.2", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v23.0.0", True),
        ("v24.19.0-nightly", True),
        ("v100.0.0", True),
        ("bun", False),
    ],
)
def test_a_node_that_vite_runs_on_will_do(tmp_path: Path, version: str, will_do: bool):
    """Not every later one: 21 and the first of 22 lack what it needs."""
    folder = write_node(tmp_path, version)
    found = node_on(str(folder))
    assert (found is not None) == will_do
    assert found is None or (found.folder, found.npm) == (folder, (str(folder / "npm"),))


def test_the_console_says_the_same_of_itself():
    """npm would warn of a Node that we take for new enough."""
    engines = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["engines"]["node"]
    (major, minor), (_, last_minor) = OLDEST[20], OLDEST[22]
    assert engines == f"^{major}.{minor}.0 || >=22.{last_minor}.0"


def test_an_old_node_and_one_without_npm_are_passed_over(tmp_path: Path):
    """The first on PATH that will do counts, by npm too; folders that are not there do no harm."""
    old = write_node(tmp_path / "old", "v18.20.8")
    (old / "npm").unlink()
    bare = write_node(tmp_path / "bare", "v22.12.0", npm=False)
    good = write_node(tmp_path / "good", "v22.13.0")
    assert node_on(path_of(tmp_path / "gone", old, bare)) is None
    found = node_on(path_of(old, good, bare))
    assert found is not None
    assert found.folder == good


def test_without_a_node_on_path_the_one_of_pypi_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: str
):
    """By its npm-cli.js: what lies beside its node as `npm` does not work there."""
    package = write_wheel(tmp_path / "site", wheel, "v24.19.0") / wheel
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    old = write_node(tmp_path / "old", "v18.20.8")
    found = require_node(str(old), may_fetch=False)
    cli = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    assert (found.folder, found.npm) == (package / "bin", (str(package / "bin" / "node"), str(cli)))
    own = write_node(tmp_path / "own", "v22.12.0")
    assert require_node(path_of(old, own), may_fetch=False).folder == own


def test_where_there_is_none_it_is_fetched_if_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: str
):
    """And found then, in the same process."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(node, "fetch_node", lambda: write_wheel(tmp_path / "site", wheel, "v24.19.0"))
    with pytest.raises(ConsoleFault):
        require_node(str(tmp_path), may_fetch=False)
    assert require_node(str(tmp_path), may_fetch=True).folder == tmp_path / "site" / wheel / "bin"


def test_none_at_all_is_a_fault_that_says_what_to_do(tmp_path: Path):
    """And what is wrong with each that there is."""
    old = write_node(tmp_path / "old", "v18.20.8")
    with pytest.raises(ConsoleFault) as fault:
        require_node(path_of(old), may_fetch=False)
    assert f"{old / 'node'} is 18.20" in str(fault.value)
    assert "CRONSOLE_SKIP_CONSOLE_BUILD=1" in str(fault.value)


def test_the_locked_node_is_the_one_that_the_wheel_is_built_with():
    """`make lock` takes it from pyproject.toml, where pip takes it from too."""
    project = tomllib.loads((NODE_LOCK.parent / "pyproject.toml").read_text(encoding="utf-8"))
    locked = [line for line in NODE_LOCK.read_text(encoding="utf-8").splitlines() if "==" in line]
    assert [line.removesuffix(" \\") for line in locked] == project["dependency-groups"]["node"]
