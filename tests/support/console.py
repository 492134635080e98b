"""The console as a test uses it: a whole replica on a database of its own, and browser windows on it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from playwright.async_api import Browser, Error, Page

from service.app import serve
from service.settings import Settings
from tests.support.events import EventLog, captured_events
from tests.support.line import Line
from tests.support.processes import TOKEN, ReplicaProcess, replica_process
from tests.support.steered import SteeredRun, SteeredRuns, steered_runs
from tests.support.tokens import PASETO_KEY
from tests.support.window import Call, Window, open_window

HANDLERS = ("tests.support.handlers", "tests.support.steered")
START_SECONDS = 60.0
PHONE = (360, 740)
SETTINGS: dict[str, Any] = {
    "port": 0,
    "paseto_key": PASETO_KEY.hex(),
    "handlers": HANDLERS,
}


class Service:
    """A replica in this process: the real one, all of it but the process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.address = ""

    async def start(self) -> None:
        """Return when it serves, and has its jobs scheduled."""
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def on_ready(host: str, port: int) -> None:
            ready.set_result(f"http://{host}:{port}")

        # Its own task: pytest-asyncio sets fixtures up in one task and tears them down in another.
        self._task = asyncio.create_task(serve(self._settings, TOKEN, self._stop, on_ready), name="service")
        awaited: set[asyncio.Future[Any]] = {self._task, ready}
        await asyncio.wait(awaited, timeout=START_SECONDS, return_when="FIRST_COMPLETED")
        if not ready.done():
            await self.stop()
            raise AssertionError("the service ended, or did not start in time")
        self.address = ready.result()

    async def stop(self) -> None:
        """Drain and leave, as on SIGTERM."""
        self._stop.set()
        if self._task is not None:
            await self._task


