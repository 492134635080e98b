"""The screen of the audit: who changed what, and through what; with filters in the address."""

from playwright.async_api import expect

from tests.support.console import Console


async def changed(console: Console) -> None:
    """Two jobs, a change in psql, one over HTTP as oscar, and a pause of everything."""
    await console.add_job("A", "0 0 3 * * *")
    await console.add_job("B", None)
    await console.sql.execute("update jobs set schedule_cron = '0 0 4 * * *' where job_id = 'A'")
    window = await console.new_page("operator")
    await window.open("/automation/changes")
    put = "fetch('/v1/console/jobs/A/enabled?enabled=false', {method: 'PUT'}).then((answer) => answer.status)"
    assert await window.page.evaluate(put) == 200
    await window.close()
    await console.sql.execute("select pause_all('upgrade of the link')")


async def test_every_change_says_who_what_and_through_what(console: Console):
    """psql by its role and program, the API by its subject; what is of all jobs says so."""
    await changed(console)
    await console.open("/automation/changes")
    items = console.page.get_by_role("list", name="Changes, newest first").get_by_role("listitem")
    await expect(items).to_have_count(5)
    await expect(items.nth(0)).to_contain_text("paused all jobs")
    await expect(items.nth(0)).to_contain_text("upgrade of the link")
    await expect(items.nth(1)).to_contain_text("oscar changed A")
    await expect(items.nth(1)).to_contain_text("before: true")
    await expect(items.nth(1)).to_contain_text("after: false")
    await expect(items.nth(2)).to_contain_text("through psql")
    await expect(items.nth(2)).to_contain_text("moves the plan")


async def test_filters_stand_in_the_address(console: Console):
    """Typed or linked, they ask the database; what nothing is like can be cleared."""
    await changed(console)
    await console.open("/automation/changes?operation=UPDATE")
    page = console.page
    items = page.get_by_role("list", name="Changes, newest first").get_by_role("listitem")
    await expect(items).to_have_count(2)
    await page.get_by_label("Changed by").fill("oscar")
    await expect(items).to_have_count(1)
    await expect(page).to_have_url(f"{console.url}/automation/changes?operation=UPDATE&by=oscar")
    await page.reload()
    await expect(items).to_have_count(1)
    await page.get_by_label("To", exact=True).fill("2001-01-01")
    await expect(page.get_by_text("No change is like that.")).to_be_visible()
    await page.get_by_role("button", name="Show all changes").click()
    await expect(items).to_have_count(5)
    await page.get_by_label("Job", exact=True).fill("B")
    await expect(items).to_have_count(1)
    await page.get_by_role("button", name="Clear").click()
    await expect(items).to_have_count(5)


async def test_the_next_change_appears_by_itself(console: Console):
    """Empty at first; what is done in psql shows without a reload."""
    await console.sql.execute("delete from job_changes")
    await console.open("/automation/changes")
    await expect(console.page.get_by_text("Nothing has been changed yet.")).to_be_visible()
    await console.add_job("A", None)
    items = console.page.get_by_role("list", name="Changes, newest first").get_by_role("listitem")
    await expect(items).to_have_count(1)
    await expect(items).to_contain_text("created A")


async def test_older_changes_are_shown_on_demand(console: Console):
    """Page by page, without a gap, down to the first."""
    await console.add_job("A", None)
    for number in range(60):
        await console.sql.execute("update jobs set description = $1 where job_id = 'A'", f"text {number}")
    await console.open("/automation/changes?job=A")
    items = console.page.get_by_role("list", name="Changes, newest first").get_by_role("listitem")
    await expect(items).to_have_count(50)
    await console.page.get_by_role("button", name="Show older changes").click()
    await expect(items).to_have_count(61)
    await expect(items.last).to_contain_text("created A")
    await expect(console.page.get_by_role("button", name="Show older changes")).to_have_count(0)
