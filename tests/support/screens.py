"""The screens of the console on the demo's data: where each is, and when it has loaded."""

import re
from typing import Any

from playwright.async_api import Page, expect

from tests.support.demo.hostile import LONG_ID

# Of an execution the query that finds it.
NEWEST = """
    select execution_id from job_executions where job_id = '{}' and status = '{}'
     order by start_time desc limit 1
"""
SCREENS = {
    "jobs": "/automation",
    "timeline": "/automation/timeline",
    "job": "/automation/jobs/PRICES_INTRADAY",
    "running execution": NEWEST.format("RISK_EOD", "RUNNING"),
    "failed execution": NEWEST.format("RISK_INTRADAY", "FAILED"),
    "replicas": "/automation/replicas",
    "changes": "/automation/changes",
    "sign in": "/signin",
    "hostile job": "/automation/jobs/HOSTILE_MARKUP",
    "long job": f"/automation/jobs/{LONG_ID}",
    "hostile execution": NEWEST.format("HOSTILE_RIGHT_TO_LEFT", "FAILED"),
    "long execution": NEWEST.format(LONG_ID, "FAILED"),
}


async def path_of(screen: str, sql: Any) -> str:
    """Return where a screen is."""
    where = SCREENS[screen]
    return where if where.startswith("/") else f"/automation/executions/{await sql.fetchval(where)}"


async def ready(page: Page) -> None:
    """Wait until a screen shows its title, and nothing on it says that it is loading."""
    await expect(page.locator("h1")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"^Loading "))).to_have_count(0)
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