class Console:
    """A service, its database and its first window; further windows by `new_page`.

    `page`, `open`, `sign_in`, `cut` and so on are those of the first window, where somebody with the role
    admin is signed in already. `events` is what the service logs, to be waited for.
    """

    def __init__(
        self,
        service: Service,
        database_url: str,
        browser: Browser,
        sql: Any,
        events: EventLog,
        steered: SteeredRuns,
        stack: AsyncExitStack,
    ) -> None:
        self.service, self.database_url, self.sql, self.events = service, database_url, sql, events
        self._steered, self._browser, self._stack = steered, browser, stack
        self.windows: list[Window] = []
        self._address = service.address

    @property
    def window(self) -> Window:
        """The first window."""
        return self.windows[0]

    @property
    def url(self) -> str:
        """The address of the service as the first window knows it."""
        return self.window.url

    @property
    def page(self) -> Page:
        """The page of the first window."""
        return self.window.page

    @property
    def calls(self) -> list[Call]:
        """The calls to the API that the first window has made."""
        return self.window.calls

    async def open(self, path: str = "/automation") -> None:
        """Go to a path of the console in the first window."""
        await self.window.open(path)

    async def sign_in(self, role: str = "admin", subject: str | None = None) -> None:
        """Be somebody else in the first window from the next request on."""
        await self.window.sign_in(role, subject)

    def expect_errors(self, *patterns: str) -> None:
        """Let errors of any window pass that match one of these regular expressions."""
        for window in self.windows:
            window.expect_errors(*patterns)

    async def check_accessibility(self, within: str | None = None, rules_off: Sequence[str] = ()) -> None:
        """Fail with what axe-core finds wrong with the page of the first window."""
        await self.window.check_accessibility(within, rules_off)

    async def cut(self) -> None:
        """Cut the first window off from the service."""
        await self.window.cut()

    async def restore(self) -> None:
        """End the cut."""
        await self.window.restore()

    async def new_page(
        self,
        role: str | None = "admin",
        *,
        subject: str | None = None,
        time_zone: str = "UTC",
        color_scheme: str = "light",
        viewport: tuple[int, int] = (1280, 800),
        **options: Any,
    ) -> Window:
        """Open another window with cookies of its own; nobody is signed in there where `role` is None.

        `viewport` is width and height in CSS pixels; `options` are further ones of Playwright's context.
        """
        line = await self._stack.enter_async_context(Line(self._address))
        window = await open_window(
            self._browser,
            line,
            timezone_id=time_zone,
            color_scheme=color_scheme,
            viewport={"width": viewport[0], "height": viewport[1]},
            **options,
        )
        self.windows.append(window)
        if role is not None:
            await window.sign_in(role, subject)
        return window

    @asynccontextmanager
    async def visit(self, role: str | None = "admin", **options: Any) -> AsyncIterator[Window]:
        """Open another window, as `new_page` does, and close it at the end; what broke in it fails there."""
        window = await self.new_page(role, **options)
        try:
            yield window
        finally:
            await window.close()
            self.windows.remove(window)
        assert_nothing_broke(window.unexpected_errors())

    async def add_job(self, job_id: str, cron: str | None = "0 0 3 * * *", **columns: Any) -> None:
        """Insert a job as somebody at the psql prompt; one without a schedule is MANUAL."""
        values = {
            "job_id": job_id,
            "display_name": job_id.title(),
            "schedule_type": "MANUAL" if cron is None else "CRON",
            "schedule_cron": cron,
            "handler": "noop",
            **columns,
        }
        names, places = ", ".join(values), ", ".join(f"${i}" for i in range(1, len(values) + 1))
        await self.sql.execute(f"insert into jobs ({names}) values ({places})", *values.values())

    async def run(self, job_id: str, **params: Any) -> SteeredRun:
        """Trigger a job whose handler is `test.steered`, and return its run, which the test then steers."""
        return await self._steered.trigger(self.sql, job_id, params)

    async def next_run(self) -> SteeredRun:
        """Return the next run of `test.steered` that begins, whoever asked for it."""
        return await self._steered.next()

    async def start_replica(self, **settings: str) -> ReplicaProcess:
        """Start another replica, as a process on the same database that can be killed; ready on return.

        `settings` are environment variables.
        """
        values = {"CRONSOLE_PASETO_KEY": PASETO_KEY.hex(), "CRONSOLE_HANDLERS": ",".join(HANDLERS)}
        replica = await self._stack.enter_async_context(
            replica_process(self.database_url, **values | settings)
        )
        await replica.until_ready()
        return replica

    async def stop_service(self) -> None:
        """Let the service of this process leave; the windows reach nobody until led elsewhere."""
        for window in self.windows:
            window.expect_errors("net::ERR_", "Failed to fetch", "50[234]")
        await self.service.stop()

    async def serve_by_process(self, **settings: str) -> ReplicaProcess:
        """Let a process of its own serve all windows, and the service of this process leave."""
        replica = await self.start_replica(**settings)
        await self.stop_service()
        self.lead_to(replica.address)
        return replica

    def lead_to(self, address: str) -> None:
        """Let all windows reach another replica from now on, under the addresses they know."""
        self._address = address
        for window in self.windows:
            window.line.lead_to(address)

    async def take_pictures(self, folder: Path, name: str) -> None:
        """Keep what the windows show, for whoever wonders why a test has failed."""
        for number, window in enumerate(self.windows, 1):
            with suppress(Error):  # it may be closed, or hang
                await window.page.screenshot(path=folder / f"{name}-{number}.png", timeout=3_000)

    def unexpected_errors(self) -> list[str]:
        """What broke in any window and was not expected to."""
        return [error for window in self.windows for error in window.unexpected_errors()]


@asynccontextmanager
async def running_console(database_url: str, browser: Browser, **settings: Any) -> AsyncIterator[Console]:
    """Run a service on a migrated database, and open a window on it as admin.

    Errors of the windows that no test expected fail it at the end.
    """
    service = Service(Settings(database_url=database_url, **SETTINGS | settings))
    async with AsyncExitStack() as stack:
        sql = await asyncpg.connect(database_url, server_settings={"application_name": "psql"})
        stack.push_async_callback(sql.close)
        events = await stack.enter_async_context(captured_events())
        steered = stack.enter_context(steered_runs())
        stack.push_async_callback(service.stop)
        await service.start()
        console = Console(service, database_url, browser, sql, events, steered, stack)
        await console.new_page()
        try:
            yield console
        finally:
            for window in console.windows:
                await window.close()
    assert_nothing_broke(console.unexpected_errors())


def assert_nothing_broke(errors: Sequence[str]) -> None:
    """Fail with all errors, one a line."""
    assert not errors, "the page had errors that the test did not expect:\n" + "\n".join(errors)
