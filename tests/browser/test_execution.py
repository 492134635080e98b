"""The screen of an execution: how it goes, what came of it, and what is done about it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, expect

from service.execution import runner
from service.handlers import Run, handler
from tests.support.console import PHONE, Console
from tests.support.process_fleet import until
from tests.support.rows import insert_ended

MINUTE_AGO = datetime.now(UTC) - timedelta(minutes=1)
HOSTILE = '<img src=x onerror="document.title=1">‮ gnirts desrever </script>'
RETRY = "Retry with the same parameters"
CANCEL = "Cancel the execution"
ONE_SLOT = {"max_concurrent_executions": 1}


@pytest.fixture
def console_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a test asks for by parametrizing this fixture."""
    settings: dict[str, Any] = getattr(request, "param", {})
    return settings


async def shown(console: Console, execution_id: UUID) -> Page:
    """Open the screen of an execution."""
    await console.open(f"/automation/executions/{execution_id}")
    return console.page


def step(page: Page, name: str) -> Locator:
    """One of the states in the line of them."""
    return page.get_by_role("list", name="States").get_by_role("listitem").filter(has_text=name)


def button(page: Page, name: str) -> Locator:
    """A button of exactly this name."""
    return page.get_by_role("button", name=name, exact=True)


async def status_of(console: Console, execution_id: UUID) -> str:
    """The status in the row."""
    status: str = await console.sql.fetchval(
        "select status from job_executions where execution_id = $1", execution_id
    )
    return status


async def test_a_run_is_followed_to_its_end(console: Console):
    """States, progress with rate and note, counts, result and errors, without a reload."""
    await console.add_job("A", "0 0 3 * * *", handler="test.steered", time_zone="Asia/Kolkata")
    run = await console.run("A")
    page = await shown(console, run.execution_id)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Execution of A")
    await expect(step(page, "Requested")).to_contain_text("GMT+5:30")
    await expect(step(page, "Requested")).to_contain_text("in psql")
    await expect(step(page, "Running")).to_have_attribute("aria-current", "step")
    await expect(page.get_by_text("The run has not said how far it is.")).to_be_visible()
    await run.progress(3, 10, "loading")
    bar = page.get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", "30")
    await expect(bar).to_contain_text("loading")
    await run.progress(6, 10, "storing")
    await expect(bar).to_contain_text("6 of 10 done · 60 %")
    await expect(bar).to_contain_text("per second")
    await run.progress(1200)
    await expect(bar).to_contain_text("1,200 done")
    await expect(bar).not_to_have_attribute("aria-valuenow", "60")
    run.run.count(symbols_processed=3, data_points_stored=1_234)
    run.run.symbol_failed("XYZ", "no such symbol")
    run.run.result = {"rows": [1, 2]}
    run.fail("first line\nsecond line")
    await expect(step(page, "Ended")).to_contain_text("Failed")
    why = page.get_by_role("region", name="Why it failed")
    await expect(why.get_by_text("RuntimeError: first line", exact=True)).to_be_visible()
    await expect(why.get_by_role("region", name="The whole error text")).to_contain_text("second line")
    await expect(why.get_by_role("row", name="XYZ")).to_contain_text("no such symbol")
    await expect(page.get_by_role("region", name="The result")).to_contain_text('"rows"')
    facts = page.get_by_role("region", name="Facts")
    await expect(facts).to_contain_text("1,234")
    await expect(page.get_by_text("The job tries nothing again by itself.")).to_be_visible()


async def test_a_fire_says_how_late_it_was(console: Console):
    """Fire time, lateness, window and policy of an execution of the schedule."""
    await console.add_job("A", "0 0 3 * * *")
    fire_time = MINUTE_AGO.replace(microsecond=0)
    execution_id = await insert_ended(
        console.sql, "A", fire_time + timedelta(milliseconds=7), status="SUCCESS", fire_time=fire_time
    )
    page = await shown(console, execution_id)
    await expect(step(page, "Running")).to_contain_text("for 1.0 s · 7 ms late")
    await expect(step(page, "Requested")).to_contain_text("by its schedule")
    await expect(page.get_by_role("region", name="Facts")).to_contain_text("7 ms late")


async def test_a_queued_execution_is_cancelled_at_once(console: Console):
    """It waits behind a running one, and never starts."""
    await console.add_job("A", None, handler="test.steered", overlap_policy="QUEUE")
    run = await console.run("A")
    await console.sql.execute("select trigger_job('A')")
    waiting = await console.sql.fetchval("select execution_id from job_executions where status = 'QUEUED'")
    page = await shown(console, waiting)
    await expect(step(page, "Queued")).to_contain_text("waiting for")
    await expect(page.get_by_text("Not begun yet.")).to_be_visible()
    await button(page, CANCEL).click()
    await expect(page.get_by_role("dialog")).to_contain_text("It has not started, and never will.")
    await page.get_by_role("dialog").get_by_role("button", name=CANCEL).click()
    await expect(step(page, "Ended")).to_contain_text("Cancelled")
    await expect(page.get_by_role("region", name="Why it was cancelled")).to_contain_text("by ada")
    assert await status_of(console, waiting) == "CANCELLED"
    await expect(button(page, RETRY)).to_be_visible()
    run.end()


