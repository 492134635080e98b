"""The dialog that changes a schedule: what it shows before, what it saves, and what others do meanwhile."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.async_api import Locator, Page, Route, expect

from service.domain.clock import SystemClock
from tests.support.console import PHONE, Console
from tests.support.window import Window

FIVE = "0 */5 * * * MON-FRI"
PREVIEW = r"/v1/console/schedule/preview"
# 100 successes that took from 2 to 5 minutes each, so that p95 lies between: schema/002_executions.sql.
SLOW_RUNS = """
    insert into job_execution_stats (job_id, hour, success_count, success_duration_ms, duration_buckets)
    values ('A', date_trunc('hour', now()), 100, 24000000, array[0,0,0,0,0,0,0,0,0,0,100,0,0,0,0,0])
"""


async def opened(console: Console, cron: str | None = FIVE, **columns: Any) -> Locator:
    """Add job A, open its dialog in the first window, and return the dialog."""
    await console.add_job("A", cron, **columns)
    return await opened_in(console.window)


async def opened_in(window: Window) -> Locator:
    """Open the dialog of job A in a window."""
    await window.open("/automation/jobs/A")
    await window.page.get_by_role("button", name="Edit schedule").click()
    dialog = window.page.get_by_role("dialog", name=re.compile("chedule of A"))
    await expect(dialog).to_be_visible()
    return dialog


def text_of(dialog: Locator) -> Locator:
    """The text field of the expression."""
    return dialog.get_by_role("textbox", name="Cron expression")


def row_of(dialog: Locator, field: str) -> Locator:
    """The builder's row of a field."""
    return dialog.get_by_role("group", name=field, exact=True)


async def choose(page: Page, button: Locator, option: str) -> None:
    """Choose an option of a select."""
    await button.click()
    await page.get_by_role("option", name=option, exact=True).click()


async def save(dialog: Locator) -> None:
    """Press Save, once it can be pressed."""
    await dialog.get_by_role("button", name="Save", exact=True).click()


async def undo_in_vain(console: Console) -> None:
    """Undo what was saved after somebody has made another schedule of it; the message about that stays."""
    undo = console.page.get_by_role("button", name="Undo")
    await expect(undo).to_be_visible()
    await changed_in_psql(console, "schedule_cron = '0 0 7 * * *'")
    console.expect_errors("status of 412")
    await undo.click()
    await expect(console.page.get_by_text("Not undone")).to_be_visible()


async def schedule_of(console: Console) -> tuple[str | None, str, int]:
    """The cron, zone and revision that job A has in the database."""
    query = "select schedule_cron, time_zone, revision from jobs where job_id = 'A'"
    [row] = await console.sql.fetch(query)
    return row["schedule_cron"], row["time_zone"], row["revision"]


async def changed_in_psql(console: Console, assignment: str) -> None:
    """Change job A behind the page's back."""
    await console.sql.execute(f"update jobs set {assignment} where job_id = 'A'")


async def without_events(window: Window) -> None:
    """Let the page hear of nothing: its stream of events never begins."""
    window.expect_errors("net::ERR_FAILED.*events", "events.*net::ERR_FAILED")
    await window.page.route("**/v1/console/events", lambda route: route.abort())


