"""The dialog of a job's settings: what it saves stands in the row, and it overwrites nobody's change."""

import json
import re
from typing import Any

from playwright.async_api import expect

from tests.support.console import Console


async def opened(console: Console) -> None:
    """A job with its dialog."""
    await console.add_job("A", "0 0 3 * * *")
    await console.open("/automation/jobs/A?tab=settings")
    # What comes above it moves the button.
    await expect(console.page.get_by_text("Nothing has ended yet")).to_be_visible()
    await expect(console.page.get_by_text(re.compile(r"^in \d"))).to_be_visible()
    await console.page.get_by_role("button", name="Edit settings").click()


async def test_what_is_saved_stands_in_the_row(console: Console):
    """Policies, numbers and parameters; what was not touched stays, and it is said where it is in force."""
    await opened(console)
    page = console.page
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Another name")
    await dialog.get_by_label("Parameters").fill('{"symbols": ["IBM"]}')
    await dialog.get_by_role("button", name="Overlap").click()
    await page.get_by_role("option", name="QUEUE").click()
    await dialog.get_by_label("Timeout, in seconds").fill("90")
    await console.check_accessibility()
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("In force on 1 of 1 replica")).to_be_visible()
    row: Any = await console.sql.fetchrow("select * from jobs where job_id = 'A'")
    assert (row["display_name"], row["overlap_policy"], row["timeout_seconds"]) == (
        "Another name",
        "QUEUE",
        90,
    )
    assert json.loads(row["params"]) == {"symbols": ["IBM"]}
    assert row["schedule_cron"] == "0 0 3 * * *"
    assert row["revision"] == 2
    await expect(page.get_by_role("heading", name="Another name", level=1)).to_be_visible()


async def test_what_is_wrong_is_said_at_its_field(console: Console):
    """By the page where it can tell, else by the server; nothing is written."""
    await opened(console)
    dialog = console.page.get_by_role("dialog")
    await dialog.get_by_label("Parameters").fill("[1]")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_text("not a JSON object")).to_be_visible()
    await dialog.get_by_label("Parameters").fill("{}")
    await dialog.get_by_label("Most attempts").fill("1000")
    console.expect_errors("400")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_label("Most attempts")).to_have_attribute("aria-invalid", "true")
    assert await console.sql.fetchval("select revision from jobs where job_id = 'A'") == 1


async def test_a_change_made_meanwhile_is_shown_and_kept(console: Console):
    """Somebody else's change is told at once; what was typed goes over it only when that is wanted."""
    await opened(console)
    dialog = console.page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Mine")
    await console.sql.execute("update jobs set max_attempts = 5 where job_id = 'A'")
    await expect(dialog.get_by_role("alert")).to_contain_text("has changed this job meanwhile")
    await expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    await dialog.get_by_role("button", name="Keep my edits, over this version").click()
    await dialog.get_by_label("Most attempts").fill("5")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    row: Any = await console.sql.fetchrow("select display_name, max_attempts from jobs where job_id = 'A'")
    assert tuple(row) == ("Mine", 5)


async def test_an_operator_may_not_edit_settings(console: Console):
    """What a job does is an admin's; the operator reads it."""
    await console.add_job("A", "0 0 3 * * *")
    operator = await console.new_page("operator")
    await operator.open("/automation/jobs/A?tab=settings")
    await expect(operator.page.get_by_text("Policies")).to_be_visible()
    await expect(operator.page.get_by_role("button", name="Edit settings")).to_have_count(0)
