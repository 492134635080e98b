"""The page is live: what changes shows by itself, a lost connection is said, and then nothing is missing."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from playwright.async_api import Locator, Page, Route, expect

from tests.support.console import Console
from tests.support.window import Window

EVENTS = "/v1/console/events"
HIDE = """(isHidden) => {
    Object.defineProperty(document, 'hidden', {value: isHidden, configurable: true});
    const state = isHidden ? 'hidden' : 'visible';
    Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""


def state_of(page: Page) -> Locator:
    """Where the frame says whether the page is live."""
    return page.get_by_role("banner").get_by_role("status")


def lost_banner(page: Page) -> Locator:
    """What says that the connection is lost."""
    return page.get_by_role("alert").filter(has_text="Not connected to the service.")


async def is_live(page: Page) -> None:
    """Wait until the page hears of changes."""
    await expect(state_of(page)).to_have_text("Live")


async def reconnect(console: Console) -> None:
    """Cut the page's connection and restore it; returns when it has looked which console is served."""
    await console.cut()
    await expect(state_of(console.page)).to_have_text("Not live")
    async with console.page.expect_event("requestfinished", lambda asked: asked.url.endswith("/automation")):
        await console.restore()
    await is_live(console.page)


async def rename(console: Console, name: str) -> None:
    """Let somebody give job A another name at the psql prompt."""
    await console.sql.execute("update jobs set display_name = $1 where job_id = 'A'", name)


@asynccontextmanager
async def without_reload(*windows: Window) -> AsyncIterator[None]:
    """Fail if a page is loaded anew meanwhile."""
    for window in windows:
        await window.page.evaluate("() => { window.isTheSamePage = true }")
    yield
    for window in windows:
        assert await window.page.evaluate("() => window.isTheSamePage === true")


async def test_a_change_in_psql_shows_in_every_browser(console: Console):
    """In the list of one and on the job's own screen of another, and a deleted job goes."""
    await console.add_job("A")
    await console.add_job("B")
    other = await console.new_page("viewer")
    await console.open()
    await other.open("/automation/jobs/A")
    for page in (console.page, other.page):
        await is_live(page)
    async with without_reload(console.window, other):
        await rename(console, "Renamed")
        await expect(other.page.get_by_role("heading", level=1)).to_have_text("Renamed")
        await expect(console.page.get_by_role("link", name="Renamed")).to_be_visible()
        await console.add_job("C")
        await expect(console.page.get_by_role("link", name="C", exact=True)).to_be_visible()
        await console.sql.execute("delete from jobs where job_id = 'B'")
        await expect(console.page.get_by_role("link", name="B", exact=True)).to_have_count(0)
    calls = [call.query for call in console.window.api_calls("GET", "/v1/console/jobs")]
    assert calls[0] == ""
    assert set(calls[1:]) == {"jobId=A", "jobId=C", "jobId=B"}  # what changed was read, and no more


async def test_a_lost_connection_is_said_and_caught_up(console: Console):
    """What changed meanwhile shows when it is back, on this screen and on one that was left."""
    await console.add_job("A")
    await console.open("/automation/jobs/A")
    page = console.page
    await page.get_by_role("link", name="Jobs", exact=True).click()
    await expect(page.get_by_role("link", name="A", exact=True)).to_be_visible()
    await is_live(page)
    async with without_reload(console.window):
        await console.cut()
        await expect(state_of(page)).to_have_text("Not live")
        await expect(lost_banner(page)).to_contain_text("What you see is as of ")
        await console.check_accessibility()
        await rename(console, "Renamed")
        await console.restore()
        await is_live(page)
        await expect(lost_banner(page)).to_have_count(0)
        await page.get_by_role("link", name="Renamed").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Renamed")


async def test_a_hidden_page_gives_its_connection_up_and_catches_up_when_shown(console: Console):
    """It asks nothing while nobody looks, and shows what changed as soon as somebody does."""
    await console.add_job("A")
    page = console.page
    await page.clock.install()
    await console.open()
    await is_live(page)
    await page.evaluate(HIDE, True)
    async with page.expect_event("requestfailed", lambda request: request.url.endswith(EVENTS)):
        await page.clock.fast_forward(21_000)
    before = len(console.calls)
    await rename(console, "Renamed")
    await page.clock.fast_forward(120_000)
    assert len(console.calls) == before
    async with without_reload(console.window):
        await page.evaluate(HIDE, False)
        await is_live(page)
        await expect(page.get_by_role("link", name="Renamed")).to_be_visible()


async def test_another_replica_takes_over(console: Console):
    """The replica that served the stream leaves as in a deployment, and the next one is killed."""
    await console.add_job("A")
    await console.open()
    page = console.page
    await is_live(page)
    async with without_reload(console.window):
        second = await console.start_replica()
        console.lead_to(second.address)
        await console.stop_service()
        await rename(console, "Renamed")
        await expect(page.get_by_role("link", name="Renamed", exact=True)).to_be_visible()
        third = await console.start_replica()
        console.lead_to(third.address)
        second.process.kill()
        await rename(console, "Renamed again")
        await expect(page.get_by_role("link", name="Renamed again", exact=True)).to_be_visible()
        await is_live(page)
    assert len(console.window.api_calls("GET", EVENTS)) >= 3  # each has had the stream


async def test_a_newer_console_is_offered_and_not_forced(console: Console):
    """After a deployment, which cuts the stream; what the page holds stays until somebody wants it."""
    page = console.page

    async def newer(route: Route) -> None:
        response = await route.fetch()
        text = re.sub(r"/assets/index-[\w-]+\.js", "/assets/index-newer.js", await response.text())
        await route.fulfill(response=response, body=text)

    await console.open()
    await is_live(page)
    offer = page.get_by_role("status").filter(has_text="There is a newer console.")
    async with without_reload(console.window):
        await reconnect(console)
        await expect(offer).to_have_count(0)
        await page.route("**/automation", newer)
        await reconnect(console)
        await expect(offer).to_be_visible()
        await console.check_accessibility()
    await page.unroute("**/automation")
    await offer.get_by_role("button", name="Load the newer one").click()
    await is_live(page)
    await expect(offer).to_have_count(0)


async def test_a_pause_of_all_shows_everywhere_at_once_and_ends_by_itself(console: Console):
    """No event names all jobs: everybody is told to read everything again."""
    await console.add_job("A")
    other = await console.new_page("viewer")
    await console.open()
    await other.open("/automation/changes")
    pages = (console.page, other.page)
    for page in pages:
        await is_live(page)
    pause = "select pause_all('exchange link', now() + $1)"
    await console.sql.execute(pause, timedelta(hours=1))
    for page in pages:
        banner = page.get_by_role("status").filter(has_text="All jobs are paused")
        await expect(banner).to_contain_text("until 2")
        await expect(banner).to_contain_text("exchange link")
    row = console.page.get_by_role("row").filter(has=console.page.get_by_role("link", name="A"))
    await expect(row).to_contain_text("Paused")
    await expect(other.page.get_by_role("listitem").filter(has_text="paused all jobs")).to_be_visible()
    await console.sql.execute(pause, timedelta(seconds=1))
    for page in pages:
        await expect(page.get_by_role("status").filter(has_text="All jobs are paused")).to_have_count(0)
    await expect(row).not_to_contain_text("Paused")


async def test_the_page_works_where_no_stream_can_be_opened(console: Console):
    """It says that it is not live, and shows what it reads."""
    await console.add_job("A")
    console.expect_errors("status of 503")
    page = console.page
    await page.route(f"**{EVENTS}", lambda route: route.fulfill(status=503))
    await console.open()
    await expect(page.get_by_role("link", name="A", exact=True)).to_be_visible()
    await expect(state_of(page)).to_have_text("Not live")
    await expect(lost_banner(page)).to_be_visible()
    await page.unroute(f"**{EVENTS}")
    await is_live(page)


async def test_what_is_asked_for_without_a_network_is_not_done_later(console: Console):
    """It fails at once and says so; when the network is back nobody is surprised."""
    await console.sql.execute("select pause_all()")
    await console.open()
    page = console.page
    await is_live(page)
    console.expect_errors("ERR_INTERNET_DISCONNECTED")
    await console.window.context.set_offline(True)
    await page.get_by_role("button", name="Resume all").click()
    message = page.get_by_role("alertdialog").filter(has_text="Could not resume all jobs")
    await expect(message).to_contain_text("The service cannot be reached; it may have done it all the same.")
    await console.check_accessibility()
    await console.window.context.set_offline(False)
    await page.get_by_role("button", name="Close the message").click()
    await is_live(page)
    await expect(page.get_by_role("button", name="Resume all")).to_be_enabled()
    assert await console.sql.fetchval("select paused_until = 'infinity' from service_state")
    assert len(console.window.api_calls("POST")) == 1