async def test_a_schedule_is_typed_seen_and_saved(console: Console):
    """The preview follows the typing; what is saved stands in the row, and in force on the replica."""
    dialog = await opened(console)
    text = text_of(dialog)
    await expect(text).to_be_focused()
    await expect(dialog.get_by_text("Every 5 minutes, Monday to Friday")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    await text.fill("0 30 6 * * *")
    await expect(dialog.get_by_text("At 06:30 every day")).to_be_visible()
    fires = dialog.get_by_role("table").get_by_role("row")
    await expect(fires).to_have_count(11)
    await expect(fires.last).to_contain_text("06:30")
    # The zones of job and browser are UTC, so there is one column beside that of the marks.
    await expect(fires.first.get_by_role("columnheader")).to_have_count(2)
    await expect(fires.first.get_by_role("columnheader").last).to_have_text("UTCjob, UTC, this browser")
    await save(dialog)
    toast = console.page.get_by_role("alertdialog").filter(has_text="Schedule in force")
    await expect(toast).to_contain_text(re.compile(r"Schedule in force on 1 of 1 replica after \d"))
    await expect(dialog).to_be_hidden()
    await expect(console.page.get_by_role("button", name="Edit schedule")).to_be_focused()
    assert await schedule_of(console) == ("0 30 6 * * *", "UTC", 2)
    await console.events.wait_for("job_rescheduled", job_id="A")
    by = "select changed_by from job_changes where job_id = 'A' and revision = 2"
    assert await console.sql.fetchval(by) == "ada"


async def test_the_preview_follows_the_typing(console: Console):
    """Asked for when the typing pauses; until it is there the last one stays, marked as old."""
    await console.page.clock.install()
    dialog = await opened(console, "0 0 2 * * *")
    await expect(dialog.get_by_role("table")).to_contain_text("02:00")
    before = len(console.window.api_calls("GET", PREVIEW))
    await console.page.clock.pause_at(SystemClock().now() + timedelta(seconds=1))
    await text_of(dialog).fill("")
    await text_of(dialog).press_sequentially("0 0 3 * * *")
    await console.page.clock.resume()
    await expect(dialog.get_by_role("table")).to_contain_text("03:00")
    [call] = console.window.api_calls("GET", PREVIEW)[before:]
    asked = parse_qs(call.query)
    assert (asked["jobId"], asked["cron"], asked["count"]) == (["A"], ["0 0 3 * * *"], ["10"])
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await console.page.route("**/schedule/preview?*", hold)
    await text_of(dialog).fill("0 0 4 * * *")
    await expect(dialog.get_by_text("the new ones are on their way")).to_be_visible()
    await expect(dialog.get_by_role("table")).to_contain_text("03:00")
    async with console.page.expect_request("**/schedule/preview?*"):
        await text_of(dialog).fill("0 0 5 * * *")
    released.set()
    await expect(dialog.get_by_role("table")).to_contain_text("05:00")
    await expect(dialog.get_by_text("the new ones are on their way")).to_be_hidden()
    await console.page.unroute_all(behavior="wait")


async def test_the_builder_writes_the_text(console: Console):
    """Every form of a field; the fields that nobody touched stay as they were written."""
    dialog = await opened(console, "0 0 09 1W,15,LW * ?")
    page, text = console.page, text_of(dialog)
    await choose(page, row_of(dialog, "Minute").get_by_role("button").first, "Each n")
    await expect(text).to_have_value("0 */5 09 1W,15,LW * ?")
    await row_of(dialog, "Minute").get_by_label("Minute: each").fill("10")
    await row_of(dialog, "Minute").get_by_label("Minute: from").fill("5")
    await expect(text).to_have_value("0 5/10 09 1W,15,LW * ?")
    await row_of(dialog, "Minute").get_by_label("Minute: each").press("ArrowUp")
    await expect(text).to_have_value("0 5/11 09 1W,15,LW * ?")
    await choose(page, row_of(dialog, "Minute").get_by_role("button").first, "List")
    await row_of(dialog, "Minute").get_by_role("button", name="Minute: values").click()
    await page.get_by_role("button", name="30", exact=True).click()
    await page.keyboard.press("Escape")
    await expect(text).to_have_value("0 0,30 09 1W,15,LW * ?")
    await choose(page, row_of(dialog, "Hour").get_by_role("button").first, "From … to")
    await expect(text).to_have_value("0 0,30 9-17 1W,15,LW * ?")
    await choose(page, row_of(dialog, "Day of month").get_by_role("button").first, "Last day")
    await row_of(dialog, "Day of month").get_by_label("days before the last").fill("2")
    await expect(text).to_have_value("0 0,30 9-17 L-2 * ?")
    await choose(page, row_of(dialog, "Day of month").get_by_role("button").first, "Nearest Mon–Fri")
    await row_of(dialog, "Day of month").get_by_label("nearest to").fill("15")
    await choose(page, row_of(dialog, "Month").get_by_role("button").first, "List")
    await row_of(dialog, "Month").get_by_role("button", name="Jul").click()
    await expect(text).to_have_value("0 0,30 9-17 15W JAN,JUL ?")
    await choose(page, row_of(dialog, "Day of month").get_by_role("button").first, "Every")
    await choose(page, row_of(dialog, "Day of week").get_by_role("button").first, "Nth in month")
    await row_of(dialog, "Day of week").get_by_role("button", name="last", exact=True).click()
    await expect(text).to_have_value("0 0,30 9-17 * JAN,JUL MON#1,MONL")
    await expect(dialog.get_by_text("of January and July")).to_be_visible()


async def test_the_text_writes_the_builder(console: Console):
    """Five fields and macros are understood; what has no form is shown as text, and is not lost."""
    dialog = await opened(console)
    text = text_of(dialog)
    await expect(row_of(dialog, "Minute").get_by_label("Minute: each")).to_have_value("5")
    await expect(row_of(dialog, "Day of week")).to_contain_text("Mon")
    await text.fill("*/15 8-18 * * *")
    await expect(row_of(dialog, "Minute").get_by_label("Minute: each")).to_have_value("15")
    await expect(row_of(dialog, "Hour").get_by_label("Hour: to")).to_have_value("18")
    await expect(dialog.get_by_text("five fields, at second 0")).to_be_visible()
    await row_of(dialog, "Hour").get_by_label("Hour: to").fill("20")
    await expect(text).to_have_value("*/15 8-20 * * *")
    await text.fill("@daily")
    await expect(dialog.get_by_text("@daily stands for 0 0 0 * * *")).to_be_visible()
    await expect(row_of(dialog, "Hour").get_by_role("button", name="Hour: values: 0")).to_be_visible()
    await text.fill("0 1-5,10/15 * * * *")
    await expect(row_of(dialog, "Minute").get_by_label("Minute: text")).to_have_value("1-5,10/15")
    await row_of(dialog, "Minute").get_by_label("Minute: text").fill("1-5,10/20")
    await expect(text).to_have_value("0 1-5,10/20 * * * *")
    await text.fill("every day")
    await expect(dialog.get_by_text("as soon as the text has six of them")).to_be_visible()
    await expect(text).to_have_value("every day")


async def test_common_schedules_are_two_clicks_away(console: Console):
    """Each with what varies in it; the time of day is kept from one to the next."""
    dialog = await opened(console, "0 30 9 * * *")
    page, text = console.page, text_of(dialog)
    common = dialog.get_by_role("group", name="Common schedules")
    await expect(common.get_by_label("Time of day")).to_have_value("09:30")
    await choose(page, common.get_by_role("button").first, "Monday to Friday")
    await expect(text).to_have_value("0 30 9 * * MON-FRI")
    await common.get_by_label("Time of day").fill("15:59")
    await expect(text).to_have_value("0 59 15 * * MON-FRI")
    await choose(page, common.get_by_role("button").first, "Weekly")
    await common.get_by_role("button", name="Sat").click()
    await expect(text).to_have_value("0 59 15 * * MON,SAT")
    await choose(page, common.get_by_role("button").first, "Monthly, last day")
    await expect(text).to_have_value("0 59 15 L * *")
    await choose(page, common.get_by_role("button").first, "Every n seconds")
    await common.get_by_label("Number of seconds").fill("20")
    await expect(text).to_have_value("*/20 * * * * *")
    await expect(dialog.get_by_text("Every 20 seconds")).to_be_visible()


async def test_what_is_wrong_is_said_at_its_field(console: Console):
    """The text and the field in the builder are marked, the remedy is named, and nothing can be saved."""
    dialog = await opened(console)
    text = text_of(dialog)
    await text.fill("0 0 25 * * *")
    await expect(dialog.get_by_text("hour: 25 is outside 0-23; a number from 0 to 23")).to_be_visible()
    await expect(text).to_have_attribute("aria-invalid", "true")
    await expect(row_of(dialog, "Hour")).to_contain_text("at fault")
    await expect(row_of(dialog, "Minute")).not_to_contain_text("at fault")
    await expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    await console.check_accessibility()
    await text.fill("0 0 0 31 6 *")
    await expect(dialog.get_by_text("the months named have at most 30 days")).to_be_visible()
    await text.fill("")
    await expect(dialog.get_by_text("there is no expression yet")).to_be_visible()
    await text.fill("0 " + "1," * 300 + "1 * * * *")
    await expect(dialog.get_by_text("more than 512 characters")).to_be_visible()
    await text.press("Enter")
    await text.fill("0 0 23 * * *")
    await expect(text).not_to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_enabled()
    assert await schedule_of(console) == (FIVE, "UTC", 1)


async def test_what_changes_of_the_plan_is_shown(console: Console):
    """Fires that are new, that fall away and that stay, up to where both plans are known."""
    dialog = await opened(console, "0 0 3 * * *")
    await expect(dialog.get_by_role("heading", name="Against today’s plan")).to_be_hidden()
    await text_of(dialog).fill("0 0 3,15 * * *")
    await expect(dialog.get_by_text(re.compile(r"Up to .* UTC, 5 fires are new\."))).to_be_visible()
    plan = dialog.get_by_role("region", name="Today’s plan and the new one").get_by_role("listitem")
    await expect(plan.filter(has_text="new: 15:00")).to_have_count(5)
    await expect(plan.filter(has_text="stays: 03:00")).to_have_count(5)
    await text_of(dialog).fill("0 0 4 * * *")
    await expect(dialog.get_by_text(re.compile(r"fires fall away, \d+ are new"))).to_be_visible()
    await expect(plan.filter(has_text="falls away: 03:00").first).to_be_visible()


async def test_a_browser_in_another_zone_sees_right_times(console: Console):
    """A job in New York seen from Kolkata: three columns, each with its own clock and day."""
    await console.add_job("A", "0 59 15 * * MON-FRI", time_zone="America/New_York")
    window = await console.new_page(time_zone="Asia/Kolkata")
    dialog = await opened_in(window)
    await text_of(dialog).fill("0 0 16 15 JAN *")
    rows = dialog.get_by_role("table").get_by_role("row")
    await expect(rows.nth(1)).to_contain_text("16:00")
    year = SystemClock().now().year + 1
    await expect(rows.nth(0)).to_contain_text(re.compile(r"America/New York −05:00job.*UTC.*this browser"))
    cells = rows.filter(has_text=f"{year}-01-15").get_by_role("cell")
    weekday, next_day = (datetime(year, 1, day, tzinfo=UTC).strftime("%a") for day in (15, 16))
    await expect(cells.nth(1)).to_have_text(f"{weekday} {year}-01-15 16:00")
    await expect(cells.nth(2)).to_have_text(f"{weekday} 21:00")
    await expect(cells.nth(3)).to_have_text(f"{next_day} 02:30")


async def test_a_zone_is_found_by_its_city(console: Console):
    """With the keyboard alone; the offset stands beside it, and only the zone is changed."""
    dialog = await opened(console, "0 30 2 * * *")
    page = console.page
    zone = dialog.get_by_role("combobox", name="Time zone")
    await zone.focus()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("new yo")
    option = page.get_by_role("option")
    await expect(option).to_have_count(1)
    await expect(option).to_contain_text(re.compile(r"America/New York\s*−0[45]:00"))
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(zone).to_have_value("America/New_York")
    await expect(dialog.get_by_text(re.compile(r"\d\d:\d\d there now, UTC−0[45]:00"))).to_be_visible()
    await expect(dialog.get_by_text("02:30 is skipped; one fire at 03:00 instead")).to_be_visible()
    await dialog.get_by_text("By the wall clock").click()
    await expect(dialog.get_by_text("02:30 is skipped, without a fire")).to_be_visible()
    await zone.fill("nowhere at all")
    await page.keyboard.press("Tab")
    await expect(zone).to_have_value("America/New_York")
    await zone.fill("asia/tokyo")
    await page.keyboard.press("Tab")
    await expect(zone).to_have_value("Asia/Tokyo")
    await save(dialog)
    await expect(page.get_by_text("Schedule in force on 1 of 1")).to_be_visible()
    assert await schedule_of(console) == ("0 30 2 * * *", "Asia/Tokyo", 2)
    policy = await console.sql.fetchval("select clock_change_policy from jobs where job_id = 'A'")
    assert policy == "WALL"


async def test_long_runs_and_fires_within_the_minute_are_warned_of(console: Console):
    """Where p95 exceeds the time between fires, and what comes of it; where a save at 15:59 fires at once."""
    await console.add_job("A", "0 0 3 * * *", overlap_policy="SKIP")
    await console.sql.execute(SLOW_RUNS)
    dialog = await opened_in(console.window)
    await expect(dialog.get_by_role("table")).to_be_visible()
    await expect(dialog.get_by_text("at p95")).to_be_hidden()
    await text_of(dialog).fill("0 * * * * *")
    warning = re.compile(
        r"Runs take 4 min \d+ s at p95, fires come each 1 min: with the overlap policy SKIP, "
        r"8 of the next 10 fires will be skipped\."
    )
    await expect(dialog.get_by_text(warning)).to_be_visible()
    soon = dialog.get_by_text(re.compile(r"The first fire on the new schedule would be (in \d+ s|now)\."))
    await expect(soon).to_be_visible()
    await changed_in_psql(console, "overlap_policy = 'ALLOW', enabled = false")
    await expect(dialog.get_by_text("up to 5 runs will go on at once")).to_be_visible()
    await expect(dialog.get_by_text("The job is disabled: it starts nothing")).to_be_visible()
    await expect(soon).to_be_hidden()
    await text_of(dialog).fill("0 0 4 * * *")
    await expect(dialog.get_by_text("at p95")).to_be_hidden()


async def test_undo_brings_the_old_schedule_back_but_takes_nobodys_change_back(console: Console):
    """In force again, as a change of its own; what somebody has made of it since stays as it is."""
    dialog = await opened(console)
    await text_of(dialog).fill("0 */10 * * * *")
    await text_of(dialog).press("Enter")
    await console.page.get_by_role("button", name="Undo").click()
    await expect(console.page.get_by_text("Undone. Schedule in force on 1 of 1 replica")).to_be_visible()
    assert await schedule_of(console) == (FIVE, "UTC", 3)
    await console.page.get_by_role("button", name="Edit schedule").click()
    await text_of(dialog).fill("0 */20 * * * *")
    await save(dialog)
    await undo_in_vain(console)
    await expect(console.page.get_by_text("has changed the schedule of A meanwhile: 0 0 7")).to_be_visible()
    assert await schedule_of(console) == ("0 0 7 * * *", "UTC", 5)


@pytest.mark.parametrize("size", [(1280, 800), PHONE])
async def test_a_message_leaves_the_buttons_of_a_dialog_free(console: Console, size: tuple[int, int]):
    """One that stays until it is closed, as those of failures do."""
    await console.page.set_viewport_size({"width": size[0], "height": size[1]})
    dialog = await opened(console)
    await text_of(dialog).fill("0 */10 * * * *")
    await save(dialog)
    await undo_in_vain(console)
    await console.page.get_by_role("button", name="Edit schedule").click()
    await expect(text_of(dialog)).to_have_value("0 0 7 * * *")
    await text_of(dialog).fill("0 */20 * * * *")
    await save(dialog)
    await expect(dialog).to_be_hidden()
    await expect(console.page.get_by_text("Not undone")).to_be_visible()


async def test_two_browsers_that_edit_the_same_job_see_both_versions(console: Console):
    """Who saves second is told, sees both schedules, and overwrites only when that is wanted."""
    await without_events(console.window)
    mine = await opened(console)
    await text_of(mine).fill("0 0 8 * * *")
    other = await console.new_page("operator")
    theirs = await opened_in(other)
    await text_of(theirs).fill("0 0 9 * * *")
    await save(theirs)
    await expect(theirs).to_be_hidden()
    console.expect_errors("status of 412")
    await save(mine)
    conflict = mine.get_by_role("region", name="Changed by somebody else")
    await expect(conflict).to_contain_text("oscar has changed this schedule while you were editing it")
    cells = conflict.get_by_role("row").filter(has_text="Cron").get_by_role("cell")
    await expect(cells.nth(0)).to_have_text("0 0 8 * * *At 08:00 every day")
    await expect(cells.nth(1)).to_have_text("0 0 9 * * *At 09:00 every day")
    await expect(text_of(mine)).to_have_value("0 0 8 * * *")
    await expect(mine.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    await console.check_accessibility()
    assert await schedule_of(console) == ("0 0 9 * * *", "UTC", 2)
    await conflict.get_by_role("button", name="Save mine over theirs").click()
    await expect(mine).to_be_hidden()
    assert await schedule_of(console) == ("0 0 8 * * *", "UTC", 3)


async def test_a_change_by_somebody_else_is_told_before_saving(console: Console):
    """At once, with what was typed untouched: theirs can be used, or mine edited on and saved.

    Before anything is typed there is nothing to ask: the new schedule is simply there.
    """
    dialog = await opened(console)
    await expect(text_of(dialog)).to_have_value(FIVE)
    await changed_in_psql(console, "schedule_cron = '0 0 7 * * *'")
    await expect(text_of(dialog)).to_have_value("0 0 7 * * *")
    await expect(dialog.get_by_text("revision 2, changed")).to_be_visible()
    await text_of(dialog).fill("0 0 8 * * *")
    await changed_in_psql(console, "schedule_cron = '0 0 9 * * *', time_zone = 'Asia/Tokyo'")
    conflict = dialog.get_by_role("region", name="Changed by somebody else")
    await expect(conflict).to_contain_text("Asia/Tokyo")
    await expect(text_of(dialog)).to_have_value("0 0 8 * * *")
    await conflict.get_by_role("button", name="Use theirs").click()
    await expect(conflict).to_be_hidden()
    await expect(text_of(dialog)).to_have_value("0 0 9 * * *")
    await expect(dialog.get_by_role("combobox", name="Time zone")).to_have_value("Asia/Tokyo")
    await text_of(dialog).fill("0 0 10 * * *")
    await changed_in_psql(console, "schedule_cron = '0 0 11 * * *'")
    await conflict.get_by_role("button", name="Edit mine on").click()
    await expect(text_of(dialog)).to_have_value("0 0 10 * * *")
    await text_of(dialog).fill("0 0 12 * * *")
    await save(dialog)
    await expect(dialog).to_be_hidden()
    assert await schedule_of(console) == ("0 0 12 * * *", "Asia/Tokyo", 5)


async def test_a_change_of_something_else_disturbs_nobody(console: Console):
    """A new description is no conflict: the schedule is saved over the new revision without a question."""
    await without_events(console.window)
    dialog = await opened(console)
    await text_of(dialog).fill("0 0 8 * * *")
    await changed_in_psql(console, "description = 'another one'")
    console.expect_errors("status of 412")
    await save(dialog)
    await expect(dialog).to_be_hidden()
    assert await schedule_of(console) == ("0 0 8 * * *", "UTC", 3)


async def test_closing_asks_before_something_typed_is_lost(console: Console):
    """Escape, the cross and Cancel ask; without a change they close at once."""
    dialog = await opened(console)
    page = console.page
    await expect(text_of(dialog)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.get_by_role("button", name="Edit schedule").click()
    await text_of(dialog).fill("0 0 8 * * *")
    question = page.get_by_role("dialog", name="Leave without saving?")
    for leave in ("Escape", "Cancel", "Close the dialog"):
        if leave == "Escape":
            await page.keyboard.press("Escape")
        else:
            await dialog.get_by_role("button", name=leave).click()
        await expect(question).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(question).to_be_hidden()
        await expect(text_of(dialog)).to_have_value("0 0 8 * * *")
    await dialog.get_by_role("button", name="Reset").click()
    await expect(text_of(dialog)).to_have_value(FIVE)
    await text_of(dialog).fill("0 0 8 * * *")
    await page.keyboard.press("Escape")
    await question.get_by_role("button", name="Discard").click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("button", name="Edit schedule")).to_be_focused()
    assert await schedule_of(console) == (FIVE, "UTC", 1)


async def test_a_lost_connection_loses_nothing(console: Console):
    """The save fails in words, the text stays, and the next attempt succeeds."""
    dialog = await opened(console)
    await expect(dialog.get_by_role("table")).to_be_visible()
    await text_of(dialog).fill("0 0 8 * * *")
    await expect(dialog.get_by_text("At 08:00 every day")).to_be_visible()
    await console.cut()
    await save(dialog)
    await expect(dialog.get_by_text("Perhaps not saved. The service cannot be reached")).to_be_visible()
    await expect(text_of(dialog)).to_have_value("0 0 8 * * *")
    await console.restore()
    await save(dialog)
    await expect(dialog).to_be_hidden()
    assert await schedule_of(console) == ("0 0 8 * * *", "UTC", 2)


async def test_a_deleted_job_is_told_and_the_text_kept(console: Console):
    """There is nothing to save to, and what was typed can still be copied."""
    await console.add_job("A")
    await console.open("/automation")
    page = console.page
    await page.get_by_role("button", name="Actions: A").click()
    await page.get_by_role("menuitem", name="Edit schedule…").click()
    dialog = page.get_by_role("dialog", name="Edit schedule of A")
    await text_of(dialog).fill("0 0 8 * * *")
    console.expect_errors("status of 404")
    await console.sql.execute("delete from jobs where job_id = 'A'")
    await expect(dialog.get_by_text("The job has been deleted meanwhile.")).to_be_visible()
    await expect(text_of(dialog)).to_have_value("0 0 8 * * *")
    await expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_disabled()


async def test_an_admin_gives_a_job_a_schedule_and_takes_it_away(console: Console):
    """From MANUAL to CRON and back; the last fire that falls away is named."""
    dialog = await opened(console, None)
    switch = dialog.get_by_role("switch", name="Runs on a schedule")
    await expect(switch).not_to_be_checked()
    await dialog.get_by_text("Runs on a schedule").click()
    await expect(dialog.get_by_text("there is no expression yet")).to_be_visible()
    await expect(text_of(dialog)).to_be_focused()
    await text_of(dialog).fill("@daily")
    await save(dialog)
    await expect(dialog).to_be_hidden()
    assert await schedule_of(console) == ("@daily", "UTC", 2)
    await console.page.get_by_role("button", name="Edit schedule").click()
    await dialog.get_by_text("Runs on a schedule").click()
    await expect(dialog.get_by_text("and all after it fall away")).to_be_visible()
    await save(dialog)
    await expect(dialog).to_be_hidden()
    assert await schedule_of(console) == (None, "UTC", 3)
    assert await console.sql.fetchval("select schedule_type from jobs where job_id = 'A'") == "MANUAL"


async def test_an_operator_changes_cron_and_zone_and_nothing_else(console: Console):
    """The clock policy is explained, not offered; a job without a schedule cannot be given one."""
    await console.sign_in("operator")
    dialog = await opened(console)
    await expect(dialog.get_by_text("Only an admin can change this.")).to_be_visible()
    await expect(dialog.get_by_role("radio")).to_have_count(0)
    await expect(dialog.get_by_role("switch")).to_have_count(0)
    await text_of(dialog).fill("0 0 8 * * *")
    await save(dialog)
    await expect(dialog).to_be_hidden()
    assert await schedule_of(console) == ("0 0 8 * * *", "UTC", 2)
    await console.page.get_by_role("button", name="Edit schedule").click()
    await expect(text_of(dialog)).to_be_visible()
    await changed_in_psql(console, "schedule_type = 'MANUAL', schedule_cron = null")
    await expect(dialog.get_by_text("Only an admin can give this job a schedule.")).to_be_visible()
    await expect(dialog.get_by_role("textbox")).to_have_count(0)
    await expect(dialog.get_by_role("button", name="Save", exact=True)).to_have_count(0)


async def test_the_dialog_is_for_everybody(console: Console):
    """Nothing for axe-core to find by night and on a phone, nothing too wide, hostile names as text."""
    hostile = "<img src=x onerror=alert(1)> ‮live" + "x" * 60
    await console.add_job("A", "0 30 2 * * MON#1,FRIL", time_zone="America/New_York", display_name=hostile)
    window = await console.new_page(
        color_scheme="dark", viewport=PHONE, time_zone="Asia/Kolkata", is_mobile=True, has_touch=True
    )
    dialog = await opened_in(window)
    await text_of(dialog).fill("0 30 2 * * MON#1,MONL")
    await expect(dialog.get_by_role("heading", name="Against today’s plan")).to_be_visible()
    await expect(dialog.get_by_text(hostile)).to_be_visible()
    await window.check_accessibility()
    await window.check_width()
    size = await dialog.bounding_box()
    assert size is not None
    assert [size["width"], size["height"]] == [*PHONE]
    assert await dialog.evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")
