"""The home screen: what it shows of the jobs comes from the database, and what is done there gets there."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.support.console import PHONE, Console
from tests.support.process_fleet import until
from tests.support.screens import ready

HOSTILE = '<img src=x onerror="document.title=1">‮ gnirts desrever'
JOBS_CALL = re.compile(r"/v1/console/jobs$")
HEIGHT = "() => document.documentElement.scrollHeight"
# Notes the height of the page whenever it is scrolled, and whenever rows were put in or taken out.
WATCH_HEIGHT = """
    () => {
        window.heights = [];
        const note = () => window.heights.push(document.documentElement.scrollHeight);
        window.addEventListener('scroll', note);
        new MutationObserver(note).observe(document.querySelector('tbody'), { childList: true });
    }
"""


def row(page: Page, name: str) -> Locator:
    """The row of the table that shows the job of this name."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def tile(page: Page, name: str) -> Locator:
    """The tile that counts the jobs in a state, and shows only these."""
    return page.get_by_role("radio", name=re.compile(rf"^\d+ {name}$"))


async def choose(page: Page, job: str, action: str) -> None:
    """Choose an action in the menu of a job."""
    await page.get_by_role("button", name=f"Actions: {job}", exact=True).click()
    await page.get_by_role("menuitem", name=action, exact=True).click()


async def test_jobs_stand_by_group_with_their_schedule_in_words(console: Console):
    """Each group counts its jobs, folds up, and stays so after a reload."""
    await console.add_job("A", "0 */5 * * * MON-FRI", job_group="MARKET", time_zone="America/New_York")
    await console.add_job("B", None, job_group="MARKET")
    await console.add_job("C", "0 0 2 * * *", job_group="RISK", description="the daily one")
    await console.open()
    page = console.page
    await expect(row(page, "A")).to_contain_text("Every 5 minutes, Monday to Friday")
    await expect(row(page, "A")).to_contain_text("0 */5 * * * MON-FRI America/New_York")
    await expect(row(page, "A")).to_contain_text(re.compile(r"in \d"))
    await expect(row(page, "B")).to_contain_text("Manual")
    await expect(row(page, "C")).to_contain_text("Never")
    market = page.get_by_role("row").filter(has=page.get_by_role("button", name="MARKET"))
    await expect(market).to_contain_text("2 jobs")
    await market.get_by_role("button").click()
    await expect(row(page, "A")).to_have_count(0)
    await expect(row(page, "C")).to_be_visible()
    await page.reload()
    await expect(market.get_by_role("button")).to_have_attribute("aria-expanded", "false")
    await expect(row(page, "A")).to_have_count(0)
    # What is looked for is shown, whatever is folded up.
    await page.get_by_role("searchbox").fill("a")
    await expect(row(page, "A")).to_be_visible()


async def test_what_runs_is_seen_at_once_and_so_is_its_end(console: Console):
    """Started behind the page's back: since when it runs, then its outcome, in row, strip and tiles."""
    await console.add_job("A", None, handler="test.steered")
    await console.open()
    page = console.page
    await expect(tile(page, "Running")).to_have_accessible_name("0 Running")
    run = await console.run("A")
    link = row(page, "A").get_by_role("link", name=re.compile(r"Running \d+ "))
    await expect(link).to_have_attribute("href", f"/automation/executions/{run.execution_id}")
    await expect(tile(page, "Running")).to_have_accessible_name("1 Running")
    run.fail("no such table")
    await expect(row(page, "A")).to_contain_text("Idle")
    await expect(row(page, "A").get_by_role("link", name="Failed")).to_have_attribute(
        "href", f"/automation/executions/{run.execution_id}"
    )
    await expect(
        row(page, "A").get_by_role("img", name="last 1 executions: 1 Failed", exact=True)
    ).to_be_visible()
    await expect(tile(page, "Failing")).to_have_accessible_name("1 Failing")
    (await console.run("A")).end()
    await expect(row(page, "A").get_by_role("link", name="Success")).to_be_visible()
    await expect(tile(page, "Failing")).to_have_accessible_name("0 Failing")


