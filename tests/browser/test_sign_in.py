"""The sign-in page in a browser: seen by everybody, and leading back to where one came from."""

import pytest

from tests.support.console import PHONE, Console
from tests.support.processes import TOKEN

DESK = (1280, 800)
PLACE = "/automation/changes?jobId=A"


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE])
async def test_everybody_can_use_the_sign_in_page(
    console: Console, color_scheme: str, viewport: tuple[int, int]
):
    """As it comes, and with what is wrong said on it."""
    window = await console.new_page(None, color_scheme=color_scheme, viewport=viewport)
    window.expect_errors("401")
    await window.open(f"/signin?next={PLACE}")
    await window.check_accessibility()
    await window.page.keyboard.type("wrong")  # the field has the focus
    await window.page.keyboard.press("Enter")
    await window.page.get_by_text("the token is not valid").wait_for()
    await window.check_accessibility()
    await window.check_width()


async def test_who_signs_in_goes_on_where_they_were_sent_from(console: Console):
    """After a wrong token too; the session then lasts for the next page."""
    window = await console.new_page(None)
    window.expect_errors(
        "40[14]"
    )  # the wrong token; and where no console is built there is no page to go on at
    await window.open(f"/signin?next={PLACE}")
    for token in ("wrong", TOKEN):
        await window.page.get_by_label("Access token").fill(token)
        await window.page.get_by_role("button", name="Sign in").click()
        await window.page.wait_for_load_state()
    await window.page.wait_for_url(window.url + PLACE)
    response = await window.context.request.get(f"{window.url}/v1/console/session")
    assert (await response.json())["role"] == "admin"
