"""Fixtures that any test may ask for: databases of its own on the run's one server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.database.pool import Database, open_database
from tests.support.databases import DatabaseServer, LoopThread, folder_of_the_run, running_server


@pytest.fixture(scope="session")
def run_folder() -> Iterator[Path]:
    """A folder of this test run, which any user of this machine may enter."""
    with folder_of_the_run() as folder:
        yield folder


@pytest.fixture(scope="session")
def database_server(run_folder: Path) -> Iterator[DatabaseServer]:
    """The one Postgres server of this test run."""
    with (
        LoopThread() as loop,
        running_server(loop, run_folder / "server") as superuser_url,
        DatabaseServer(loop, superuser_url) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def migrated_template(database_server: DatabaseServer) -> Iterator[str]:
    """The name of a migrated database, made once and copied for each test."""
    with database_server.migrated_template() as name:
        yield name


@pytest.fixture
def database_url(database_server: DatabaseServer, migrated_template: str) -> Iterator[str]:
    """The URL of a migrated database that belongs to this test alone."""
    with database_server.database(migrated_template) as name:
        yield database_server.url(name)


@pytest.fixture
def empty_database_url(database_server: DatabaseServer) -> Iterator[str]:
    """The URL of an empty database that belongs to this test alone."""
    with database_server.database() as name:
        yield database_server.url(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A small pool on this test's own migrated database."""
    async with open_database(database_url, application_name="cronsole test", size=12) as opened:
        yield opened