_may_stop = asyncio.Event()


@handler("test.reluctant")
async def stop_later(run: Run[Any]) -> None:
    """Go on when told to stop, until the test lets it."""
    while not _may_stop.is_set():
        try:
            await _may_stop.wait()
        except asyncio.CancelledError:
            run.log.info("not_yet")


async def test_a_running_execution_says_that_it_is_to_stop(console: Console, monkeypatch: pytest.MonkeyPatch):
    """Until its handler has stopped, the page says who wants it to, and offers it no second time."""
    monkeypatch.setattr(runner, "FAREWELL_SECONDS", 30.0)
    _may_stop.clear()
    await console.add_job("A", None, handler="test.reluctant")
    await console.sql.execute("select trigger_job('A')")
    execution_id = UUID((await console.events.wait_for("execution_started", job_id="A"))["execution_id"])
    page = await shown(console, execution_id)
    await button(page, CANCEL).click()
    await page.get_by_role("dialog").get_by_role("button", name=CANCEL).click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_text("Cancellation requested by ada at")).to_be_visible()
    await expect(button(page, CANCEL)).to_be_hidden()
    await expect(page.get_by_text("not_yet")).to_be_visible()
    _may_stop.set()
    await expect(step(page, "Ended")).to_contain_text("Cancelled")
    assert await status_of(console, execution_id) == "CANCELLED"


async def test_a_retry_leads_to_the_new_attempt(console: Console):
    """Pressed twice it starts one, with the same parameters, and the new page shows both attempts."""
    await console.add_job("A", None, handler="test.steered", params='{"now": "other"}')
    execution_id = await insert_ended(
        console.sql, "A", MINUTE_AGO, triggered_by="MANUAL", params='{"desk": "FX"}'
    )
    page = await shown(console, execution_id)
    await button(page, RETRY).dblclick()
    run = await console.next_run()
    await expect(page).to_have_url(f"{console.url}/automation/executions/{run.execution_id}")
    await expect(page.get_by_role("heading", name="2 attempts")).to_be_visible()
    rows = page.get_by_role("table", name="All attempts").get_by_role("row")
    await expect(rows.nth(1)).to_contain_text("Failed")
    await expect(rows.nth(2)).to_contain_text("this one")
    assert run.run.params == {"desk": "FX"}
    assert await console.sql.fetchval("select count(*) from job_executions") == 2
    row = await console.sql.fetchrow(
        "select requested_by, triggered_by, attempt from job_executions where execution_id = $1",
        run.execution_id,
    )
    assert row is not None
    assert tuple(row) == ("ada", "RETRY", 2)
    run.end()
    await expect(step(page, "Ended")).to_contain_text("Success")
    await rows.nth(1).get_by_role("link").click()
    await expect(page).to_have_url(f"{console.url}/automation/executions/{execution_id}")
    await expect(rows.nth(2)).to_contain_text("Success")


async def test_a_refused_retry_leads_to_what_is_in_the_way(console: Console):
    """The job runs, and its overlap policy allows no second execution."""
    console.expect_errors("status of 409")
    await console.add_job("A", None, handler="test.steered")
    ended = await insert_ended(console.sql, "A", MINUTE_AGO)
    run = await console.run("A")
    page = await shown(console, ended)
    await button(page, RETRY).click()
    alert = page.get_by_role("alert").filter(has_text="It was not tried again")
    await expect(alert).to_contain_text("has an unfinished execution")
    await alert.get_by_role("link").click()
    await expect(page).to_have_url(f"{console.url}/automation/executions/{run.execution_id}")
    await expect(step(page, "Running")).to_have_attribute("aria-current", "step")
    run.end()


async def test_what_is_not_possible_is_not_offered(console: Console):
    """A viewer changes nothing, and nobody retries what belongs to a disabled job."""
    await console.add_job("A", None, handler="test.steered")
    ended = await insert_ended(console.sql, "A", MINUTE_AGO)
    run = await console.run("A")
    viewer = await console.new_page("viewer")
    for execution_id in (run.execution_id, ended):
        await viewer.open(f"/automation/executions/{execution_id}")
        await expect(viewer.page.get_by_role("region", name="Facts")).to_be_visible()
        for name in (CANCEL, RETRY, "Run now"):
            await expect(button(viewer.page, name)).to_be_hidden()
    await console.sql.execute("update jobs set enabled = false where job_id = 'A'")
    page = await shown(console, ended)
    await expect(page.get_by_text("The job is disabled; enable it to run it again.")).to_be_visible()
    await expect(button(page, RETRY)).to_be_hidden()
    await shown(console, run.execution_id)
    await expect(button(page, CANCEL)).to_be_visible()
    run.end()


