"""Every screen, by day, by night and on a phone: nothing for axe-core to find, no error, nothing too wide."""

import pytest

from tests.support.console import Console
from tests.support.screens import HOSTILE_SCREENS, LOOKS, SCREENS, open_screen

ALL = SCREENS | HOSTILE_SCREENS


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", ALL)
async def test_a_screen_is_for_everybody(shared_demo: Console, name: str, look: str):
    """WCAG 2.2 A and AA, axe-core's best practices, and as wide as its window."""
    role = None if name == "sign in" else "admin"
    async with shared_demo.visit(role, **LOOKS[look]) as window:
        await open_screen(window, ALL[name], shared_demo.sql)
        await window.check_accessibility()
        await window.check_width()
