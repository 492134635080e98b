"""Every screen, by day, by night and on a phone: nothing for axe-core to find, no error, nothing too wide."""

import pytest

from tests.support.console import Console
from tests.support.screens import HOSTILE_SCREENS, LOOKS, SCREENS, open_screen, still

ALL = SCREENS | HOSTILE_SCREENS
# By night a screen is the one by day in other colours; on a phone it is laid out anew.
SIZES = {"desk": ("light", "dark"), "phone": ("phone",)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ALL)
async def test_a_screen_is_for_everybody(shared_demo: Console, name: str, size: str):
    """WCAG 2.2 A and AA, axe-core's best practices, and as wide as its window."""
    role = None if name == "sign in" else "admin"
    first, *others = SIZES[size]
    async with shared_demo.visit(role, **LOOKS[first]) as window:
        await open_screen(window, ALL[name], shared_demo.sql)
        await window.check_accessibility()
        await window.check_width()
        for look in others:
            await window.page.emulate_media(**LOOKS[look])
            await still(window.page)
            await window.check_accessibility()
