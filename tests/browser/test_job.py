"""The screen of a job: what it shows comes from the database, and what is asked there is answered."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.support.console import PHONE, Console
from tests.support.rows import insert_executions, insert_fires

HOSTILE = '<img src=x onerror="document.title=1">‮ gnirts desrever ‬'
SINCE = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


async def test_the_next_fires_are_shown_in_the_zone_of_the_job(console: Console):
    """A browser in Kolkata sees New York's clocks, and its own beside them."""
    await console.add_job("A", cron="0 30 9 * * *", time_zone="America/New_York")
    window = await console.new_page(time_zone="Asia/Kolkata")
    await window.open("/automation/jobs/A")
    fires = window.page.get_by_role("list", name="Next fires").get_by_role("listitem")
    await expect(fires).to_have_count(10)
    for fire in await fires.all():
        await expect(fire).to_contain_text("09:30:00 GMT-")
        await expect(fire).to_contain_text(" here")
    await expect(window.page.get_by_text("America/New_York").first).to_be_visible()


async def test_executions_appear_as_they_run(console: Console):
    """Started behind the page's back, running and ended without a reload; the chart and the list agree."""
    await console.add_job("A", None, handler="test.steered")
    await console.open("/automation/jobs/A")
    page = console.page
    await expect(page.get_by_text("It has not run yet.")).to_be_visible()
    run = await console.run("A")
    row = (
        page.get_by_role("row").filter(has_text="Manual").or_(page.get_by_role("row").filter(has_text="psql"))
    )
    await expect(row).to_contain_text("Running")
    run.fail("first line of it\nsecond line")
    await expect(row).to_contain_text("Failed")
    await expect(row).to_contain_text("first line of it")
    await expect(page.get_by_role("img", name="Durations of the last 1 executions")).to_be_visible()
    await row.get_by_role("link").click()
    await expect(page).to_have_url(f"{console.url}/automation/executions/{run.execution_id}")


async def test_executions_are_narrowed_and_go_on_page_by_page(console: Console):
    """By status and by what stands in the error; the pages lead to the oldest without a gap."""
    await console.add_job("A", None)
    await insert_executions(console.sql, "A", 220, SINCE)
    await console.open("/automation/jobs/A")
    page = console.page
    rows = page.get_by_role("region", name="Executions").get_by_role("row")
    await expect(rows).to_have_count(51)
    await page.get_by_role("button", name="Show older executions").click()
    await expect(rows).to_have_count(101)
    await page.get_by_role("button", name="Any status").click()
    await page.get_by_role("option", name="Failed").click()
    await expect(rows).to_have_count(4)
    await page.get_by_role("searchbox", name="Search in errors").fill("error 200")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(1)).to_contain_text("IBM: no bars, error 200")
    await page.get_by_role("searchbox", name="Search in errors").fill("nothing of the kind")
    await expect(page.get_by_text("No execution is like that.")).to_be_visible()
    await page.get_by_role("button", name="Show all executions").click()
    await expect(rows).to_have_count(101)


async def test_fires_are_shown_by_outcome_and_why_is_answered(console: Console):
    """The numbers are those of the ledger, and the question goes to the database."""
    await console.add_job("A", "0 0 3 * * *", enabled=False)
    await insert_fires(console.sql, "A", 150, SINCE)
    await console.open("/automation/jobs/A?tab=fires")
    page = console.page
    rows = page.get_by_role("region", name="Fires").get_by_role("row")
    await expect(rows).to_have_count(151)
    await page.get_by_role("radio", name="Missed 1").click()
    await expect(rows).to_have_count(2)
    await expect(rows.nth(1)).to_contain_text("nobody was there")
    await page.get_by_label("Why did it run, or not, at (UTC)").fill("2020-02-29T12:00")
    await page.get_by_role("button", name="Ask").click()
    sentence = await console.sql.fetchval("select why_not('A', '2020-02-29T12:00Z')")
    await expect(page.get_by_text(sentence, exact=True)).to_be_visible()


