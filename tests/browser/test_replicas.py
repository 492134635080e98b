"""The screen of the fleet: leases, what each replica measures, and what the doctor finds."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.support.console import Console


@pytest.fixture
def console_settings() -> dict[str, Any]:
    """A short lease, so that a dead replica is known soon."""
    return {"lease_seconds": 5}


async def test_the_fleet_is_shown_as_it_comes_and_goes(console: Console):
    """A second replica joins, and is killed: its lease runs out before one's eyes."""
    await console.open("/automation/replicas")
    page = console.page
    alive = (
        page.get_by_role("list", name="Replicas that are alive")
        .get_by_role("listitem")
        .filter(has_text="Lease")
    )
    await expect(alive).to_have_count(1)
    await expect(alive).to_contain_text("serves this page")
    await expect(alive).to_contain_text("round trip")
    replica = await console.start_replica(CRONSOLE_LEASE_SECONDS="5")
    await expect(alive).to_have_count(2)
    replica.process.kill()
    await expect(alive).to_have_count(1)
    await page.get_by_text("1 replica has left, or lost its lease").click()
    gone = page.get_by_role("list", name="Replicas without a lease").get_by_role("listitem").first
    await expect(gone).to_contain_text("Lease expired")


async def test_what_runs_is_counted(console: Console):
    """An execution counts for the replica that runs it, from its start to its end."""
    await console.add_job("A", None, handler="test.steered")
    await console.open("/automation/replicas")
    page = console.page
    about = page.get_by_text("1 alive · 1 execution running")
    run = await console.run("A")
    await expect(about).to_be_visible()
    run.end()
    await expect(page.get_by_text("1 alive · 0 executions running")).to_be_visible()


async def test_the_doctor_says_in_words_what_is_wrong(console: Console):
    """A job whose handler nobody knows is a finding; looked at again, it is gone."""
    await console.add_job("A", "0 0 3 * * *", handler="nobody.knows")
    await console.open("/automation/replicas")
    page = console.page
    wrong = page.get_by_role("list", name="What is wrong")
    await expect(wrong).to_contain_text("nobody.knows")
    await console.sql.execute("delete from jobs")
    await page.get_by_role("button", name="Look again").click()
    await expect(wrong).not_to_contain_text("nobody.knows")
    await expect(wrong).to_contain_text("fsync is off")  # as in every database of the tests


async def test_a_fleet_that_cannot_be_read_says_so(console: Console):
    """The screen says what to do, and tries again when asked."""
    page = console.page
    await page.route("**/v1/console/replicas", lambda route: route.fulfill(status=503, body="no"))
    console.expect_errors("503")
    await console.open("/automation/replicas")
    alert = page.get_by_role("alert").filter(has_text="Could not load the replicas")
    await expect(alert).to_contain_text("cannot reach it (503)")
    await page.unroute("**/v1/console/replicas")
    await alert.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("serves this page")).to_be_visible()