async def test_trouble_is_shown_with_its_reason(console: Console):
    """Overdue since when, paused why and until when, queued, without a plan, disabled; each has its tile."""
    await console.add_job("QUEUED", None)
    await console.sql.execute("update job_state set active_executions = 1 where job_id = 'QUEUED'")
    await console.add_job("LATE", overdue_after_seconds=5)
    await console.add_job("BROKEN")
    await console.add_job("OFF", enabled=False)
    await console.add_job(
        "WAITS", paused_until=datetime.now(UTC) + timedelta(hours=2), pause_reason="no data"
    )
    planned = (
        "select count(*) = 2 from job_state s join jobs j using (job_id) where planned_revision = revision"
    )
    await until(console.sql, planned + " and job_id in ('LATE', 'BROKEN')")
    await console.sql.execute(
        "update job_state set next_fire_time = clock_timestamp() - interval '3 minutes' where job_id = 'LATE'"
    )
    await console.sql.execute(
        "update job_state set schedule_error = 'it never fires' where job_id = 'BROKEN'"
    )
    await console.open("/automation?flat=1&sort=status")
    page = console.page
    await expect(row(page, "Broken")).to_contain_text("No plan")
    await expect(row(page, "Broken")).to_contain_text("it never fires")
    await expect(row(page, "Late")).to_contain_text("Overdue")
    await expect(row(page, "Late")).to_contain_text("due 3 min ago")
    await expect(row(page, "Waits")).to_contain_text("Paused")
    await expect(row(page, "Waits")).to_contain_text(re.compile(r"until \w+.*UTC · no data"))
    await expect(row(page, "Off")).to_contain_text("Disabled")
    # Neither a time nor a link: it does not run yet.
    await expect(row(page, "Queued").get_by_role("cell", name="Queued", exact=True)).to_be_visible()
    names = await page.get_by_role("rowheader").get_by_role("link").all_inner_texts()
    assert names == ["Broken", "Late", "Queued", "Waits", "Off"]
    jobs = {"Running": "Queued", "Overdue": "Late", "Paused": "Waits", "Disabled": "Off", "Failing": "Broken"}
    for name, job in jobs.items():
        await tile(page, name).click()
        await expect(page.get_by_role("rowheader").get_by_role("link")).to_have_text([job])
        await expect(page).to_have_url(re.compile(rf"show={name.lower()}"))
    await tile(page, "Failing").click()
    await expect(page.get_by_role("rowheader").get_by_role("link")).to_have_count(5)


async def test_a_link_shows_the_same_to_somebody_else(console: Console):
    """Search, group, kind of schedule, order: all of it stands in the address."""
    await console.add_job("A", job_group="RISK", handler="noop")
    await console.add_job("B", "0 0 1 * * *", job_group="RISK", description="the desk of Zürich")
    await console.add_job("C", None, job_group="RISK")
    await console.add_job("D", job_group="MAIL")
    await console.open()
    page = console.page
    await expect(row(page, "A")).to_be_visible()
    await ready(page)
    await page.keyboard.press("/")
    await page.keyboard.type("noop")
    await expect(page.get_by_role("searchbox")).to_have_value("noop")
    await page.get_by_role("button", name="All groups").click()
    await page.get_by_role("option", name="RISK").click()
    await page.get_by_role("button", name="Any schedule").click()
    await page.get_by_role("option", name="Scheduled").click()
    await page.get_by_role("button", name="Next run").click()
    await page.get_by_role("button", name="Next run").click()
    names = page.get_by_role("rowheader").get_by_role("link")
    await expect(page.get_by_role("status").filter(has_text="2 of 4 jobs")).to_be_visible()
    await expect(page.get_by_role("columnheader", name="Next run")).to_have_attribute(
        "aria-sort", "descending"
    )
    window = await console.new_page("viewer")
    await window.open(page.url.removeprefix(console.url))
    others = window.page.get_by_role("rowheader").get_by_role("link")
    await expect(others).to_have_text(await names.all_inner_texts())
    assert sorted(await others.all_inner_texts()) == ["A", "B"]
    await window.page.get_by_role("searchbox").fill("zürich DESK")
    await expect(others).to_have_text(["B"])
    await window.page.get_by_role("searchbox").fill("nothing of the kind")
    await expect(window.page.get_by_text("No job matches.")).to_be_visible()
    await window.page.get_by_role("main").get_by_role("button", name="Clear filters").last.click()
    await expect(others).to_have_count(4)
    await expect(window.page).to_have_url(f"{window.url}/automation?sort=-next")


