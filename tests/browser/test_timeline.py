"""The screen of all lanes: what ran, runs, will run; and a gap says why nothing did."""

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import Locator, Page, expect

from tests.support.console import PHONE, Console
from tests.support.rows import insert_ended, insert_executions
from tests.support.screens import ready
from tests.support.sums import sum_up_history

SPAN = timedelta(hours=6)
FIRE = """
    insert into job_fires (job_id, fire_time, outcome, reason, revision, replica_id, decided_at)
    values ($1, $2, $3, $4, 1, gen_random_uuid(), $2)
"""
MANY = """
    insert into jobs (job_id, display_name, job_group, schedule_type, schedule_cron, handler)
    select 'J' || i, 'J' || i, 'GROUP_' || i % 10, 'CRON', '0 0 3 * * *', 'noop'
      from generate_series(1, 1000) i
"""


async def moment(console: Console) -> datetime:
    """Return the present minute, by the database's clock."""
    now: datetime = await console.sql.fetchval("select date_trunc('minute', clock_timestamp())")
    return now


def path_from(since: datetime, span: str = "6h") -> str:
    """Return where a view begins at an instant."""
    return f"/automation/timeline?span={span}&from={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def track(page: Page, job_id: str) -> Locator:
    """Find the drawing of a lane."""
    return page.locator(f"svg[data-job='{job_id}']")


async def click_at(page: Page, job_id: str, since: datetime, at: datetime) -> Locator:
    """Click a lane of a view of six hours at an instant, and return what opens."""
    await ready(page)
    box = await track(page, job_id).bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] * ((at - since) / SPAN), box["y"] + box["height"] / 2)
    return page.get_by_role("dialog")


async def test_an_execution_appears_runs_and_ends_before_ones_eyes(console: Console):
    """Without a reload; it grows to now, and its outcome is there a moment after its end."""
    await console.add_job("A", None, handler="test.steered")
    await console.open("/automation/timeline?span=1h")
    page = console.page
    await expect(track(page, "A")).to_be_visible()
    await expect(track(page, "A").locator("[data-status]")).to_have_count(0)
    run = await console.run("A")
    await expect(track(page, "A").locator("[data-status=RUNNING]")).to_have_count(1)
    run.end()
    await expect(track(page, "A").locator("[data-status=SUCCESS]")).to_have_count(1)
    await expect(page.get_by_role("button", name="A", exact=True)).to_have_accessible_description(
        "1 succeeded; no fire to come in this span"
    )


async def test_what_was_and_what_will_be_are_on_one_lane(console: Console):
    """A failed execution shows its facts and leads to its screen; fires to come are hollow marks."""
    now = await moment(console)
    since = now - timedelta(hours=3)
    await console.add_job("A", "0 0 * * * *")
    execution_id = await insert_ended(console.sql, "A", now - timedelta(hours=2), status="FAILED")
    await console.open(path_from(since))
    page = console.page
    await expect(track(page, "A").locator("[data-status=FAILED]")).to_have_count(1)
    await expect(track(page, "A").locator("[data-fire]")).to_have_count(3)
    await expect(page.get_by_test_id("now")).to_be_attached()
    box = await click_at(page, "A", since, now - timedelta(hours=2))
    await expect(box).to_contain_text("Failed")
    await box.get_by_role("link", name="Open the execution").click()
    await expect(page).to_have_url(f"{console.url}/automation/executions/{execution_id}")


