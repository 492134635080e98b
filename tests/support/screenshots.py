"""Takes pictures of every screen on the demo's data, by day, by night and on a phone: `make screenshots`.

Those that the README shows are kept beside the browser tests; the others go into a folder that git ignores.
"""

import asyncio
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

PICTURES = Path(__file__).parents[1] / "browser" / "pictures"
ALL = PICTURES / "all"
LARGEST_KEPT_BYTES = 200_000
IN_README = ("jobs-light", "timeline-dark", "running-execution-light", "edit-schedule-dark")


async def take_pictures(console: Console) -> list[str]:
    """Take them all; returns what went wrong, in words."""
    faults = []
    for look, options in LOOKS.items():
        for name, screen in SCREENS.items():
            title = f"{name}-{look}".replace(" ", "-")
            try:
                async with console.visit(None if name == "sign in" else "admin", **options) as window:
                    await open_screen(window, screen, console.sql)
                    picture = await window.page.screenshot(
                        path=ALL / f"{title}.png", animations="disabled", caret="hide"
                    )
            except (AssertionError, Error) as fault:
                faults.append(f"{title}: {str(fault).splitlines()[0]}")
                continue
            if title in IN_README:
                (PICTURES / f"{title}.png").write_bytes(picture)
                if len(picture) > LARGEST_KEPT_BYTES:
                    faults.append(f"{title}: {len(picture):,} bytes are too many for the repository")
    return faults


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
            browser = await playwright.chromium.launch(executable_path=path)
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
