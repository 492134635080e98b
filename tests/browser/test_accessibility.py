"""Every screen, by day, by night and on a phone: nothing for axe-core to find, no error, nothing too wide."""

from typing import Any

import pytest

from tests.support.console import Console
from tests.support.screens import SCREENS, path_of, ready

LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": (360, 740), "is_mobile": True, "has_touch": True},
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", SCREENS)
async def test_a_screen_is_for_everybody(shared_demo: Console, screen: str, look: str):
    """WCAG 2.2 A and AA, axe-core's best practices, and as wide as its window."""
    role = None if screen == "sign in" else "admin"
    async with shared_demo.visit(role, **LOOKS[look]) as window:
        await window.open(await path_of(screen, shared_demo.sql))
        await ready(window.page)
        await window.check_accessibility()
        await window.check_width()
