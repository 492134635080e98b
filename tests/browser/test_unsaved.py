"""What has been typed into a dialog is not lost by Escape, by a click beside it, or by closing the tab."""

import re

import pytest
from playwright.async_api import Dialog, Page, expect

from tests.support.console import Console

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


@pytest.mark.parametrize("name", DIALOGS)
async def test_no_dialog_loses_what_was_typed(console: Console, name: str):
    """Without an edit it closes at once; with one it asks, and goes on or discards as one answers."""
    path, button, label = DIALOGS[name]
    await console.add_job("A", "0 0 3 * * *")
    await console.open(path)
    page = console.page
    await expect(page.get_by_text(re.compile(r"^in \d"))).to_be_visible()  # nothing moves from now on
    opener = page.get_by_role("button", name=button, exact=True)
    question = page.get_by_role("dialog", name="Leave without saving?")
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
