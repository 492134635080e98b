"""What has been typed into a dialog is not lost by Escape, a click beside it, Back, or closing the tab."""

import re

import pytest
from playwright.async_api import Dialog, Locator, Page, expect

from tests.support.console import Console
from tests.support.screens import ready

# The way to a dialog: a path, a button, one of its fields.
DIALOGS = {
    "new job": ("/automation", "New job…", "Description"),
    "pause all": ("/automation", "Pause all…", "Reason"),
    "edit settings": ("/automation/jobs/A?tab=settings", "Edit settings", "Description"),
    "edit schedule": ("/automation/jobs/A", "Edit schedule", "Cron expression"),
    "run now": ("/automation/jobs/A", "Run now", "Reason (optional)"),
}
TYPED = "0 0 8 * * *"


async def leave_by(page: Page, way: str) -> None:
    """Leave the dialog in one of the ways there are."""
    if way == "Escape":
        await page.keyboard.press("Escape")
    elif way == "click beside it":
        await page.mouse.click(5, 400)
    else:
        await page.get_by_role("dialog").get_by_role("button", name=way, exact=True).click()


async def walk_to(console: Console, path: str) -> tuple[str, str]:
    """Go to a path by links, so that Back stays within the page; returns where it leads, and where one is."""
    page = console.page
    await console.open("/automation/replicas")
    await page.get_by_role("link", name="Jobs", exact=True).click()
    if "/jobs/A" in path:
        await page.get_by_role("link", name="A", exact=True).click()
    if "tab=settings" in path:
        await page.get_by_role("tab", name="Settings").click()
    await expect(page).to_have_url(console.url + path)
    await ready(page)
    before = "/automation" if "/jobs/A" in path else "/automation/replicas"
    return console.url + before, console.url + path


def question_of(page: Page) -> Locator:
    """The question whether to leave."""
    return page.get_by_role("dialog", name="Leave without saving?")


@pytest.mark.parametrize("name", DIALOGS)
async def test_no_dialog_loses_what_was_typed(console: Console, name: str):
    """Without an edit it closes at once; with one it asks, and goes on or discards as one answers."""
    path, button, label = DIALOGS[name]
    await console.add_job("A", "0 0 3 * * *")
    await console.open(path)
    page = console.page
    await expect(page.get_by_text(re.compile(r"^in \d"))).to_be_visible()  # nothing moves from now on
    opener = page.get_by_role("button", name=button, exact=True)
    question = question_of(page)
    field = page.get_by_label(label, exact=True)
    await opener.click()
    await expect(field).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await opener.click()
    await field.fill(TYPED)
    for way in ("Escape", "click beside it", "Cancel", "Close the dialog"):
        await leave_by(page, way)
        await question.get_by_role("button", name="Go on editing").click()
        await expect(question).to_have_count(0)
        await expect(field).to_have_value(TYPED)
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    async with page.expect_event("dialog"):
        await page.close(run_before_unload=True)
    await expect(field).to_have_value(TYPED)
    assert asked == ["beforeunload"]
    await page.keyboard.press("Escape")
    await question.get_by_role("button", name="Discard").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await opener.click()
    await expect(field).not_to_have_value(TYPED)


@pytest.mark.parametrize("name", DIALOGS)
async def test_back_and_forward_ask_before_something_typed_is_lost(console: Console, name: str):
    """Going on leaves the text and the address as they are; discarding leads to where Back would have led."""
    path, button, label = DIALOGS[name]
    await console.add_job("A", "0 0 3 * * *", display_name="A")
    before, here = await walk_to(console, path)
    page = console.page
    field = page.get_by_label(label, exact=True)
    await page.get_by_role("button", name=button, exact=True).click()
    await expect(field).to_be_visible()
    await page.go_back()
    await expect(page).to_have_url(before)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.go_forward()
    await expect(page).to_have_url(here)
    await page.get_by_role("button", name=button, exact=True).click()
    await field.fill(TYPED)
    for _ in range(2):
        await page.evaluate("history.back()")
        await question_of(page).get_by_role("button", name="Go on editing").click()
        await expect(question_of(page)).to_have_count(0)
        await expect(field).to_have_value(TYPED)
        await expect(page).to_have_url(here)
    await page.evaluate("history.back()")
    await question_of(page).get_by_role("button", name="Discard").click()
    await expect(page).to_have_url(before)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("#content")).to_be_focused()
    await page.go_forward()
    await expect(page).to_have_url(here)
    await expect(page.locator("h1")).to_have_count(1)
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_link_in_a_dialog_asks_before_something_typed_is_lost(console: Console):
    """Unless it opens elsewhere; and so does Forward."""
    await console.add_job("A", handler="nobody.knows", display_name="A")
    _, here = await walk_to(console, "/automation/jobs/A")
    page = console.page
    await page.get_by_role("button", name="Run now", exact=True).click()
    field, link = page.get_by_label("Reason (optional)"), page.get_by_role("link", name="the replicas")
    await link.click()
    # Until that screen has come, nobody has left.
    await expect(page.get_by_role("heading", level=1)).to_have_text("Replicas")
    await page.go_back()
    await page.get_by_role("button", name="Run now", exact=True).click()
    await field.fill(TYPED)
    async with page.context.expect_page() as opened:
        await link.click(modifiers=["ControlOrMeta"])
    await (await opened.value).close()
    await expect(question_of(page)).to_have_count(0)
    for leave in (link.click, lambda: page.evaluate("history.forward()")):
        await leave()
        await question_of(page).get_by_role("button", name="Go on editing").click()
        await expect(question_of(page)).to_have_count(0)
        await expect(field).to_have_value(TYPED)
        await expect(page).to_have_url(here)
    await link.click()
    await question_of(page).get_by_role("button", name="Discard").click()
    await expect(page).to_have_url(f"{console.url}/automation/replicas")
    await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("is_edited", [False, True])
async def test_no_dialog_stays_open_over_another_job(console: Console, is_edited: bool):
    """Where Back leads past the list to the screen of another job, which is the same screen to the page."""
    for job_id in ("A", "B"):
        await console.add_job(job_id, display_name=job_id)
    _, first = await walk_to(console, "/automation/jobs/A")
    page = console.page
    await page.get_by_role("link", name="Jobs", exact=True).click()
    await page.get_by_role("link", name="B", exact=True).click()
    await page.get_by_role("button", name="Pause…", exact=True).click()
    await expect(page.get_by_role("dialog", name="Pause B")).to_be_visible()
    if is_edited:
        await page.get_by_label("Reason").fill(TYPED)
    await page.evaluate("history.go(-2)")
    if is_edited:
        await question_of(page).get_by_role("button", name="Discard").click()
    await expect(page).to_have_url(first)
    await expect(page.locator("h1")).to_have_text("A")
    await expect(page.get_by_role("dialog")).to_have_count(0)