async def test_the_switch_says_where_the_change_is_in_force(console: Console):
    """The row of the database follows, and every replica has said so."""
    await console.add_job("A")
    await console.open()
    page = console.page
    await page.get_by_role("switch", name="Enabled: A").press("Space")
    await expect(page.get_by_text("A is disabled")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"In force on 1 of 1 replica after \d+ ms"))).to_be_visible()
    await expect(row(page, "A")).to_contain_text("Disabled")
    await expect(page.get_by_role("button", name="Run now: A")).to_be_disabled()
    [facts] = await console.sql.fetch("select enabled, updated_by from jobs where job_id = 'A'")
    assert tuple(facts) == (False, "ada")
    await expect(page.get_by_role("switch", name="Enabled: A")).to_be_focused()
    await page.get_by_role("switch", name="Enabled: A").press("Space")
    await expect(page.get_by_text("A is enabled")).to_be_visible()
    assert await console.sql.fetchval("select enabled from jobs where job_id = 'A'")


async def test_the_switch_goes_back_where_somebody_was_faster(console: Console):
    """A change on what has been changed since is refused, said, and can be repeated."""
    await console.add_job("A")
    await console.open()
    page = console.page
    switch = page.get_by_role("switch", name="Enabled: A")
    await expect(switch).to_be_checked()

    async def be_faster(route: Route) -> None:
        await expect(switch).not_to_be_checked()  # as was asked for
        await console.sql.execute("update jobs set description = 'mine' where job_id = 'A'")
        await route.continue_()

    await page.route("**/enabled?*", be_faster, times=1)
    console.expect_errors(r"status of 412")
    await switch.press("Space")
    await expect(page.get_by_text("Could not disable A")).to_be_visible()
    await expect(page.get_by_text("Somebody else has changed the job meanwhile.")).to_be_visible()
    await expect(switch).to_be_checked()
    assert await console.sql.fetchval("select enabled from jobs where job_id = 'A'")
    await switch.press("Space")
    await expect(page.get_by_text("A is disabled")).to_be_visible()


async def test_one_job_is_paused_and_resumed(console: Console):
    """With its reason and its end, by the keyboard alone; the focus comes back to the menu."""
    await console.add_job("A")
    await console.open()
    page = console.page
    menu = page.get_by_role("button", name="Actions: A")
    await menu.press("Enter")
    await page.get_by_role("menuitem", name="Pause…").press("Enter")
    await expect(page.get_by_label("Reason")).to_be_focused()
    await page.keyboard.type("the source is down")
    await page.get_by_role("button", name="How long").click()
    await page.get_by_role("option", name="For 1 hour").click()
    await expect(page.get_by_text(re.compile(r"Ends at .* UTC\."))).to_be_visible()
    await page.get_by_label("Reason").press("Enter")
    await expect(row(page, "A")).to_contain_text("Paused")
    await expect(row(page, "A")).to_contain_text("the source is down")
    await expect(menu).to_be_focused()
    left = await console.sql.fetchval("select paused_until - clock_timestamp() from jobs where job_id = 'A'")
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    await choose(page, "A", "Resume")
    await expect(row(page, "A")).to_contain_text("Idle")
    assert await console.sql.fetchval("select paused_until from jobs where job_id = 'A'") is None
    # One that ends by itself is seen to end, though nobody tells of it.
    pause = "update jobs set paused_until = clock_timestamp() + $1"
    await console.sql.execute(pause, timedelta(hours=1))
    await expect(row(page, "A")).to_contain_text("Paused")
    await console.sql.execute(pause, timedelta(seconds=1))
    await expect(row(page, "A")).to_contain_text("Idle")


async def test_a_pause_that_would_have_ended_is_refused(console: Console):
    """The field says what is wrong, and nothing changes."""
    await console.add_job("A")
    await console.open()
    page = console.page
    await choose(page, "A", "Pause…")
    await page.get_by_role("button", name="How long").click()
    await page.get_by_role("option", name="Until a time of your choice").click()
    field = page.get_by_label("Time (UTC)")
    await field.fill("2020-02-29T12:00")
    await page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).click()
    await expect(page.get_by_text("This time has passed.")).to_be_visible()
    assert await console.sql.fetchval("select paused_until from jobs where job_id = 'A'") is None
    await field.fill("2090-02-28T12:00")
    await page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).click()
    await expect(row(page, "A")).to_contain_text("until 02-28 12:00 UTC")