async def test_a_gap_says_why_nothing_ran(console: Console):
    """Of the nearest fire, in the ledger or to come: skipped for an overlap, paused, disabled."""
    now = await moment(console)
    since = now - timedelta(hours=3)
    await console.add_job("SKIPPED", None)
    await console.add_job("RESTS", "0 * * * * *")
    await console.add_job("OFF", "0 * * * * *", enabled=False)
    pause = (
        "update jobs set paused_until = 'infinity', pause_reason = 'the source moves' where job_id = 'RESTS'"
    )
    await console.sql.execute(pause)
    skipped_at = now - timedelta(hours=1)
    await console.sql.execute(FIRE, "SKIPPED", skipped_at, "SKIPPED_OVERLAP", "the last one still ran")
    await console.open(path_from(since))
    page = console.page
    await expect(track(page, "SKIPPED").locator("[data-outcome=SKIPPED_OVERLAP]")).to_have_count(1)
    lanes = page.get_by_role("list", name="Jobs").get_by_role("listitem")
    await expect(lanes.filter(has_text="Rests")).to_contain_text("Paused")
    await expect(lanes.filter(has_text="Off")).to_contain_text("Disabled")
    # Not hit exactly: half a minute off is two pixels.
    for job_id, at, words in (
        ("SKIPPED", skipped_at + timedelta(seconds=40), "SKIPPED_OVERLAP: the last one still ran"),
        ("RESTS", now + timedelta(hours=2), "the source moves"),
        ("OFF", now + timedelta(hours=2), "Job OFF is disabled"),
    ):
        box = await click_at(page, job_id, since, at)
        await expect(box).to_contain_text(words)
        await page.keyboard.press("Escape")
        await expect(box).to_have_count(0)
    box = await click_at(page, "SKIPPED", since, skipped_at)
    await expect(box).to_contain_text(f"The fire of {skipped_at:%Y-%m-%d %H:%M}:00")
    await console.check_accessibility()
    await box.get_by_role("link", name="What became of its fires").click()
    await expect(page).to_have_url(f"{console.url}/automation/jobs/SKIPPED?tab=fires")


async def test_outages_and_clock_changes_are_marked(console: Console):
    """Each with its label on the axis, and in words above the lanes."""
    await console.add_job("A", time_zone="America/New_York")
    await console.sql.execute("insert into lease_gaps values ('2026-10-31 10:00Z', '2026-10-31 14:30Z')")
    await console.open(path_from(datetime(2026, 10, 31, tzinfo=UTC), "3d"))
    notes = console.page.get_by_role("list", name="In this time")
    await expect(notes).to_contain_text("no replica held a lease for 4 h 30 min from 2026-10-31 10:00:00 UTC")
    await expect(notes).to_contain_text(
        "clocks go back 1 h 00 min in America/New_York at 2026-11-01 06:00:00"
    )
    for label in ("Outage", "Clocks −"):
        await expect(console.page.locator("svg text").get_by_text(label, exact=True)).to_be_visible()


async def test_the_time_shown_stands_in_the_address(console: Console):
    """By buttons and keys; a reload shows the same, and now is one key away."""
    await console.add_job("A")
    await console.open(path_from(datetime(2026, 3, 2, 6, tzinfo=UTC), "24h"))
    page = console.page
    await page.get_by_role("radio", name="6 hours").click()
    await expect(page).to_have_url(f"{console.url}/automation/timeline?span=6h&from=2026-03-02T15%3A00%3A00Z")
    await page.get_by_role("button", name="Later").click()
    await expect(page).to_have_url(f"{console.url}/automation/timeline?span=6h&from=2026-03-02T18%3A00%3A00Z")
    await page.get_by_role("button", name="A", exact=True).focus()
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("+")
    await expect(page).to_have_url(f"{console.url}/automation/timeline?span=1h&from=2026-03-02T19%3A18%3A00Z")
    await page.reload()
    await expect(page.get_by_role("radio", name="1 hour")).to_be_checked()
    await expect(page.get_by_text("Mon 2 Mar 19:18 – 20:18 UTC")).to_be_visible()
    await page.get_by_role("button", name="A", exact=True).focus()
    await page.keyboard.press("n")
    await expect(page).to_have_url(f"{console.url}/automation/timeline?span=1h")
    await expect(page.get_by_text("follows now")).to_be_visible()


