"""The dialog that runs a job by hand: what is entered, sent and refused, and how the run goes."""

import re
from typing import Any
from uuid import uuid4

import msgspec
from playwright.async_api import Locator, expect

from tests.support.console import PHONE, Console
from tests.support.window import Window

HOSTILE = '<img src=x onerror="document.title=1">‮ gnirts </script>'
OWN = {"desk": "FX", "days": 5, "symbols": ["IBM", "AAPL"]}
LATEST = "select * from job_executions order by created_at desc limit 1"
STRANGER = """
    insert into replicas (replica_id, lease_expires_at, version, handlers, overridable)
    values ($1, clock_timestamp() + interval '1 hour', '0', '{elsewhere.report}', $2::jsonb)
"""


async def opened(console: Console, window: Window | None = None, job_id: str = "A") -> Locator:
    """Open the dialog from the job's screen."""
    window = window or console.window
    await window.open(f"/automation/jobs/{job_id}")
    await window.page.get_by_role("button", name="Run now", exact=True).click()
    dialog = window.page.get_by_role("dialog")
    await expect(dialog.get_by_label("Reason (optional)")).to_be_visible()
    return dialog


def start(dialog: Locator) -> Locator:
    """The button that starts the run."""
    return dialog.get_by_role("button", name=re.compile("^Run now"))


async def double_click(target: Locator, once_visible: Locator) -> None:
    """Click twice in one place, the second time when the first click has shown its effect."""
    box = await target.bounding_box()
    assert box is not None
    mouse = target.page.mouse
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await mouse.click(x, y)
    await expect(once_visible).to_be_visible()
    await mouse.down(click_count=2)
    await mouse.up(click_count=2)


async def latest(console: Console) -> dict[str, Any]:
    """The execution that was asked for last."""
    row = await console.sql.fetchrow(LATEST)
    assert row is not None
    return dict(row) | {"params": msgspec.json.decode(row["params"])}


async def choose(dialog: Locator, label: str, option: str) -> None:
    """Choose from a list."""
    await dialog.get_by_role("button", name=re.compile(label)).click()
    await dialog.page.get_by_role("option", name=option, exact=True).click()


async def test_parameters_of_every_type_are_overridden(console: Console):
    """What is entered arrives as what it means, with the reason and the window; the rest stays as it is."""
    own = msgspec.json.encode(OWN).decode()
    await console.add_job("A", None, handler="test.report", time_zone="America/New_York", params=own)
    dialog = await opened(console)
    await expect(dialog.get_by_label("desk", exact=True)).to_have_value("FX")
    await expect(dialog.get_by_text("From the job: FX")).to_be_visible()
    await expect(dialog.get_by_text("By default: 0.5 · a number")).to_be_visible()
    await dialog.get_by_label("days", exact=True).fill("7")
    await dialog.get_by_label("threshold", exact=True).fill("0.25")
    await dialog.locator("label").filter(has_text="is_dry_run").click()
    await choose(dialog, "level", "high")
    await dialog.locator("label").filter(has_text="None").click()
    await dialog.get_by_label("as_of", exact=True).fill("2026-02-28")
    await dialog.get_by_label("symbols", exact=True).fill("MSFT\n\nIBM\n")
    await dialog.get_by_label("Reason (optional)").fill("for the audit")
    await dialog.get_by_label("From", exact=True).fill("2026-11-24T09:30")
    await dialog.get_by_label("Up to").fill("2026-11-24T16:00")
    await expect(dialog.get_by_text("2026-11-24 14:30:00 UTC")).to_be_visible()
    await dialog.get_by_role("button", name="Run now with 6 changed parameters").click()
    await expect(dialog.get_by_text("Success")).to_be_visible()
    await expect(dialog.get_by_text("report_written")).to_be_visible()
    row = await latest(console)
    assert row["params"] == {
        "desk": "FX",
        "days": 7,
        "threshold": 0.25,
        "is_dry_run": True,
        "level": "high",
        "as_of": "2026-02-28",
        "symbols": ["MSFT", "IBM"],
    }
    assert (row["requested_by"], row["reason"]) == ("ada", "for the audit")
    assert row["window_start"].isoformat() == "2026-11-24T14:30:00+00:00"
    assert row["window_end"].isoformat() == "2026-11-24T21:00:00+00:00"
    await dialog.get_by_role("link", name="Open its page").click()
    await expect(console.page).to_have_url(f"{console.url}/automation/executions/{row['execution_id']}")
    await expect(console.page.get_by_role("region", name="Facts")).to_contain_text("for the audit")
    await expect(console.page.get_by_role("dialog")).to_be_hidden()