async def test_a_change_is_shown_and_taken_back(console: Console):
    """Made in psql, seen without a reload, reverted here: the row is what it was before."""
    await console.add_job("A", "0 0 3 * * *")
    await console.open("/automation/jobs/A?tab=changes")
    page = console.page
    items = page.get_by_role("list", name="Changes, newest first").get_by_role("listitem")
    await expect(items).to_have_count(1)
    await console.sql.execute("update jobs set schedule_cron = '0 0 4 * * *' where job_id = 'A'")
    await expect(items).to_have_count(2)
    await expect(items.first).to_contain_text("before: 0 0 3 * * *")
    await expect(items.first).to_contain_text("after: 0 0 4 * * *")
    await items.first.get_by_role("button", name="Revert …").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("after: 0 0 3 * * *")
    await dialog.get_by_role("button", name="Revert").click()
    await expect(page.get_by_text("A is as it was before")).to_be_visible()
    assert await console.sql.fetchval("select schedule_cron from jobs where job_id = 'A'") == "0 0 3 * * *"
    await expect(items).to_have_count(3)
    assert (
        await console.sql.fetchval("select changed_by from job_changes order by change_id desc limit 1")
        == "ada"
    )


async def test_a_job_changed_meanwhile_is_not_reverted(console: Console):
    """What the dialog showed is not what would happen now: refused, and the reason is shown."""
    await console.add_job("A", "0 0 3 * * *")
    await console.sql.execute("update jobs set schedule_cron = '0 0 4 * * *' where job_id = 'A'")
    await console.open("/automation/jobs/A?tab=changes")
    page = console.page
    await page.get_by_role("button", name="Revert …").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("after: 0 0 3 * * *")
    await page.route(
        "**/revert*",
        lambda route: route.continue_(headers={**route.request.headers, "if-match": '"1"'}),
    )
    console.expect_errors("412")
    await dialog.get_by_role("button", name="Revert").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Not reverted.")
    assert await console.sql.fetchval("select schedule_cron from jobs where job_id = 'A'") == "0 0 4 * * *"


async def test_commands_do_the_same_in_psql(console: Console):
    """What stands there to copy works as it is."""
    await console.add_job("A", "0 0 3 * * *")
    await console.open("/automation/jobs/A?tab=commands")
    page = console.page
    command = await page.get_by_label("Disable, in psql", exact=True).inner_text()
    await console.sql.execute(command)
    await expect(page.get_by_label("Enable, in psql", exact=True)).to_be_visible()
    assert await console.sql.fetchval("select enabled from jobs where job_id = 'A'") is False
    curl = await page.get_by_label("Run now, with curl", exact=True).inner_text()
    assert f"{console.url}/v1/console/jobs/A/trigger" in curl
    assert "$TOKEN" in curl


async def test_hostile_texts_are_text(console: Console):
    """Names, parameters and groups of others break no layout, and run nothing."""
    await console.add_job(
        "A",
        None,
        display_name=HOSTILE[:100],
        job_group=HOSTILE[:50],
        description=HOSTILE * 50,
        params='{"text": "' + "x" * 60_000 + '"}',
    )
    window = await console.new_page(viewport=PHONE)
    await window.open("/automation/jobs/A?tab=settings")
    page = window.page
    await expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE[:100])
    await expect(page.get_by_label("Parameters", exact=True)).to_contain_text("xxxx")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (await page.title()).endswith("Cronsole")


async def test_a_viewer_is_offered_nothing_to_change(console: Console):
    """No button that would be refused; everything there is to read."""
    await console.add_job("A", "0 0 3 * * *")
    await console.sql.execute("update jobs set description = 'x' where job_id = 'A'")
    viewer = await console.new_page("viewer")
    await viewer.open("/automation/jobs/A?tab=changes")
    await expect(viewer.page.get_by_role("list", name="Changes, newest first")).to_be_visible()
    for name in ("Run now", "Edit schedule", "Revert …"):
        await expect(viewer.page.get_by_role("button", name=name)).to_have_count(0)


