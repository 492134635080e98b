"""Takes pictures of every screen on the demo's data, by day, by night and on a phone: `make screenshots`.

Those that the README shows are kept beside the browser tests; the others go into a folder that git ignores.
"""

import asyncio
import base64
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Error, async_playwright

from tests.support.chromium import find_chromium
from tests.support.console import Console, running_console
from tests.support.databases import DatabaseServer, LoopThread, folder_of_the_run, running_server
from tests.support.demo.fill import fill_at, ready_demo
from tests.support.empty import forget_all_jobs
from tests.support.screens import LOOKS, SCREENS, open_screen
from tests.support.window import Window, launch

PICTURES = Path(__file__).parents[1] / "browser" / "pictures"
ALL = PICTURES / "all"
WEBP_QUALITY, LARGEST_KEPT_BYTES = 90, 200_000
IN_README = ("jobs-light", "timeline-dark", "running-execution-light", "edit-schedule-dark")


async def take_pictures(console: Console) -> list[str]:
    """Take them all; returns what went wrong, in words."""
    faults = []
    for look, options in LOOKS.items():
        for name, screen in SCREENS.items():
            title = f"{name}-{look}".replace(" ", "-")
            try:
                role = None if name == "sign in" else "admin"
                async with console.visit(role, time_zone="Europe/Berlin", **options) as window:
                    await open_screen(window, screen, console.sql)
                    await window.page.screenshot(
                        path=ALL / f"{title}.png", animations="disabled", caret="hide"
                    )
                    if title in IN_README:
                        await keep(window, title)
            except (AssertionError, Error) as fault:
                faults.append(f"{title}: {str(fault).splitlines()[0]}")
    return faults


async def keep(window: Window, title: str) -> None:
    """Take a picture for the README, as WebP, which Playwright itself does not: a third of the PNG's size.

    Source: https://chromedevtools.github.io/devtools-protocol/tot/Page/#method-captureScreenshot
    """
    protocol = await window.context.new_cdp_session(window.page)
    answer = await protocol.send("Page.captureScreenshot", {"format": "webp", "quality": WEBP_QUALITY})
    picture = base64.b64decode(answer["data"])
    (PICTURES / f"{title}.webp").write_bytes(picture)
    assert len(picture) <= LARGEST_KEPT_BYTES, f"{len(picture):,} bytes are too many for the repository"


@asynccontextmanager
async def demo_console() -> AsyncIterator[Console]:
    """Run a service on a database of its own with the demo, and a browser."""
    with (
        folder_of_the_run() as folder,
        LoopThread() as loop,
        running_server(loop, folder / "server") as superuser_url,
        DatabaseServer(loop, superuser_url) as server,
        server.migrated_template() as template,
        server.database(template) as name,
    ):
        url = server.url(name)
        await forget_all_jobs(url)
        await fill_at(url)
        async with async_playwright() as playwright, ready_demo(url) as settings:
            path = await asyncio.to_thread(find_chromium)
            browser = await launch(playwright, path)
            async with running_console(url, browser, **settings) as console:
                yield console
            await browser.close()


async def main() -> int:
    """Take the pictures; the exit status says whether all went well."""
    async with demo_console() as console:
        faults = await take_pictures(console)
    sys.stdout.write(f"The pictures are in {ALL}, those of the README in {PICTURES}.\n")
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
