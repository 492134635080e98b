"""The screens of the console on the demo: where each is, what is opened there, and when it has loaded."""

import re
from typing import Any

import msgspec
from playwright.async_api import Page, expect

from tests.support.demo.hostile import LONG_ID
from tests.support.window import Window

# The execution that a screen shows.
NEWEST = """
    select execution_id from job_executions where job_id = $1 and status = $2
     order by start_time desc limit 1
"""
JOB = "/automation/jobs/PRICES_INTRADAY"
# On a phone the component library keeps a dialog transparent until the keyboard might have come up.
IS_STILL = """
    () => document.getAnimations().every((animation) =>
            animation.playState !== 'running' || animation.effect.getComputedTiming().endTime === Infinity)
        && [...document.querySelectorAll('[role=dialog]')].every((dialog) =>
            dialog.checkVisibility({ opacityProperty: true }))
"""


class Screen(msgspec.Struct, frozen=True):
    """A path, or the job and the status of the execution to show; the button that opens a dialog there.

    `cron` is what is typed into the dialog of a schedule.
    """

    path: str
    status: str | None = None
    opened_by: str | None = None
    cron: str | None = None


SCREENS = {
    "jobs": Screen("/automation"),
    "timeline": Screen("/automation/timeline"),
    "job": Screen(JOB),
    "fires": Screen(f"{JOB}?tab=fires"),
    "settings": Screen(f"{JOB}?tab=settings"),
    "running execution": Screen("RISK_EOD", "RUNNING"),
    "failed execution": Screen("RISK_INTRADAY", "FAILED"),
    "replicas": Screen("/automation/replicas"),
    "changes": Screen("/automation/changes"),
    "sign in": Screen("/signin"),
    "edit schedule": Screen(
        "/automation/jobs/PRICES_CLOSE_US", opened_by="Edit schedule", cron="0 5/20 16-17 * * MON-FRI"
    ),
    "edit settings": Screen(f"{JOB}?tab=settings", opened_by="Edit settings"),
    "run now": Screen("/automation/jobs/RISK_INTRADAY", opened_by="Run now"),
    "pause": Screen(JOB, opened_by="Pause…"),
    "pause all": Screen("/automation", opened_by="Pause all…"),
    "new job": Screen("/automation", opened_by="New job…"),
}
# What tries to break the page, with its texts or their lengths.
HOSTILE_SCREENS = {
    "hostile job": Screen("/automation/jobs/HOSTILE_MARKUP"),
    "long job": Screen(f"/automation/jobs/{LONG_ID}"),
    "hostile execution": Screen("HOSTILE_RIGHT_TO_LEFT", "FAILED"),
    "long execution": Screen(LONG_ID, "FAILED"),
}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": (360, 740), "is_mobile": True, "has_touch": True, "device_scale_factor": 2},
}


async def open_screen(window: Window, screen: Screen, sql: Any) -> None:
    """Go to a screen, open what it names there, and return when all has loaded."""
    path = screen.path
    if screen.status is not None:
        path = f"/automation/executions/{await sql.fetchval(NEWEST, screen.path, screen.status)}"
    await window.open(path)
    await ready(window.page)
    if screen.opened_by is not None:
        await window.page.get_by_role("button", name=screen.opened_by).first.click()
        dialog = window.page.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        if screen.cron is not None:
            await dialog.get_by_label("Cron expression").fill(screen.cron)
            await expect(dialog.get_by_role("button", name="Save")).to_be_enabled()
        await ready(window.page)


async def ready(page: Page) -> None:
    """Wait until a screen shows its title, and nothing on it says that it is loading."""
    await expect(page.locator("h1")).to_have_count(1)
    await expect(page.get_by_text(re.compile(r"^Loading "))).to_have_count(0)
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    await still(page)


async def still(page: Page) -> None:
    """Wait until nothing moves or changes its colour any more, but what does so for ever."""
    await page.wait_for_function(IS_STILL)
