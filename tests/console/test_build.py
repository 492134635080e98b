"""When the console is built, and what a build leaves behind, whatever happens; npm is a stand-in here."""

import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.console import build as build_module
from service.console import npm as npm_module
from service.console.build import SKIP, build, is_fresh, main
from service.console.node import ConsoleFault
from tests.support.fake_node import write_console, write_node

REPOSITORY = Path(__file__).parents[2]
BUILD = "import os, sys, pathlib, service.console.build as b; b.build(pathlib.Path(sys.argv[1]), os.environ)"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a Node, a home, and nothing else."""
    (tmp_path / "home").mkdir()
    return {"PATH": str(write_node(tmp_path / "bin", "v22.12.0")), "HOME": str(tmp_path / "home")}


@pytest.fixture
def console(tmp_path: Path) -> Path:
    """The source of a console that was never built."""
    return write_console(tmp_path / "console")


def told_npm(console: Path) -> list[str]:
    """What npm was told to do, in order: the first word each time."""
    log = console / ".npm.log"
    return [line.split()[0] for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []


def files_under(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_build_leaves_the_page_and_each_text_packed(console: Path, environ: dict[str, str]):
    """The packed ones have the same bytes each time, and nothing else stays behind."""
    assert build(console, environ)
    page = files_under(console / "dist")
    assert set(page) == {
        ".stamp",
        "assets/main-D1e2f3.js",
        "assets/main-D1e2f3.js.gz",
        "index.html",
        "index.html.gz",
    }
    assert gzip.decompress(page["assets/main-D1e2f3.js.gz"]) == page["assets/main-D1e2f3.js"]
    assert list(console.glob(".dist-*")) == []
    assert build(console, environ, force=True)
    assert files_under(console / "dist") == page


def test_of_the_same_source_nothing_is_built_again(console: Path, environ: dict[str, str]):
    """Not even Node is looked for; when the files were written does not matter."""
    assert not is_fresh(console)
    assert build(console, environ)
    (console / "src" / "main.js").touch()
    assert not build(console, {"PATH": ""})
    assert told_npm(console) == ["ci", "run"]


def change_text(console: Path) -> None:
    (console / "src" / "main.js").write_text("other", encoding="utf-8")


def add_file(console: Path) -> None:
    (console / "src" / "pages" / "other.js").touch()


def remove_file(console: Path) -> None:
    (console / "src" / "pages" / "home.js").unlink()


def rename_file(console: Path) -> None:
    (console / "src" / "pages" / "home.js").rename(console / "src" / "pages" / "house.js")


def move_text(console: Path) -> None:
    (console / "public" / "favicon.svg").write_text("", encoding="utf-8")
    (console / "src" / "pages" / "home.js").write_text("<svg/>export {};", encoding="utf-8")


def change_setting(console: Path) -> None:
    (console / "vite.config.ts").write_text("export default { base: '/' };", encoding="utf-8")


def lose_stamp(console: Path) -> None:
    (console / "dist" / ".stamp").unlink()


def lose_page(console: Path) -> None:
    (console / "dist" / "index.html").unlink()


@pytest.mark.parametrize(
    "change",
    [
        change_text,
        add_file,
        remove_file,
        rename_file,
        move_text,
        change_setting,
        lose_stamp,
        lose_page,
    ],
)
def test_whatever_the_page_is_made_of_has_it_built_again(
    console: Path, environ: dict[str, str], change: Callable[[Path], None]
):
    """A file's text, its name, and that there is one."""
    build(console, environ)
    change(console)
    assert build(console, environ)
    assert is_fresh(console)
    assert told_npm(console) == ["ci", "run", "run"]


def test_what_the_page_is_not_made_of_does_not(console: Path, environ: dict[str, str]):
    """Packages are what their lock says, and editors leave all sorts of files."""
    build(console, environ)
    for name in ("node_modules/x.js", "src/.main.js.swp", ".prettierrc.json", "npm.py"):
        (console / name).write_text("other", encoding="utf-8")
    assert not build(console, environ)