async def test_what_is_asked_about_stands_in_the_address(console: Console):
    """A gap, a fire, a whole lane: a reload shows the same, closing takes it out, Back leaves the screen."""
    since = datetime(2026, 3, 2, 6, tzinfo=UTC)
    await console.add_job("A", display_name="A")
    await console.sql.execute(FIRE, "A", since + timedelta(hours=2), "NO_HANDLER", "nobody knows it")
    await console.open("/automation")
    page = console.page
    await page.get_by_role("link", name="Timeline").click()
    await page.get_by_role("radio", name="6 hours").click()
    await expect(page).to_have_url(re.compile("span=6h"))
    await page.get_by_role("link", name="Timeline").click()
    await page.go_back()
    await expect(page.get_by_role("radio", name="6 hours")).to_be_checked()
    plain = f"{console.url}/automation/timeline?span=6h&from=2026-03-02T06%3A00%3A00Z"
    await page.evaluate("(url) => history.replaceState(history.state, '', url)", plain)
    await page.reload()
    for off, address, words in (
        (timedelta(hours=4), r"&lane=A&at=2026-03-02T(09%3A59|10%3A00)%3A\d\dZ$", "Nothing at 2026-03-02"),
        (timedelta(hours=2, seconds=40), "&lane=A&at=2026-03-02T08%3A00%3A00Z$", "nobody knows it"),
        (None, "&lane=A$", "nobody knows it"),
    ):
        if off is None:
            await page.get_by_role("button", name="A", exact=True).click()
            box = page.get_by_role("dialog", name="A")
        else:
            box = await click_at(page, "A", since, since + off)
        await expect(box).to_contain_text(words)
        await expect(page).to_have_url(re.compile(re.escape(plain) + address))
        await page.reload()
        await expect(box).to_contain_text(words)
        await page.go_back()
        await expect(page).to_have_url(f"{console.url}/automation")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.go_forward()
        await expect(box).to_contain_text(words)
        await page.keyboard.press("Escape")
        await expect(page).to_have_url(plain)
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_an_address_leads_to_a_lane_and_a_time_out_of_sight(console: Console):
    """The view goes to the instant, the page to the lane, and it is read though others are busier."""
    await console.sql.execute(MANY)
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    await console.sql.execute(FIRE, "J999", at, "NO_HANDLER", "nobody knows it")
    await console.open("/automation/timeline?span=6h&lane=J999&at=2026-03-02T08%3A00%3A00Z")
    page = console.page
    await expect(page.get_by_text("Mon 2 Mar 05:00 – 11:00 UTC")).to_be_visible()
    await expect(page.get_by_role("dialog", name="J999")).to_contain_text("nobody knows it")
    await ready(page)
    box, drawn = await page.get_by_role("dialog").bounding_box(), await track(page, "J999").bounding_box()
    assert box is not None
    assert drawn is not None
    assert abs(box["x"] + box["width"] / 2 - drawn["x"] - drawn["width"] / 2) < 20
    assert box["y"] + box["height"] <= drawn["y"] or drawn["y"] + drawn["height"] <= box["y"]


async def test_a_drag_moves_the_time(console: Console):
    """To the right is back; a press that does not move opens what is there instead."""
    since = datetime(2026, 3, 2, 6, tzinfo=UTC)
    await console.add_job("A")
    await console.open(path_from(since))
    page = console.page
    await ready(page)
    box = await track(page, "A").bounding_box()
    assert box is not None
    x, y = box["x"] + 100, box["y"] + 10
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + box["width"] / 2, y, steps=4)
    await page.mouse.up()
    await expect(page).to_have_url(f"{console.url}/automation/timeline?span=6h&from=2026-03-02T03%3A00%3A00Z")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_a_lane_is_told_in_words(console: Console):
    """By keyboard: its executions, the fires that started nothing, and why there was a gap."""
    now = await moment(console)
    await console.add_job("A", "0 0 * * * *", time_zone="Asia/Tokyo")
    await insert_ended(console.sql, "A", now - timedelta(hours=2), status="TIMEOUT")
    await console.sql.execute(FIRE, "A", now - timedelta(hours=1), "NO_HANDLER", "nobody knows it")
    await console.open("/automation/timeline?span=6h")
    page = console.page
    await page.get_by_role("button", name="A", exact=True).focus()
    await page.keyboard.press("Enter")
    lane = page.get_by_role("dialog", name="A")
    await expect(lane.get_by_role("row").nth(1)).to_contain_text("Timed out")
    await expect(lane).to_contain_text("nobody knows it")
    await expect(lane.get_by_role("heading", name="Fires to come")).to_be_visible()
    await lane.get_by_role("button", name="Why did nothing run").last.click()
    await expect(lane.get_by_text("started nothing, NO_HANDLER")).to_be_visible()
    await console.check_accessibility()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="A", exact=True)).to_be_focused()