async def test_what_stays_as_it_is_is_not_sent(console: Console):
    """Neither what was not touched, nor what was put back; pressed twice, one run starts."""
    own = msgspec.json.encode(OWN).decode()
    await console.add_job("A", None, handler="test.report", params=own)
    dialog = await opened(console)
    await dialog.get_by_label("days", exact=True).fill("9")
    await expect(start(dialog)).to_have_text("Run now with 1 changed parameter")
    await dialog.get_by_role("button", name="days: as in the job").click()
    await expect(dialog.get_by_label("days", exact=True)).to_have_value("5")
    await dialog.get_by_label("desk", exact=True).fill("OIL")
    await dialog.get_by_label("desk", exact=True).fill("FX")
    await expect(start(dialog)).to_have_text("Run now")
    async with console.page.expect_request("**/trigger") as asking:
        await start(dialog).dblclick()
    request = await asking.value
    assert msgspec.json.decode(request.post_data or "")["params"] == {}
    assert len(request.headers["idempotency-key"]) == 32
    await expect(dialog.get_by_text("Success")).to_be_visible()
    assert (await latest(console))["params"] == OWN
    assert await console.sql.fetchval("select count(*) from job_executions") == 1


async def test_the_second_half_of_a_double_click_hits_nothing(console: Console):
    """Neither closes it the dialog that the first half opened, nor leaves the run that it started."""
    await console.add_job("A", None, handler="test.steered")
    await console.window.open("/automation/jobs/A")
    dialog = console.page.get_by_role("dialog")
    reason = dialog.get_by_label("Reason (optional)")
    background = dialog.get_by_role("button", name="Run in background")
    await double_click(console.page.get_by_role("button", name="Run now", exact=True), once_visible=reason)
    await double_click(start(dialog), once_visible=background)
    run = await console.next_run()
    await expect(dialog.get_by_role("status").filter(has_text="Running")).to_be_visible()
    run.end()
    await expect(dialog.get_by_text("Success")).to_be_visible()
    assert await console.sql.fetchval("select count(*) from job_executions") == 1
    await dialog.get_by_role("button", name="Close", exact=True).click()
    await expect(dialog).to_be_hidden()


