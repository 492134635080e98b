"""Which places a browser is led to after signing in."""

import pytest

from service.api.home import HOME, LONGEST_PLACE, believed


@pytest.mark.parametrize(
    "place",
    [
        "/automation",
        "/automation/",
        "/automation?status=FAILED&text=a%20b",
        "/automation#top",
        "/automation/jobs/A.B-C_1",
        "/automation/jobs/X?at=2026-03-08T06:59:00Z&text=%2F%2Fx",
    ],
)
def test_places_in_the_console_are_believed(place: str):
    """With query and fragment, as a browser writes them."""
    assert believed(place) == place


@pytest.mark.parametrize(
    "place",
    [
        "",
        "/",
        "automation",
        "/docs",
        "/automationx",
        "/automation@other.test",
        "/automation.other.test",
        "/automation:80",
        "http://other.test/automation",
        "HTTPS://other.test/automation",
        "//automation",
        "///automation/x",
        "/automation//other.test",
        "/automation/?//other.test",
        "/\\automation",
        "/automation\\x",
        "/automation/\\other.test",
        "/automation/..",
        "/automation/./x",
        "/automation/%2e%2E/signout",
        "/automation/.%2e/signout",
        " /automation",
        "/automation ",
        "/automation\n",
        "/automation/\r\nSet-Cookie: a=b",
        "/automation/\t/other.test",
        "/automation/\0",
        "/automation/\x7f",
        "/automation/\u2028",
        "/automation/\uff0fother.test",
        "/automation/" + "x" * LONGEST_PLACE,
    ],
)
def test_everything_else_leads_home(place: str):
    """No scheme, no host, nothing that a browser reads as one, and no way out of the console."""
    assert believed(place) == HOME
