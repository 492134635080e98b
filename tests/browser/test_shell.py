"""The frame around every screen: who is signed in, how it looks, and what it does when things break."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.support.console import PHONE, Console
from tests.support.processes import TOKEN
from tests.support.screens import ready

DARK, LIGHT = "rgb(16, 20, 27)", "rgb(244, 246, 249)"
LONG_SUBJECT = "service-account:" + "a-very-long-name-" * 6 + "שלום"
SCREENS = {
    "/automation": "Jobs",
    "/automation/timeline": "Timeline",
    "/automation/replicas": "Replicas",
    "/automation/changes": "Changes",
    "/automation/jobs/A": "A",
    "/automation/nowhere": "No such page",
}
MISSING = "This part of the console could not be loaded"


async def sign_in_here(page: Page) -> None:
    """Type the token into the sign-in page."""
    await page.get_by_label("Access token").fill(TOKEN)
    await page.get_by_role("button", name="Sign in").click()


async def open_account(page: Page) -> Locator:
    """Open the menu with who is signed in."""
    await page.get_by_role("button", name="Account:").click()
    return page.get_by_role("menu", name="Account")


async def stands_on(page: Page, colour: str) -> None:
    """Wait until this is the colour of the page."""
    await expect(page.locator("body")).to_have_css("background-color", colour)


async def test_who_is_not_signed_in_is_led_there_and_back(console: Console):
    """To the screen that was asked for, with what stands in its address."""
    window = await console.new_page(None)
    window.expect_errors("status of 401")
    await window.page.goto(f"{window.url}/automation/changes?jobId=A#latest")
    await window.page.wait_for_url(f"{window.url}/signin?next=**")
    await sign_in_here(window.page)
    await window.page.wait_for_url(f"{window.url}/automation/changes?jobId=A#latest")
    await expect(window.page.get_by_role("heading", level=1)).to_have_text("Changes")


async def test_a_session_that_ends_during_use_leads_to_sign_in_and_back(console: Console):
    """Whatever was asked for then; it is not lost."""
    await console.open()
    page = console.page
    await expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    console.expect_errors("status of 401")
    await console.window.sign_out()
    await page.get_by_role("link", name="Changes").click()
    await page.wait_for_url(f"{console.url}/signin?next=%2Fautomation%2Fchanges")
    await sign_in_here(page)
    await page.wait_for_url(f"{console.url}/automation/changes")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Changes")


async def test_signing_out_ends_the_session(console: Console):
    """The cookie is gone, and the way back leads to the sign-in page."""
    await console.open()
    menu = await open_account(console.page)
    await expect(menu).to_contain_text("ada")
    await menu.get_by_role("menuitem", name="Sign out").click()
    await console.page.wait_for_url(f"{console.url}/signin")
    assert await console.window.context.cookies() == []
    console.expect_errors("status of 401")
    await console.page.go_back()
    await console.page.wait_for_url(f"{console.url}/signin?next=%2Fautomation")


async def test_a_sign_out_that_fails_is_said(console: Console):
    """Nobody goes away and leaves a session behind; the message can be closed by keyboard."""
    await console.open()
    page = console.page
    menu = await open_account(page)
    await console.cut()
    await menu.get_by_role("menuitem", name="Sign out").click()
    message = page.get_by_role("alertdialog").filter(has_text="Could not sign out")
    await expect(message).to_contain_text("The service cannot be reached")
    for key in ("F6", "Tab", "Tab"):
        await page.keyboard.press(key)
    await expect(message.get_by_role("button", name="Close the message")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(message).to_have_count(0)
    await expect(page.get_by_role("button", name="Account:")).to_be_focused()
    assert len(await console.window.context.cookies()) == 1
    await console.restore()


@pytest.mark.parametrize(("role", "may"), [("viewer", "changes nothing"), ("operator", "pauses")])
async def test_the_menu_says_who_is_signed_in_and_what_they_may(console: Console, role: str, may: str):
    """However long the name is, and from whichever side it is written."""
    window = await console.new_page(role, subject=LONG_SUBJECT, viewport=PHONE)
    await window.open()
    await expect(window.page.get_by_role("heading", level=1)).to_be_visible()
    await window.check_width()
    menu = await open_account(window.page)
    await expect(menu).to_contain_text(LONG_SUBJECT)
    await expect(menu).to_contain_text(f"{role}: ")
    await expect(menu).to_contain_text(may)
    await window.check_accessibility()
    await window.check_width()
    href = await menu.get_by_role("menuitem", name="Description of the API").get_attribute("href")
    assert href == f"{window.url}/docs"


async def test_a_choice_of_colours_is_kept_and_holds_in_every_tab(console: Console):
    """Against the system's, before anything is painted; and the system's again when that is chosen."""
    await console.open()
    page = console.page
    tab = await console.window.context.new_page()
    await tab.goto(f"{console.url}/automation/changes")
    await page.bring_to_front()
    await stands_on(page, LIGHT)
    await (await open_account(page)).get_by_role("menuitemradio", name="Dark").click()
    await stands_on(page, DARK)
    await stands_on(tab, DARK)
    await console.open()
    await stands_on(page, DARK)
    menu = await open_account(page)
    await expect(menu.get_by_role("menuitemradio", name="Dark")).to_be_checked()
    await menu.get_by_role("menuitemradio", name="As the system").click()
    await expect(menu).to_have_count(0)
    await stands_on(page, LIGHT)
    await page.emulate_media(color_scheme="dark")
    await stands_on(page, DARK)
    await tab.close()


async def test_a_browser_that_keeps_nothing_shows_the_console_all_the_same(console: Console):
    """Where storage is forbidden, a choice lasts as long as the page."""
    await console.page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, {get() { throw new DOMException('no', 'SecurityError') }});"
    )
    await console.open()
    await (await open_account(console.page)).get_by_role("menuitemradio", name="Dark").click()
    await stands_on(console.page, DARK)


async def test_the_whole_frame_is_reached_by_keyboard(console: Console):
    """In the order in which it is seen; the menu gives the focus back, the skip link leads past it."""
    await console.open()
    page = console.page
    await ready(page)
    banner = page.get_by_role("banner")
    frame = [page.get_by_role("link", name="Skip to content"), banner.get_by_role("link", name="Cronsole")]
    frame += [banner.get_by_role("link", name=name) for name in ("Jobs", "Timeline", "Replicas", "Changes")]
    account = banner.get_by_role("button", name="Account:")
    for each in [*frame, account]:
        await page.keyboard.press("Tab")
        await expect(each).to_be_focused()
        await expect(each).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitemradio", name="Light")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(account).to_be_focused()
    await frame[0].focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    assert page.url == f"{console.url}/automation"


async def test_a_new_screen_takes_the_focus_and_names_the_window(console: Console):
    """Each has a title of its own; unknown addresses say so, and lead home."""
    await console.add_job("A")
    await console.open()
    page = console.page
    await expect(page).to_have_title("Jobs · Cronsole")
    for name in ("Timeline", "Replicas", "Changes"):
        await page.get_by_role("banner").get_by_role("link", name=name).click()
        await expect(page).to_have_title(f"{name} · Cronsole")
        await expect(page.get_by_role("main")).to_be_focused()
    await page.go_back()
    await expect(page).to_have_title("Replicas · Cronsole")
    for path, name in SCREENS.items():
        await console.open(path)
        await expect(page).to_have_title(f"{name} · Cronsole")
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await page.get_by_role("link", name="All jobs").click()
    await expect(page).to_have_url(f"{console.url}/automation")


async def gone(route: Route) -> None:
    """Answer as a replica of another version does, which has other parts."""
    await route.fulfill(status=404, content_type="application/problem+json", body="{}")


async def test_a_part_that_a_deployment_has_replaced_is_asked_for_once_more(console: Console):
    """The page is loaded anew at the address that was asked for, and has the parts of its version."""
    await console.add_job("A")
    await console.open()
    page = console.page
    console.expect_errors("status of 404", "dynamically imported module")
    is_new = asyncio.Event()
    page.on("request", lambda asked: is_new.set() if asked.is_navigation_request() else None)

    async def part(route: Route) -> None:
        await (route.fallback() if is_new.is_set() else gone(route))

    await page.route("**/assets/JobPage-*.js", part)
    await page.get_by_role("link", name="A", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("A")


async def test_a_part_that_stays_away_is_said_and_the_other_screens_work(console: Console):
    """After one new page, no more; the frame still leads elsewhere."""
    console.expect_errors("status of 404", "dynamically imported module")
    page = console.page
    await page.route("**/assets/ReplicasPage-*.js", gone)
    await console.open("/automation/replicas")
    await expect(page.get_by_text(MISSING)).to_be_visible()
    await console.check_accessibility()
    await page.get_by_role("link", name="Changes").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Changes")


async def test_a_part_that_cannot_be_reached_is_loaded_when_it_can(console: Console):
    """The page stays while the network is away: a new one could not be had."""
    await console.add_job("A")
    await console.open()
    page = console.page
    await expect(page.get_by_role("link", name="A", exact=True)).to_be_visible()
    await console.cut()
    console.expect_errors("dynamically imported module", "preload CSS")
    await page.get_by_role("link", name="A", exact=True).click()
    await expect(page.get_by_text("The page is loaded again as soon as it can.")).to_be_visible()
    await console.restore()
    await expect(page.get_by_role("heading", level=1)).to_have_text("A")


@pytest.mark.parametrize("part", [r"index-[^/]*\.js", r"(?!index)[^/]*\.js", r"[^/]*\.css"])
async def test_a_page_without_its_parts_is_loaded_again(console: Console, part: str):
    """While a new version is rolled out, the page may come from one replica and its script from another."""
    console.expect_errors("status of 404", "MIME type")
    await console.page.route(re.compile(f"/assets/{part}"), gone, times=1)
    await console.open()
    await expect(console.page.get_by_role("heading", level=1)).to_have_text("Jobs")


async def test_a_page_that_never_gets_its_script_says_so(console: Console):
    """After a few tries, and not by an empty page."""
    console.expect_errors("status of 404", "MIME type")
    await console.page.add_init_script("sessionStorage.setItem('cronsole-tries', '3')")
    await console.page.route("**/assets/index-*.js", gone)
    await console.open()
    await expect(console.page.get_by_role("alert")).to_contain_text("The console could not be loaded.")


async def test_a_service_that_is_down_at_first_is_said_and_tried_again(console: Console):
    """The page has come, but nobody says who is signed in: by hand, and by itself when it is back."""
    page = console.page
    console.expect_errors("status of 503")
    await page.route("**/v1/console/session", lambda route: route.fulfill(status=503))
    await console.open("/automation/changes")
    failure = page.get_by_role("alert").filter(has_text="Could not load this page")
    await expect(failure).to_contain_text("What stands before the service cannot reach it (503).")
    await console.check_accessibility()
    await page.unroute("**/v1/console/session")
    await failure.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Changes")


async def test_a_service_that_is_back_is_noticed(console: Console):
    """A first load that failed for want of a connection goes on by itself."""
    page = console.page
    console.expect_errors("net::ERR_CONNECTION_REFUSED")
    await page.route("**/v1/console/**", lambda route: route.abort("connectionrefused"))
    await console.open("/automation/changes")
    await expect(page.get_by_role("alert").filter(has_text="Could not load this page")).to_be_visible()
    await page.unroute("**/v1/console/**")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Changes")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
async def test_a_pause_of_all_is_ended_in_its_banner(console: Console, color_scheme: str):
    """By an operator; a viewer sees why and until when, and nothing to press."""
    reason = "the exchange link is upgraded; " * 12
    await console.sql.execute("select pause_all($1)", reason)
    viewer = await console.new_page("viewer", color_scheme=color_scheme, viewport=PHONE)
    operator = await console.new_page("operator", color_scheme=color_scheme)
    for window in (viewer, operator):
        await window.open()
        banner = window.page.get_by_role("status").filter(has_text="All jobs are paused")
        await expect(banner).to_contain_text("by postgres, until somebody resumes them")
        await expect(banner).to_contain_text(reason.strip())
        await window.check_accessibility()
        await window.check_width()
    await expect(viewer.page.get_by_role("button", name="Resume all")).to_have_count(0)
    await operator.page.get_by_role("button", name="Resume all").click()
    await expect(operator.page.get_by_text("All jobs resumed")).to_be_visible()
    await operator.check_accessibility()
    for window in (viewer, operator):
        banner = window.page.get_by_role("status").filter(has_text="All jobs are paused")
        await expect(banner).to_have_count(0)
    state = await console.sql.fetchrow("select paused_until, paused_by from service_state")
    assert tuple(state) == (None, None)
    by = "select changed_by from job_changes where operation = 'RESUME'"
    assert await console.sql.fetchval(by) == "oscar"


async def test_a_pause_of_all_ends_by_itself(console: Console):
    """Nobody tells of it, and this browser's clock is ahead of the service's, by less than it can notice."""
    await console.page.add_init_script("const now = Date.now; Date.now = () => now() + 1_400;")
    await console.sql.execute("select pause_all('a drill', clock_timestamp() + interval '1 hour')")
    await console.open()
    banner = console.page.get_by_role("status").filter(has_text="All jobs are paused")
    await expect(banner).to_contain_text("a drill")
    await console.sql.execute("select pause_all('over soon', clock_timestamp() + interval '3 seconds')")
    await expect(banner).to_contain_text("over soon")
    await expect(banner).to_have_count(0)


async def test_the_content_policy_allows_nothing_inline(console: Console):
    """What the browser was told; a violation of it, and a request to another host, fail every test."""
    response = await console.page.goto(f"{console.url}/automation")
    assert response is not None
    policy = await response.header_value("content-security-policy") or ""
    assert "script-src 'self'; style-src 'self';" in policy
    assert not re.search(r"unsafe|https?:|\*", policy)
    await expect(console.page.get_by_role("heading", level=1)).to_be_visible()
