"""The log on the screen of an execution: each line once, and all that can be done with it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from playwright.async_api import Locator, Page, expect

from tests.support.console import PHONE, Console
from tests.support.rows import insert_ended
from tests.support.steered import SteeredRun

MINUTE_AGO = datetime.now(UTC) - timedelta(minutes=1)
LOAD_ALL = "Load from the first line on"
# Every hundredth a warning; the last one an error.
LINES = """
    insert into job_execution_logs (execution_id, job_id, logged_at, level, logger, message, fields)
    select $1, 'A', $2::timestamptz + i * interval '1 millisecond',
           case when i = $3 then 'error' when i % 100 = 0 then 'warning' else 'info' end, 'test',
           'line number ' || i, jsonb_build_object('symbol', 'S' || i)
      from generate_series(1, $3) i
"""


def lines_of(page: Page) -> Locator:
    """The lines that are in the page now."""
    return page.get_by_role("region", name="Lines of the log").get_by_role("listitem")


def button_of(page: Page, number: int) -> Locator:
    """The button of a line, by the number that it was given."""
    return page.get_by_role("button", name=re.compile(rf"line number {number}\b"))


async def texts_of(page: Page) -> list[str]:
    """What the lines in the page say, without time and level."""
    texts = await lines_of(page).all_inner_texts()
    return [re.sub(r"\s+", " ", text).split(" ", 2)[2] for text in texts]


async def steered(console: Console) -> SteeredRun:
    """A run whose screen is open."""
    await console.add_job("A", None, handler="test.steered")
    run = await console.run("A")
    await console.open(f"/automation/executions/{run.execution_id}")
    return run


async def with_lines(console: Console, count: int) -> UUID:
    """An ended execution with so many lines, whose screen is open."""
    await console.add_job("A", None)
    execution_id = await insert_ended(console.sql, "A", MINUTE_AGO, status="SUCCESS")
    await console.sql.execute(LINES, execution_id, MINUTE_AGO, count)
    await console.open(f"/automation/executions/{execution_id}")
    return execution_id


async def test_a_cut_line_costs_no_line_of_the_log(console: Console):
    """What is written while the page reaches nobody comes when it does again: all of it, once."""
    run = await steered(console)
    page = console.page
    run.log("before 1")
    run.log("before 2")
    await expect(lines_of(page)).to_have_count(2)
    await expect(page.get_by_text("2 lines")).to_be_visible()
    await console.cut()
    await expect(page.get_by_text("cut off; it goes on where it was cut")).to_be_visible()
    for number in range(5):
        run.log(f"meanwhile {number}")
    await console.restore()
    await expect(lines_of(page)).to_have_count(7)
    run.log("after")
    await expect(lines_of(page)).to_have_count(8)
    expected = ["before 1", "before 2", *(f"meanwhile {number}" for number in range(5)), "after"]
    assert await texts_of(page) == expected
    run.end()
    await expect(page.get_by_text("8 lines")).to_be_visible()
    await expect(page.get_by_text("complete")).to_be_visible()
    assert await texts_of(page) == expected


async def test_the_end_is_followed_until_somebody_reads(console: Console):
    """The last line stays in sight; whoever scrolls up is left alone until they come back."""
    run = await steered(console)
    page = console.page
    for number in range(60):
        run.log(f"line {number}.")
    follow = page.get_by_role("switch", name="Follow")
    await expect(lines_of(page).filter(has_text="line 59.")).to_be_in_viewport()
    await expect(follow).to_be_checked()
    await page.get_by_role("region", name="Lines of the log").hover()
    await page.mouse.wheel(0, -400)
    await expect(follow).not_to_be_checked()
    top = page.get_by_role("region", name="Lines of the log")
    before = await top.evaluate("(box) => box.scrollTop")
    run.log("line 60.")
    await expect(page.get_by_text("61 lines")).to_be_visible()
    assert await top.evaluate("(box) => box.scrollTop") == before
    await page.locator("label").filter(has_text="Follow").click()
    await expect(lines_of(page).filter(has_text="line 60.")).to_be_in_viewport()
    run.end()
    await expect(follow).to_be_hidden()


async def test_a_long_log_is_searched_and_narrowed(console: Console):
    """The last 500 lines, then all 21,000 of which the page keeps as many as it can bear, and shows a few."""
    await with_lines(console, 21_000)
    page = console.page
    await expect(page.get_by_text("These are the last lines.")).to_be_visible()
    await expect(page.get_by_text("500 lines · complete")).to_be_visible()
    await page.get_by_role("button", name=LOAD_ALL).click()
    left_out = page.get_by_text("older lines are left out here")
    await expect(left_out).to_be_visible()
    await expect(lines_of(page).filter(has_text="line number 21000 ")).to_be_in_viewport()
    count = int((await left_out.inner_text()).split(" ")[0].replace(",", ""))
    await expect(page.get_by_text(f"{21_000 - count:,} lines · complete")).to_be_visible()
    assert await lines_of(page).count() < 100

    search = page.get_by_role("searchbox", name="Search the log")
    await search.fill("SYMBOL=S209")
    await expect(page.get_by_text("In 100 lines")).to_be_visible()
    await search.press("Enter")
    await expect(page.get_by_text("1 of 100 lines")).to_be_visible()
    marked = lines_of(page).filter(has_text="line number 20900 ")
    await expect(marked).to_be_in_viewport()
    await expect(marked.locator("mark")).to_have_text("symbol=S209")
    await page.get_by_role("button", name="Previous").click()
    await expect(page.get_by_text("100 of 100 lines")).to_be_visible()
    await expect(lines_of(page).filter(has_text="line number 20999 ")).to_be_in_viewport()

    await page.get_by_role("button", name="All levels").click()
    await page.get_by_role("option", name="Warnings and errors").click()
    await expect(page.get_by_text("1 line", exact=True)).to_be_hidden()
    await expect(lines_of(page).filter(has_text="line number 20900 ")).to_be_visible()
    await expect(lines_of(page).filter(has_text="line number 20999 ")).to_be_hidden()
    await page.get_by_role("button", name="Warnings and errors").click()
    await page.get_by_role("option", name="Errors", exact=True).click()
    await expect(lines_of(page)).to_have_count(1)
    await search.fill("nothing of the kind")
    await expect(page.get_by_text("Not found")).to_be_visible()


async def test_lines_open_by_keyboard(console: Console):
    """Arrow keys go from line to line, also beyond what was in sight; Enter shows all of one."""
    await with_lines(console, 300)
    page = console.page
    await expect(lines_of(page).filter(has_text="line number 300 ")).to_be_in_viewport()
    await page.get_by_role("region", name="Lines of the log").focus()
    await page.keyboard.press("Tab")
    last = button_of(page, 300)
    await expect(last).to_be_focused()
    await page.keyboard.press("Home")
    first = button_of(page, 1)
    await expect(first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    second = button_of(page, 2)
    await expect(second).to_be_focused()
    await expect(second).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(second).to_have_attribute("aria-expanded", "true")
    item = lines_of(page).filter(has=second)
    await expect(item.get_by_role("definition")).to_have_text("S2")
    await expect(item).to_contain_text("UTC")
    below = await lines_of(page).filter(has=button_of(page, 3)).bounding_box()
    above = await item.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"] + 1
    await page.keyboard.press("Enter")
    await expect(second).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("End")
    await expect(last).to_be_focused()
    await expect(last).to_be_in_viewport()


async def test_the_log_is_taken_along_as_text(console: Console, tmp_path: Path):
    """Copied and downloaded, as it is narrowed: a line each with time, level, message and fields."""
    await console.window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    execution_id = await with_lines(console, 201)
    page = console.page
    await expect(lines_of(page).filter(has_text="line number 201 ")).to_be_visible()
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download").click()
    download = await downloading.value
    assert download.suggested_filename == f"A-{execution_id}.log"
    await download.save_as(tmp_path / "all.log")
    lines = (tmp_path / "all.log").read_text().splitlines()
    assert len(lines) == 201
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.]+Z INFO    line number 1 symbol=S1", lines[0])
    await page.get_by_role("button", name="All levels").click()
    await page.get_by_role("option", name="Warnings and errors").click()
    await expect(lines_of(page)).to_have_count(3)
    await page.get_by_role("button", name="Copy the lines").click()
    await expect(page.get_by_text("Copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert [line.split("line number ")[1] for line in copied.splitlines()] == [
        "100 symbol=S100",
        "200 symbol=S200",
        "201 symbol=S201",
    ]


async def test_hostile_lines_are_text(console: Console):
    """Markup, right-to-left marks and long texts in messages and fields."""
    hostile = '<img src=x onerror="document.title=1">‮ gnirts </script>'
    await console.add_job("A", None, handler="test.steered")
    run = await console.run("A")
    run.log(hostile + "w" * 7_000, **{hostile: hostile * 100})
    run.log("next")
    phone = await console.new_page(viewport=PHONE)
    await phone.open(f"/automation/executions/{run.execution_id}")
    line = lines_of(phone.page).first
    await expect(line).to_contain_text("<img src=x")
    await line.get_by_role("button").click()
    await expect(line.get_by_role("definition")).to_contain_text("</script>")
    await phone.check_width()
    await phone.check_accessibility(within="main")
    run.end()


async def test_nothing_in_the_log_says_why(console: Console):
    """A run that wrote nothing, or whose lines have been pruned."""
    await with_lines(console, 0)
    await expect(console.page.get_by_text("The log is empty.")).to_be_visible()
    await expect(console.page.get_by_text("or its lines have been pruned")).to_be_visible()