async def test_all_jobs_are_paused_and_resumed_for_everybody(console: Console):
    """An operator says why; a viewer elsewhere sees it at once, with the job's next run gone."""
    await console.add_job("A")
    await console.sign_in("operator")
    await console.open()
    viewer = await console.new_page("viewer")
    await viewer.open()
    page = console.page
    await page.get_by_role("button", name="Pause all…").click()
    await page.get_by_label("Reason").fill("the nightly load is broken")
    await page.get_by_role("button", name="Pause all jobs").click()
    banner = "All jobs are paused by oscar, until somebody resumes them: the nightly load is broken"
    for each in (page, viewer.page):
        await expect(each.get_by_text(banner)).to_be_visible()
        await expect(row(each, "A")).to_contain_text("all jobs are paused")
        await expect(tile(each, "Paused")).to_have_accessible_name("1 Paused")
    await expect(viewer.page.get_by_role("button", name="Resume all")).to_have_count(0)
    assert await console.sql.fetchval("select paused_by from service_state") == "oscar"
    await page.get_by_role("button", name="Resume all").click()
    for each in (page, viewer.page):
        await expect(each.get_by_text(banner)).to_have_count(0)
        await expect(row(each, "A")).to_contain_text("Idle")


async def test_a_job_that_runs_is_deleted_only_when_told_twice(console: Console):
    """Its run goes on and is linked to; brought back, the job is as it was."""
    await console.add_job("A", None, handler="test.steered", description="as it was")
    run = await console.run("A")
    await console.open()
    page = console.page
    console.expect_errors(r"status of 409")
    await choose(page, "A", "Delete…")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Delete", exact=True).click()
    await expect(dialog.get_by_role("link")).to_have_attribute(
        "href", f"/automation/executions/{run.execution_id}"
    )
    assert await console.sql.fetchval("select count(*) from jobs") == 1
    await dialog.get_by_role("button", name="Delete while it runs").click()
    await expect(page.get_by_text("There is no job yet.")).to_be_visible()
    await expect(page.get_by_role("main")).to_be_focused()
    assert await console.sql.fetchval("select count(*) from jobs") == 0
    await page.get_by_role("button", name="Bring back").click()
    await expect(row(page, "A")).to_be_visible()
    assert await console.sql.fetchval("select description from jobs where job_id = 'A'") == "as it was"
    run.end()
    await until(console.sql, "select exists (select from job_executions where status = 'SUCCESS')")


async def test_a_viewer_sees_what_others_may_change(console: Console):
    """No switch, no button and no entry of a menu that would be refused; the facts all the same."""
    await console.add_job("A")
    await console.add_job("B", enabled=False)
    await console.sign_in("viewer")
    await console.open()
    page = console.page
    await expect(row(page, "A").get_by_role("cell", name="On", exact=True)).to_be_visible()
    await expect(row(page, "B").get_by_role("cell", name="Off", exact=True)).to_be_visible()
    await expect(page.get_by_role("switch")).to_have_count(0)
    await expect(
        page.get_by_role("main").get_by_role("button", name=re.compile("Run|Pause|New"))
    ).to_have_count(0)
    await page.get_by_role("button", name="Actions: A").click()
    await expect(page.get_by_role("menuitem")).to_have_text(["Open", "Executions", "Timeline", "Copy id"])
    await page.get_by_role("menuitem", name="Open").click()
    await expect(page).to_have_url(f"{console.url}/automation/jobs/A")