async def test_what_is_not_on_record_may_have_been_pruned(console: Console):
    """A job remembers its last execution longer than the history does, and the page leads to it."""
    console.expect_errors("status of 40[04]")
    await console.add_job("A", None, handler="test.report")
    await console.sql.execute("select trigger_job('A')")
    ended = await console.events.wait_for("execution_success", job_id="A")
    await until(console.sql, "select last_execution_id is not null from job_state where job_id = 'A'")
    await console.sql.execute("delete from job_executions")
    page = await shown(console, UUID(ended["execution_id"]))
    await expect(page.get_by_text("There is no such execution.")).to_be_visible()
    await expect(page.get_by_text("It may have been pruned")).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="A", exact=True).click()
    await expect(page).to_have_url(f"{console.url}/automation/jobs/A")
    await console.open("/automation/executions/nonsense")
    await expect(page.get_by_text("There is no such execution.")).to_be_visible()
    await expect(page.get_by_role("link", name="All jobs")).to_be_visible()


async def test_what_a_deleted_job_did_stays(console: Console):
    """Its executions are shown, and nothing more is offered."""
    console.expect_errors("status of 404")
    await console.add_job("A", None)
    ended = await insert_ended(console.sql, "A", MINUTE_AGO)
    await console.sql.execute("delete from jobs where job_id = 'A'")
    page = await shown(console, ended)
    await expect(page.get_by_text("The job has been deleted")).to_be_visible()
    await expect(button(page, RETRY)).to_be_hidden()


@pytest.mark.parametrize("console_settings", [ONE_SLOT], indirect=True)
async def test_a_dead_replica_loses_its_run_to_another_one(console: Console):
    """The page shows LOST, that somebody has to take the work over, and who did, without a reload."""
    await console.add_job("slot", None, handler="test.steered")
    await console.add_job("A", None, handler="test.pages", on_lost="RETRY")
    slot = await console.run("slot")  # nobody but the other replica can take the next one
    replica = await console.start_replica(CRONSOLE_LEASE_SECONDS="5")
    await console.sql.execute("select trigger_job('A')")
    stored = "select execution_id from job_execution_progress where checkpoint is not null"
    await until(console.sql, f"select exists ({stored})")
    page = await shown(console, await console.sql.fetchval(stored))
    await expect(step(page, "Running")).to_have_attribute("aria-current", "step")
    replica.process.kill()
    await expect(step(page, "Ended")).to_contain_text("Lost")
    await expect(page.get_by_text("the work waits for a replica that takes it over")).to_be_visible()
    await expect(page.get_by_role("region", name="Why it counts as lost")).to_contain_text("lease")
    slot.end()
    await expect(page.get_by_text("another replica took the work over")).to_be_visible()
    rows = page.get_by_role("table", name="All attempts").get_by_role("row")
    await expect(rows.nth(2)).to_contain_text("1, taken over")
    await expect(rows.nth(2)).to_contain_text("Success")


async def test_hostile_texts_are_text(console: Console):
    """Markup, right-to-left marks and 64 KB in errors, parameters, results and names break no layout."""
    await console.add_job("A", None, display_name=HOSTILE)
    execution_id = await insert_ended(console.sql, "A", MINUTE_AGO, params='{"x": "%s"}' % ("p" * 65_000))
    await console.sql.execute(
        """
        update job_executions
           set job_name = $2, error_count = 3, requested_by = $2, reason = left(repeat($2, 9), 500),
               result = to_jsonb(repeat($2, 1000)),
               error_details = jsonb_build_array('IBM: ' || $2, repeat('w', 65536), repeat($2 || e'\\n', 900))
         where execution_id = $1
        """,
        execution_id,
        HOSTILE,
    )
    phone = await console.new_page(viewport=PHONE)
    await phone.open(f"/automation/executions/{execution_id}")
    heading = phone.page.get_by_role("heading", level=1)
    await expect(heading).to_contain_text("<img src=x")
    whole = phone.page.get_by_role("region", name="The whole error text")
    await expect(whole).to_contain_text("</script>")
    await expect(phone.page.get_by_text("The log is empty.")).to_be_visible()
    await expect(phone.page).to_have_title(f"Execution of {HOSTILE} · Cronsole")
    await phone.check_width()
    for region in await phone.page.get_by_role("region").all():
        box = await region.bounding_box()
        assert box is not None
        assert box["width"] <= PHONE[0]


async def test_an_execution_that_cannot_be_loaded_can_be_tried_again(console: Console):
    """The error says what to do, and the next try shows the execution."""
    console.expect_errors("status of 403")
    await console.add_job("A", None)
    ended = await insert_ended(console.sql, "A", MINUTE_AGO, status="SUCCESS")
    pattern = f"**/v1/console/executions/{ended}"
    answer = '{"type": "about:blank", "title": "Forbidden", "status": 403}'
    await console.page.route(
        pattern,
        lambda route: route.fulfill(status=403, content_type="application/problem+json", body=answer),
    )
    page = await shown(console, ended)
    await expect(page.get_by_text("Could not load the execution")).to_be_visible()
    await expect(page.get_by_text("Ask an admin for a role that may see this.")).to_be_visible()
    await page.unroute(pattern)
    await page.get_by_role("button", name="Try again").click()
    await expect(step(page, "Ended")).to_contain_text("Success")