async def test_what_is_on_record_of_a_deleted_job_stays(console: Console):
    """The page says that there is no such job now, and shows what was; an admin brings it back."""
    await console.add_job("A", None)
    await insert_executions(console.sql, "A", 3, SINCE)
    await console.sql.execute("delete from jobs where job_id = 'A'")
    console.expect_errors("404")
    await console.open("/automation/jobs/A")
    page = console.page
    await expect(page.get_by_text("There is no such job now.")).to_be_visible()
    await expect(page.get_by_role("region", name="Executions").get_by_role("row")).to_have_count(4)
    await page.get_by_role("button", name="Bring back …").click()
    await page.get_by_role("dialog").get_by_role("button", name="Bring the job back").click()
    await expect(page.get_by_role("button", name="Run now")).to_be_visible()
    assert await console.sql.fetchval("select count(*) from jobs where job_id = 'A'") == 1


async def test_failures_to_load_can_be_tried_again(console: Console):
    """The error says what to do; the next try succeeds."""
    await console.add_job("A", None)
    page = console.page
    await page.route("**/v1/console/jobs/A", lambda route: route.fulfill(status=500, body="no"))
    console.expect_errors("500")
    await console.open("/automation/jobs/A")
    await expect(page.get_by_role("alert")).to_contain_text("Could not load the job")
    await page.unroute("**/v1/console/jobs/A")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="A", level=1)).to_be_visible()


async def test_what_is_done_to_the_job_stands_in_its_row(console: Console):
    """Disabled, enabled, paused with a reason, resumed, deleted: each from its own control."""
    await console.add_job("A", "0 0 3 * * *")
    await console.open("/automation/jobs/A")
    page = console.page
    await page.get_by_role("switch", name="Enabled").click(force=True)
    await expect(page.get_by_text("A is disabled")).to_be_visible()
    assert await console.sql.fetchval("select enabled from jobs") is False
    await expect(page.get_by_role("button", name="Run now")).to_be_disabled()
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)  # until then a click is one too many
    await page.get_by_role("switch", name="Enabled").click(force=True)
    await expect(page.get_by_text("A is enabled")).to_be_visible()
    assert await console.sql.fetchval("select enabled from jobs") is True
    await page.get_by_role("button", name="Pause…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("exchange closed")
    await dialog.get_by_role("button", name="Pause").click()
    await expect(
        page.get_by_text("This job is paused until somebody resumes: exchange closed")
    ).to_be_visible()
    assert await console.sql.fetchval("select pause_reason from jobs") == "exchange closed"
    await expect(dialog).to_have_count(0)
    await page.get_by_role("button", name="Resume", exact=True).click()
    await expect(page.get_by_role("button", name="Pause…")).to_be_visible()
    assert await console.sql.fetchval("select paused_until from jobs") is None
    console.expect_errors("404")  # the page asks for what is gone
    await page.get_by_role("button", name="Further actions").click()
    await page.get_by_role("menuitem", name="Delete…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("There is no such job now.")).to_be_visible()
    assert await console.sql.fetchval("select count(*) from jobs") == 0


async def test_a_pause_of_all_is_not_taken_for_one_of_the_job(console: Console):
    """How long, and why, is said of the pause that holds; one of the job alone is seen to end by itself."""
    await console.add_job("A")
    await console.sql.execute("select pause_all('the night', clock_timestamp() + interval '1 hour')")
    await console.open("/automation/jobs/A")
    page = console.page
    main = page.get_by_role("main")
    await expect(main.get_by_text("All jobs are paused.")).to_be_visible()
    await console.sql.execute("select resume_all()")
    await expect(main.get_by_text("All jobs are paused.")).to_have_count(0)
    await console.sql.execute("select pause_job('A', 'a drill', clock_timestamp() + interval '1 hour')")
    await expect(main.get_by_text("This job is paused until")).to_contain_text("a drill")
    await console.sql.execute("select pause_job('A', 'over soon', clock_timestamp() + interval '2 seconds')")
    await expect(main.get_by_text("This job is paused until")).to_contain_text("over soon")
    await expect(main.get_by_text("This job is paused until")).to_have_count(0)


async def test_a_tab_that_there_is_not_is_the_first(console: Console):
    """Whatever stands in the address, were it a word that every object of the language knows."""
    await console.add_job("A")
    for tab in ("nonsense", "constructor"):
        await console.open(f"/automation/jobs/A?tab={tab}")
        await expect(console.page.get_by_role("tab", name="Executions")).to_have_attribute(
            "aria-selected", "true"
        )
        await expect(console.page.get_by_text("It has not run yet.")).to_be_visible()