async def test_an_operator_is_offered_what_operators_may(console: Console):
    """Neither new jobs nor deleting, nor a schedule for a job that has none; an id is copied."""
    await console.add_job("A")
    await console.add_job("B.c-d", None)
    await console.sign_in("operator")
    await console.window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await console.open()
    page = console.page
    await page.get_by_role("button", name="Actions: A").click()
    await expect(page.get_by_role("menuitem", name="Edit schedule…")).to_be_visible()
    await expect(page.get_by_role("menuitem", name=re.compile("Delete|settings"))).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Actions: B.C-D").click()
    await expect(page.get_by_role("menuitem", name="Edit schedule…")).to_have_count(0)
    await expect(page.get_by_role("button", name="New job…", include_hidden=True)).to_have_count(0)
    await page.get_by_role("menuitem", name="Copy id").click()
    await expect(page.get_by_text("Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == "B.c-d"


async def test_names_are_text_whatever_they_hold(console: Console):
    """Markup and right-to-left marks are shown, long texts are cut, and the page grows no wider."""
    await console.add_job(
        "A", display_name=HOSTILE, job_group="<b>" + "W" * 47, description="x" * 4000, handler="h" * 100
    )
    await console.sql.execute(
        "update jobs set paused_until = 'infinity', pause_reason = $1", HOSTILE + "W" * 400
    )
    await console.open("/automation?group=" + "<b>" + "W" * 47)
    await expect(row(console.page, HOSTILE)).to_contain_text("Paused")
    heights = await row(console.page, HOSTILE).evaluate("row => row.getBoundingClientRect().height")
    assert heights == 56
    phone = await console.new_page(viewport=PHONE)
    await phone.open()
    await expect(phone.page.get_by_role("article", name=HOSTILE)).to_be_visible()
    for window in (console.window, phone):
        await window.check_width()
        assert await window.page.title() == "Jobs · Cronsole"


async def test_a_phone_shows_cards_with_the_same_facts_and_actions(console: Console):
    """Switched, narrowed and sorted there as in the table, for everybody."""
    await console.add_job("A", "0 */5 * * * *")
    await console.add_job("B", None)
    phone = await console.new_page(viewport=PHONE, color_scheme="dark")
    await phone.open()
    card = phone.page.get_by_role("article", name="A", exact=True)
    for fact in ("Every 5 minutes", "0 */5 * * * * UTC", "Idle", "Never"):
        await expect(card).to_contain_text(fact)
    await phone.check_accessibility()
    await card.get_by_role("switch").press("Space")
    await expect(card).to_contain_text("Disabled")
    await phone.page.get_by_role("button", name="Close the message").click()
    await phone.page.get_by_role("button", name="Order").click()
    await phone.page.get_by_role("option", name="Name, Z to A").click()
    await expect(phone.page.get_by_role("article").first).to_contain_text("Manual")
    await card.get_by_role("button", name="Actions: A").click()
    await expect(phone.page.get_by_role("menuitem", name="Pause…")).to_be_visible()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_of_many_jobs_those_in_sight_are_in_the_page(
    console: Console, motion: Literal["reduce", "no-preference"]
):
    """All are counted, and each is reached by scrolling or by search; the page keeps its height meanwhile."""
    await console.sql.execute("""
        insert into jobs (job_id, display_name, schedule_type, handler, job_group)
        select 'J' || n, 'Job ' || n, 'MANUAL', 'noop', 'G' || n % 3 from generate_series(1, 400) n
    """)
    await console.open()
    page = console.page
    await page.emulate_media(reduced_motion=motion)
    await expect(row(page, "Job 3")).to_be_visible()
    await expect(page.get_by_role("table", name="Jobs")).to_have_attribute("aria-rowcount", "404")
    assert await page.get_by_role("rowheader").count() < 50
    height = await page.evaluate(HEIGHT)
    await page.evaluate(WATCH_HEIGHT)
    await ready(page)  # a browser drops the keys that come before the first picture
    await page.keyboard.press("End")
    await expect(row(page, "Job 398")).to_be_in_viewport(ratio=1)
    await expect(row(page, "Job 398")).to_have_attribute("aria-rowindex", "404")
    await expect(page.get_by_role("columnheader", name="Status")).to_be_in_viewport()
    assert await page.get_by_role("rowheader").count() < 50
    assert set(await page.evaluate("() => window.heights")) == {height}
    # Who comes back from a job is where they were.
    await row(page, "Job 398").get_by_role("link", name="Job 398", exact=True).click()
    await expect(page.get_by_role("heading", name="Job 398")).to_be_visible()
    await page.go_back()
    await expect(row(page, "Job 398")).to_be_in_viewport()
    await page.keyboard.press("/")
    await page.keyboard.type("job 200")
    await expect(row(page, "Job 200")).to_be_in_viewport()


async def test_without_a_job_the_page_says_how_to_add_one(console: Console):
    """By psql and HTTP; what somebody adds appears at once."""
    await console.open()
    await expect(console.page.get_by_text("There is no job yet.")).to_be_visible()
    statement = await console.page.get_by_label("Add a job by psql", exact=True).inner_text()
    await console.check_accessibility()
    await console.sql.execute(statement)
    await expect(row(console.page, "Hello")).to_be_visible()


async def test_a_list_that_cannot_be_read_is_read_again(console: Console):
    """The page says that it is on its way, that it failed and why, and offers to try again."""
    await console.add_job("A")
    page, answers, refused = console.page, asyncio.Event(), [True]

    async def refuse(route: Route) -> None:
        await answers.wait()
        if not refused:
            await route.continue_()
            return
        await route.fulfill(status=403, content_type="application/problem+json", json=problem("not now"))

    console.expect_errors(r"status of 403")
    await page.route(JOBS_CALL, refuse)
    await console.open()
    await expect(page.get_by_text("Loading the jobs …")).to_be_visible()
    answers.set()
    await expect(page.get_by_text("Could not load the jobs")).to_be_visible()
    await expect(page.get_by_text("not now")).to_be_visible()
    answers.clear()
    await page.get_by_role("button", name="Try again").click()
    refused.clear()
    answers.set()
    await expect(row(page, "A")).to_be_visible()


def problem(detail: str) -> dict[str, Any]:
    """A refusal as the service writes it."""
    return {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": detail}


async def test_what_changed_while_the_line_was_cut_is_caught_up_with(console: Console):
    """A job that came is there when the connection is back, and one that went is gone."""
    await console.add_job("A")
    await console.open()
    await expect(row(console.page, "A")).to_be_visible()
    await console.cut()
    await expect(console.page.get_by_text("Not connected to the service.")).to_be_visible()
    await console.add_job("B")
    await console.sql.execute("delete from jobs where job_id = 'A'")
    await expect(row(console.page, "A")).to_be_visible()
    await console.restore()
    await expect(row(console.page, "B")).to_be_visible()
    await expect(row(console.page, "A")).to_have_count(0)


async def test_dialogs_are_for_everybody(console: Console):
    """Nothing for axe-core to find; Escape closes them, and the focus goes back."""
    await console.add_job("A")
    await console.open()
    page = console.page
    for action in ("Pause…", "Delete…"):
        await choose(page, "A", action)
        await expect(page.get_by_role("dialog")).to_be_visible()
        await console.check_accessibility()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("button", name="Actions: A")).to_be_focused()


async def test_an_admin_adds_a_job(console: Console):
    """What is wrong is said at its field; the job then fires as the dialog has shown."""
    await console.add_job("NIGHTLY_REPORT", None)
    await console.open()
    page = console.page
    await page.get_by_role("button", name="New job…").click()
    dialog = page.get_by_role("dialog", name="New job")
    await expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    await page.keyboard.type("Nightly report")
    await dialog.get_by_role("combobox", name="Handler").fill("test.rep")
    await page.get_by_role("option", name="test.report").click()
    await expect(dialog.get_by_text("Takes the parameters desk, days,")).to_be_visible()
    await dialog.get_by_label("Parameters").fill("[1]")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.get_by_text("not a JSON object")).to_be_visible()
    await dialog.get_by_label("Parameters").fill('{"desk": "FX"}')
    console.expect_errors(r"status of 409")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.get_by_label("Id", exact=True)).to_have_accessible_description(
        re.compile("there is a job 'NIGHTLY_REPORT' already")
    )
    await dialog.get_by_label("Id", exact=True).fill("NIGHTLY/2")
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog.get_by_label("Id", exact=True)).to_have_accessible_description(
        re.compile("allowed: letters, digits")
    )
    await dialog.get_by_label("Id", exact=True).fill("NIGHTLY_2")
    await dialog.get_by_text("Runs on a schedule").click()
    await dialog.get_by_label("Cron expression").fill("0 30 4 * * *")
    await expect(dialog.get_by_text("At 04:30 every day")).to_be_visible()
    await console.check_accessibility()
    await dialog.get_by_role("button", name="Create").click()
    await expect(dialog).to_have_count(0)
    await expect(row(page, "Nightly report")).to_contain_text("At 04:30 every day")
    [facts] = await console.sql.fetch(
        "select schedule_cron, handler, params->>'desk', job_group, updated_by"
        "  from jobs where job_id = 'NIGHTLY_2'"
    )
    assert tuple(facts) == ("0 30 4 * * *", "test.report", "FX", "DEFAULT", "ada")