async def test_a_run_is_watched_where_it_was_started(console: Console):
    """Status, progress and the last line of its log, without a reload; it goes on in the background."""
    await console.add_job("A", None, handler="test.steered")
    dialog = await opened(console)
    await start(dialog).click()
    run = await console.next_run()
    await expect(dialog.get_by_role("status").filter(has_text="Running")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Run in background")).to_be_focused()
    await run.progress(3, 10, "loading")
    run.log("page loaded", page=3)
    await expect(dialog.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "30")
    await expect(dialog.get_by_text("page loaded")).to_be_visible()
    await console.window.check_accessibility()
    await dialog.get_by_role("button", name="Run in background").click()
    await expect(dialog).to_be_hidden()
    run.fail("no luck")
    await expect(console.page.get_by_role("row").filter(has_text="no luck")).to_contain_text("Failed")


async def test_a_refusal_leads_to_what_is_in_the_way(console: Console):
    """The dialog warns before, says why it was refused, and closes where its link is followed."""
    console.expect_errors("status of 409")
    await console.add_job("A", None, handler="test.steered")
    run = await console.run("A")
    dialog = await opened(console)
    await expect(dialog.get_by_text("with the overlap policy SKIP this run will be refused")).to_be_visible()
    await expect(dialog.get_by_role("link", name="Show the running execution")).to_be_visible()
    await start(dialog).click()
    alert = dialog.get_by_role("alert")
    await expect(alert).to_contain_text("It was not started")
    await expect(alert).to_contain_text("has an unfinished execution")
    await alert.get_by_role("link").click()
    await expect(console.page).to_have_url(f"{console.url}/automation/executions/{run.execution_id}")
    await expect(dialog).to_be_hidden()
    assert await console.sql.fetchval("select count(*) from job_executions") == 1
    run.end()


async def test_the_warning_goes_when_the_run_has_ended(console: Console):
    """The dialog is live: what would have been refused starts a moment later."""
    await console.add_job("A", None, handler="test.steered")
    run = await console.run("A")
    dialog = await opened(console)
    await expect(dialog.get_by_text("with the overlap policy SKIP")).to_be_visible()
    run.end()
    await expect(dialog.get_by_text("with the overlap policy SKIP")).to_be_hidden()
    await start(dialog).click()
    (await console.next_run()).end()
    await expect(dialog.get_by_text("Success")).to_be_visible()


async def test_what_is_wrong_is_said_at_its_field(console: Console):
    """By the page before it asks, and by the server after; nothing is started."""
    console.expect_errors("status of 400")
    await console.add_job("A", None, handler="test.report")
    dialog = await opened(console)
    days = dialog.get_by_label("days", exact=True)
    await days.fill("many")
    await expect(days).to_have_accessible_description(re.compile("Not a whole number"))
    await dialog.get_by_label("Up to").fill("2026-11-24T16:00")
    await start(dialog).click()
    await expect(days).to_be_focused()
    await expect(dialog.get_by_text("Give both ends, or neither.")).to_be_visible()
    await days.fill("2")
    await dialog.get_by_label("From", exact=True).fill("2026-11-24T16:00")
    await expect(dialog.get_by_text("Must be later than the start.")).to_be_visible()
    await dialog.get_by_label("From", exact=True).fill("2026-11-24T15:00")
    await dialog.get_by_label("Reason (optional)").fill("x" * 501)
    await expect(dialog.get_by_text("At most 500 characters; these are 501.")).to_be_visible()
    await dialog.get_by_label("Reason (optional)").fill("")
    desk = dialog.get_by_label("desk", exact=True)
    await desk.fill("${secret:TOKEN}")
    await start(dialog).click()
    await expect(desk).to_have_accessible_description(re.compile("a trigger may not ask for a secret"))
    assert await console.sql.fetchval("select count(*) from job_executions") == 0
    await desk.fill("OIL")
    await start(dialog).click()
    await expect(dialog.get_by_text("Success")).to_be_visible()


async def test_what_hinders_a_run_is_said_before(console: Console):
    """A disabled job says how to enable it, a paused one that it runs, a lost handler who could know it."""
    console.expect_errors("status of 409")
    await console.add_job("A", "0 0 3 * * *")
    dialog = await opened(console)
    await console.sql.execute("update jobs set enabled = false where job_id = 'A'")
    await expect(dialog).to_contain_text("Enable it with the switch on its page")
    await expect(start(dialog)).to_be_disabled()
    await console.sql.execute("update jobs set enabled = true where job_id = 'A'")
    await expect(start(dialog)).to_be_enabled()
    await console.sql.execute("select pause_job('A', 'a reason')")
    await expect(dialog.get_by_text("a run by hand starts all the same")).to_be_visible()
    await console.sql.execute("update jobs set handler = 'nobody.knows' where job_id = 'A'")
    await expect(dialog.get_by_text("a run is refused until one does")).to_be_visible()
    await start(dialog).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("no live replica knows the handler")


async def test_a_handler_known_elsewhere_takes_json(console: Console):
    """The replica that answers has no schema of it: JSON, its errors at the field, what will be refused."""
    console.expect_errors("status of 400")
    await console.sql.execute(STRANGER, uuid4(), '{"elsewhere.report": ["desk", "days"]}')
    await console.add_job("A", None, handler="elsewhere.report", params='{"desk": "FX", "fixed": 1}')
    dialog = await opened(console)
    await expect(dialog.get_by_text("parameters are entered as JSON")).to_be_visible()
    await expect(dialog.get_by_role("region", name="Parameters that cannot be changed here")).to_contain_text(
        '"fixed": 1'
    )
    desk = dialog.get_by_label("desk", exact=True)
    await expect(desk).to_have_value('"FX"')
    await desk.fill("{")
    await expect(dialog.get_by_text("Not JSON")).to_be_visible()
    await desk.fill('["FX", null]')
    await start(dialog).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("this replica does not know the parameters")
    await dialog.get_by_role("button", name="desk: as in the job").click()
    await start(dialog).click()
    await expect(dialog.get_by_text("Queued")).to_be_visible()
    await expect(dialog.get_by_text("waiting for")).to_be_visible()
    assert (await latest(console))["params"] == {"desk": "FX", "fixed": 1}


async def test_the_keyboard_is_enough(console: Console):
    """Opened, filled, sent by Enter, closed by Escape; the focus comes back to the button."""
    await console.add_job("A", None, handler="test.report")
    await console.open("/automation/jobs/A")
    page = console.page
    opener = page.get_by_role("button", name="Run now", exact=True)
    await opener.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("desk", exact=True).focus()
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.type("OIL")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_text("Success")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(opener).to_be_focused()
    assert (await latest(console))["params"]["desk"] == "OIL"


async def test_an_operator_may_and_a_viewer_may_not(console: Console):
    """Roles are those of the server."""
    await console.add_job("A", None, handler="test.report")
    operator = await console.new_page("operator")
    dialog = await opened(console, operator)
    await start(dialog).click()
    await expect(dialog.get_by_text("Success")).to_be_visible()
    assert (await latest(console))["requested_by"] == "oscar"
    viewer = await console.new_page("viewer")
    await viewer.open("/automation/jobs/A")
    await expect(viewer.page.get_by_role("heading", level=1)).to_have_text("A")
    await expect(viewer.page.get_by_role("button", name="Run now")).to_be_hidden()


async def test_hostile_texts_are_text(console: Console):
    """Markup, right-to-left marks and long texts in names and values, on a phone."""
    own = msgspec.json.encode({"desk": HOSTILE * 50, "symbols": [HOSTILE], "other": HOSTILE * 100}).decode()
    await console.add_job("A", None, handler="test.report", display_name=HOSTILE, params=own)
    phone = await console.new_page(viewport=PHONE, color_scheme="dark")
    dialog = await opened(console, phone)
    await expect(dialog.get_by_role("heading", level=2)).to_contain_text("<img src=x")
    await expect(dialog.get_by_label("symbols", exact=True)).to_have_value(HOSTILE)
    await phone.check_width()
    await start(dialog).click()
    await expect(dialog.get_by_text("Success")).to_be_visible()
    await phone.check_width()
    await phone.check_accessibility()
