"""What axe-core finds wrong with a page for people who see little, hear it read, or use no mouse."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "service/console/node_modules/axe-core/axe.min.js"

# Every rule of WCAG up to 2.2, levels A and AA, and what axe-core calls best practices:
# https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#axe-core-tags
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
RUN = """
    async ([within, tags, rulesOff]) => {
        const rules = Object.fromEntries(rulesOff.map((rule) => [rule, { enabled: false }]));
        const options = { runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'] };
        const { violations } = await axe.run(within ?? document, { ...options, preload: false });
        return violations.map(({ id, help, impact, nodes }) => ({
            id, help, impact,
            nodes: nodes.map(({ target, html, failureSummary }) => ({ target, html, failureSummary })),
        }));
    }
"""
LOOK = (
    "() => `${matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'}, ${innerWidth} px wide`"
)


@cache
def axe_source() -> str:
    """Return the script; it comes with the packages that build the console."""
    assert AXE.exists(), f"{AXE} is missing: `python -m service.console.build` brings it"
    return AXE.read_text(encoding="utf-8")


async def accessibility_faults(page: Page, within: str | None, rules_off: Sequence[str]) -> list[str]:
    """Return what is wrong with the page as it is now, one text for each rule and element.

    `within` is the CSS selector of the part to look at, None for all.
    """
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(axe_source())
    found: list[dict[str, Any]] = await page.evaluate(RUN, [within, list(TAGS), list(rules_off)])
    look = await page.evaluate(LOOK) if found else ""
    return [
        f"{look}: {rule['id']} ({rule['impact']}): {rule['help']}\n"
        f"    at {node['target']}: {node['html'][:200]}\n"
        f"    {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


async def scrolls_sideways(page: Page) -> bool:
    """Answer whether the page is wider than its window, which no screen may be."""
    wider = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return bool(await page.evaluate(wider))