def test_packages_are_installed_once_per_lock(console: Path, environ: dict[str, str]):
    """And again where that was not done to its end."""
    (console / ".fail-ci").touch()
    with pytest.raises(ConsoleFault, match=r"npm ci .* failed:\nnpm error: no way to ci"):
        build(console, environ)
    (console / ".fail-ci").unlink()
    build(console, environ)
    (console / "package-lock.json").write_text("{}", encoding="utf-8")
    build(console, environ)
    change_text(console)
    build(console, environ)
    assert told_npm(console) == ["ci", "ci", "run", "ci", "run", "run"]


def test_a_build_that_fails_says_why_and_leaves_the_page_as_it_was(console: Path, environ: dict[str, str]):
    """Also one that ends well without a page."""
    build(console, environ)
    page = files_under(console / "dist")
    change_text(console)
    for name, said in ((".fail-run", "npm error: no way to run"), (".no-page", "no index.html")):
        (console / name).touch()
        with pytest.raises(ConsoleFault, match=said):
            build(console, environ)
        (console / name).unlink()
        assert files_under(console / "dist") == page
        assert list(console.glob(".dist-*")) == []


def test_a_build_that_is_killed_leaves_the_page_as_it_was(console: Path, environ: dict[str, str]):
    """The next one waits for the npm that outlived it, and clears away what it left."""
    build(console, environ)
    page = files_under(console / "dist")
    change_text(console)
    os.mkfifo(console / ".wait-run")
    builder = subprocess.Popen([sys.executable, "-c", BUILD, console], cwd=REPOSITORY, env=environ)
    with (console / ".wait-run").open("w", encoding="ascii") as pipe:  # opens when npm waits at its other end
        builder.send_signal(signal.SIGKILL)
        builder.wait()
        assert files_under(console / "dist") == page
        assert len(list(console.glob(".dist-*"))) == 1
        (console / ".wait-run").unlink()
        with ThreadPoolExecutor() as threads:
            next_build = threads.submit(build, console, environ)
            pipe.write("go on\n")
            pipe.flush()
            assert next_build.result()
    assert list(console.glob(".dist-*")) == []
    assert is_fresh(console)
    assert told_npm(console) == ["ci", "run", "run", "run"]


def test_of_several_builds_at_once_one_works(
    console: Path, environ: dict[str, str], capfd: pytest.CaptureFixture[str]
):
    """The others wait, and find the page."""
    os.mkfifo(console / ".wait-run")
    with ThreadPoolExecutor() as threads:
        builds = [threads.submit(build, console, environ) for _ in range(4)]
        with (console / ".wait-run").open("w", encoding="ascii") as pipe:
            pipe.write("go on\n")
        assert sorted(each.result() for each in builds) == [False, False, False, True]
    assert told_npm(console) == ["ci", "run"]
    assert capfd.readouterr().out.count("Building the console") == 1


@pytest.mark.parametrize("home", ["home", "gone", "closed"])
def test_npm_gets_a_cache_that_it_can_write(
    console: Path, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
):
    """Its own, where the user's home lets it; else one that goes when it is done."""
    if home == "closed":  # root may write everywhere; to others it looks like this
        monkeypatch.setattr(npm_module, "can_write", lambda _: False)
    build(console, {**environ, "HOME": str(tmp_path / home), "NODE_ENV": "production"})
    for line in (console / ".npm.log").read_text(encoding="utf-8").splitlines():
        _, cache, node_env = line.split("|")
        assert bool(cache) == (home != "home")
        assert not cache or not Path(cache).exists()
        assert node_env == ""  # or npm would leave out what builds


def test_one_variable_leaves_the_build_out(
    console: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """With one line that says so."""
    monkeypatch.setattr(build_module, "HERE", console)
    monkeypatch.setenv(SKIP, "1")
    assert main([]) == 0
    assert capsys.readouterr().out == f"The console is not built: {SKIP} is set.\n"
    assert not (console / "dist").exists()


def test_the_command_ends_with_1_and_a_message_where_it_cannot_build(
    console: Path,
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    """So that make stops there; and with 0 where it can."""
    monkeypatch.setattr(build_module, "HERE", console)
    monkeypatch.setenv("PATH", environ["PATH"])
    (console / ".fail-run").touch()
    assert main([]) == 1
    assert "npm error: no way to run" in capsys.readouterr().err
    (console / ".fail-run").unlink()
    assert main(["--force"]) == 0
    assert is_fresh(console)
