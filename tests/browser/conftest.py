"""Fixtures of the browser tests: one Chromium for all, and for each test a service and windows of its own.

All tests and fixtures of this folder run on one event loop, the session's, where the browser lives.
"""

import inspect
import re
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.support.chromium import find_chromium
from tests.support.console import Console, running_console
from tests.support.databases import DatabaseServer, LoopThread
from tests.support.demo.fill import fill_at, ready_demo
from tests.support.empty import forget_all_jobs
from tests.support.window import PATIENCE_MS, launch

FOLDER = Path(__file__).parent
HAS_FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of this folder, and their asynchronous fixtures, run where the browser lives."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            for definition in fixtures_of(item):
                if definition.baseid.startswith("tests/browser") and is_asynchronous(definition.func):
                    definition.func._loop_scope = "session"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let fixtures know whether the test has failed."""
    report = yield
    if report.when == "call":
        item.stash[HAS_FAILED] = report.failed
    return report


async def keep_pictures(console: Console, test: pytest.Item) -> None:
    """Keep what a test that has failed showed last."""
    if test.stash.get(HAS_FAILED, False):
        await console.take_pictures(FOLDER / "failures", re.sub(r"[^\w-]+", "-", test.name))


def fixtures_of(item: pytest.Item) -> list[Any]:
    """Return the definitions of all fixtures that a test uses, directly or not."""
    by_name = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]
    return [definition for definitions in by_name.values() for definition in definitions]


def is_asynchronous(function: Any) -> bool:
    """Answer whether a fixture needs an event loop."""
    return inspect.isasyncgenfunction(function) or inspect.iscoroutinefunction(function)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser to test with."""
    return find_chromium()


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The one Chromium of this test run; every window has a context, and so cookies, of its own."""
    async with async_playwright() as playwright:
        browser = await launch(playwright, chromium)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def empty_template(database_server: DatabaseServer, migrated_template: str) -> Iterator[str]:
    """The name of a migrated database in which there is no job, and never was."""
    with LoopThread() as loop, database_server.database(migrated_template) as name:
        loop.run(forget_all_jobs(database_server.url(name)))
        yield name


@pytest.fixture(scope="session")
def demo_template(database_server: DatabaseServer, empty_template: str) -> Iterator[str]:
    """The name of a database with the demo, and with jobs whose texts try to break the page."""
    with LoopThread() as loop, database_server.database(empty_template) as name:
        loop.run(fill_at(database_server.url(name), with_hostile=True))
        yield name


@pytest.fixture
def console_settings() -> dict[str, Any]:
    """Settings of the service beyond those of all browser tests; a module may have a fixture of its own."""
    return {}


@pytest.fixture
async def console(
    database_server: DatabaseServer,
    empty_template: str,
    browser: Browser,
    console_settings: dict[str, Any],
    request: pytest.FixtureRequest,
) -> AsyncIterator[Console]:
    """A service on a database without jobs, and a window on it where an admin is signed in."""
    with database_server.database(empty_template) as name:
        async with running_console(database_server.url(name), browser, **console_settings) as console:
            yield console
            await keep_pictures(console, request.node)


@pytest.fixture(scope="session")
async def shared_demo(
    database_server: DatabaseServer, demo_template: str, browser: Browser
) -> AsyncIterator[Console]:
    """One demo for all tests that change nothing, and look at it by `visit`."""
    with database_server.database(demo_template) as name:
        url = database_server.url(name)
        async with ready_demo(url) as settings, running_console(url, browser, **settings) as console:
            yield console


@pytest.fixture
async def demo(
    database_server: DatabaseServer,
    demo_template: str,
    browser: Browser,
    console_settings: dict[str, Any],
    request: pytest.FixtureRequest,
) -> AsyncIterator[Console]:
    """A service on a busy week of 26 jobs, and of three with hostile names; an admin is signed in."""
    with database_server.database(demo_template) as name:
        url = database_server.url(name)
        async with (
            ready_demo(url) as settings,
            running_console(url, browser, **settings | console_settings) as console,
        ):
            yield console
            await keep_pictures(console, request.node)
