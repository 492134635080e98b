"""The wheel: installed into a fresh environment outside the checkout, it migrates, serves and examines.

It carries the built console, which its build hook builds with Node unless that was done of the same source.
"""

import asyncio
import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
CONSOLE = "service/console/"
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def build_wheel(folder: Path, **settings: str) -> Path:
    """Build the wheel into a folder, with the build backend of this environment."""
    command = [*PIP, "wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, env={**os.environ, **settings}, check=True)
    [wheel] = folder.glob("cronsole-*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel with all that belongs in it."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def cronsole(wheel: Path) -> Path:
    """The installed command: the locked dependencies, without the embedded Postgres, and the wheel."""
    folder = wheel.parent
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    # One pip for both environments: half the time of a second one.
    install = [*PIP, "--python", str(environment / "bin" / "python"), "install", "--no-compile"]
    lock = ["--require-hashes", "-r", str(REPOSITORY / "requirements.lock")]
    subprocess.run([*install, *lock], cwd=folder, check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], cwd=folder, check=True)
    return environment / "bin" / "cronsole"


def console_files(wheel: Path) -> list[str]:
    """The files that a wheel has of the console."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if name.startswith(CONSOLE))


def test_it_carries_the_built_console_and_nothing_of_its_source(wheel: Path):
    """The page, its assets named with their digest, each text packed too; neither source nor packages."""
    names = {name.removeprefix(f"{CONSOLE}dist/") for name in console_files(wheel)}
    assert not any(name.startswith(CONSOLE) for name in names)
    assert {"index.html", "index.html.gz"} <= names
    scripts = {name for name in names if re.fullmatch(r"assets/[\w.-]+-[\w-]{8}\.js", name)}
    assert scripts
    assert {f"{name}.gz" for name in scripts} <= names
    assert ".stamp" not in names


def test_one_variable_leaves_the_console_out(tmp_path: Path):
    """Whatever was built before; the service works without."""
    assert console_files(build_wheel(tmp_path, CRONSOLE_SKIP_CONSOLE_BUILD="1")) == []


def environment_of(database_url: str) -> Mapping[str, str]:
    """As little as a deployment has: no path to the checkout, nothing of the tests' environment."""
    return {
        "PATH": os.defpath,
        "DATABASE_URL": database_url,
        "PORT": "0",
        "CRONSOLE_ADMIN_TOKEN": "the-token-of-the-wheel-test",
    }


def run(cronsole: Path, command: str, database_url: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, outside the checkout."""
    return subprocess.run(
        [cronsole, command],
        cwd=cronsole.parent,
        env=environment_of(database_url),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_it_migrates(cronsole: Path, empty_database_url: str):
    """The wheel carries every file of the schema."""
    files = len(list((REPOSITORY / "schema").glob("*.sql")))
    done = run(cronsole, "migrate", empty_database_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"applied {files} migrations" in done.stdout
    assert "nothing to apply" in run(cronsole, "migrate", empty_database_url).stdout


async def test_it_serves_and_examines_until_sigterm(cronsole: Path, database_url: str):
    """Ready, found in order by the doctor, and gone within the 8 seconds that are promised."""
    process = await asyncio.create_subprocess_exec(
        *(cronsole, "serve"),
        cwd=cronsole.parent,
        env=environment_of(database_url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    printed = ""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (address := re.search(r"Cronsole is ready at (\S+)", printed)):
            line = (await process.stdout.readline()).decode()
            assert line, printed
            printed += line
    async with aiohttp.ClientSession(address[1]) as client:
        async with client.get("/health/ready") as answer:
            assert answer.status == 200, await answer.text()
        async with client.get("/automation/jobs/ANY") as answer:
            assert answer.status == 200
            [script] = re.findall(r'src="(/automation/assets/[^"]+\.js)"', await answer.text())
        async with client.get(script) as answer:
            assert (answer.status, answer.content_type) == (200, "text/javascript")
    done = await asyncio.to_thread(run, cronsole, "doctor", database_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok: Replicas alive: 1" in done.stdout
    process.terminate()
    async with asyncio.timeout(8):
        await process.communicate()
    assert process.returncode == 0