async def test_many_executions_are_counts_that_lead_nearer(console: Console):
    """Buckets by the hour or more; a click on one offers to zoom in."""
    now = await moment(console)
    since = now - timedelta(hours=4)
    await console.add_job("A", None)
    await insert_executions(console.sql, "A", 5000, now - timedelta(minutes=90))
    await sum_up_history(console.sql)
    await console.open(path_from(since))
    page = console.page
    box = await click_at(page, "A", since, now - timedelta(hours=2))
    await expect(box).to_contain_text("succeeded")
    await box.get_by_role("button", name="Zoom in").click()
    await expect(page).to_have_url(re.compile("span=1h"))


async def test_jobs_are_found_and_zones_chosen(console: Console):
    """Search, group and zone stand in the address; the clocks are those of the browser else."""
    await console.add_job("A", job_group="MORNING", time_zone="Asia/Kolkata")
    await console.add_job("B", job_group="EVENING")
    window = await console.new_page("viewer", time_zone="Asia/Tokyo")
    await window.open(path_from(datetime(2026, 3, 2, 6, tzinfo=UTC)))
    page = window.page
    await expect(page.get_by_text("Mon 2 Mar 15:00 – 21:00 GMT+9")).to_be_visible()
    await page.get_by_role("button", name="Time zone").click()
    await page.get_by_role("option", name="Asia/Kolkata").click()
    await expect(page.get_by_text("Mon 2 Mar 11:30 – 17:30 GMT+5:30")).to_be_visible()
    await page.get_by_role("searchbox", name="Search jobs").fill("morn")
    await expect(page.get_by_role("button", name="B", exact=True)).to_have_count(0)
    await expect(page).to_have_url(re.compile("q=morn&zone=Asia%2FKolkata"))
    await page.get_by_role("searchbox", name="Search jobs").fill("nothing is like this")
    await page.get_by_role("button", name="Show all jobs").click()
    await expect(page.get_by_role("button", name="B", exact=True)).to_be_visible()


async def test_a_phone_shows_names_above_the_lanes(console: Console):
    """By touch: a tap asks, nothing goes sideways."""
    now = await moment(console)
    await console.add_job("A", None)
    window = await console.new_page("viewer", viewport=PHONE, is_mobile=True, has_touch=True)
    await window.open(path_from(now - timedelta(hours=1)))
    await ready(window.page)
    await window.check_width()
    await track(window.page, "A").tap()
    await expect(window.page.get_by_role("dialog")).to_contain_text("MANUAL")
    await window.check_accessibility()


async def test_a_thousand_lanes_are_drawn_as_they_are_seen(console: Console):
    """Few are in the page at once, the last is reached by scrolling."""
    await console.sql.execute(MANY)
    await console.open("/automation/timeline?span=7d")
    page = console.page
    await expect(track(page, "J10")).to_be_visible()
    assert await page.locator("svg[data-job]").count() < 80
    await page.keyboard.press("End")
    await expect(track(page, "J999")).to_be_visible()
    await expect(track(page, "J10")).to_have_count(0)
    # The API answers two hundred lanes at once; those in sight are asked for.
    await expect(track(page, "J999").locator("[data-fire]").first).to_be_attached()


async def test_a_timeline_that_cannot_be_read_says_so(console: Console):
    """And so does one without jobs, with what to do next."""
    page = console.page
    await console.open("/automation/timeline")
    await expect(page.get_by_text("There are no jobs yet.")).to_be_visible()
    await page.route("**/v1/console/timeline*", lambda route: route.fulfill(status=503, body="no"))
    console.expect_errors("503")
    await page.reload()
    alert = page.get_by_role("alert").filter(has_text="Could not load the timeline")
    await expect(alert).to_be_visible()
    await page.unroute("**/v1/console/timeline*")
    await alert.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("There are no jobs yet.")).to_be_visible()
