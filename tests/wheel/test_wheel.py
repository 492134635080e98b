"""The wheel: installed into a fresh environment outside the checkout, it migrates, serves and examines."""

import asyncio
import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
def cronsole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command: the locked dependencies, without the embedded Postgres, and the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels = [*pip, "wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run(wheels, cwd=REPOSITORY, check=True)
    [wheel] = folder.glob("cronsole-*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False)
    # One pip for both environments: half the time of a second one.
    install = [*pip, "--python", str(environment / "bin" / "python"), "install", "--no-compile"]
    lock = ["--require-hashes", "-r", str(REPOSITORY / "requirements.lock")]
    subprocess.run([*install, *lock], cwd=folder, check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], cwd=folder, check=True)
    return environment / "bin" / "cronsole"


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
    async with aiohttp.ClientSession(address[1]) as client, client.get("/health/ready") as answer:
        assert answer.status == 200, await answer.text()
    done = await asyncio.to_thread(run, cronsole, "doctor", database_url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok: Replicas alive: 1" in done.stdout
    process.terminate()
    async with asyncio.timeout(8):
        await process.communicate()
    assert process.returncode == 0
