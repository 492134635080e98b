"""A browser window of a test: a page in a context of its own, which keeps what it did and what broke."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    Response,
)

from service.domain.clock import SystemClock
from tests.support.accessibility import accessibility_faults, scrolls_sideways
from tests.support.line import Line
from tests.support.tokens import claims_at, paseto_of

API = "/v1/"
PATIENCE_MS = 30_000
SUBJECTS = {"viewer": "vera", "operator": "oscar", "admin": "ada"}
JSON = {"Accept": "application/json"}

# A script that the page is given before its own: what the policy refuses becomes an error of the console.
TELL_VIOLATIONS = """
    document.addEventListener('securitypolicyviolation', (event) => console.error(
        `content policy: ${event.effectiveDirective} refuses ${event.blockedURI}`,
        `in ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
"""
# The page itself gave these up, most often because it was left.
GIVEN_UP = "net::ERR_ABORTED"
# What a line that was cut looks like from the page.
OF_A_CUT_LINE = r"net::ERR_|connection was interrupted|Failed to fetch|network error"


class Call(msgspec.Struct):
    """A request of the page to the API; `status` and `duration_ms` are None while it is under way."""

    method: str
    path: str
    query: str
    status: int | None = None
    duration_ms: float | None = None


class Window:
    """One page, signed in or not, on a line of its own to the service."""

    def __init__(self, context: BrowserContext, page: Page, line: Line) -> None:
        self.context, self.page, self.line = context, page, line
        self.calls: list[Call] = []
        self.errors: list[str] = []
        self._expected: list[str] = []
        self._under_way: dict[Request, Call] = {}
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.errors.append(f"page error: {error.stack or error.message}"))
        page.on("crash", lambda _: self.errors.append("the page crashed"))
        page.on("request", self._note_request)
        page.on("response", self._note_response)
        page.on("requestfinished", self._note_end)
        page.on("requestfailed", self._note_failure)

    @property
    def url(self) -> str:
        """The address of the service as this window knows it."""
        return self.line.url

    async def open(self, path: str = "/automation") -> None:
        """Go to a path of the console, and return when the page and its scripts are loaded."""
        response = await self.page.goto(self.url + path)
        assert response is not None, f"nothing answered at {path}"
        assert response.status < 400, f"{path} answered {response.status}"

    async def sign_in(self, role: str = "admin", subject: str | None = None) -> None:
        """Get the session cookie of somebody with that role: `viewer`, `operator` or `admin`."""
        claims = claims_at(SystemClock().now(), role, sub=subject or SUBJECTS[role])
        response = await self.context.request.post(
            f"{self.url}/signin", form={"token": paseto_of(claims)}, headers=JSON
        )
        assert response.ok, await response.text()

    async def sign_out(self) -> None:
        """Be nobody from now on, as after the end of a session."""
        await self.context.clear_cookies()

    def expect_errors(self, *patterns: str) -> None:
        """Let errors pass that match one of these regular expressions; any other one fails the test."""
        self._expected += patterns

    def unexpected_errors(self) -> list[str]:
        """What broke and was not expected to."""
        return [error for error in self.errors if not any(re.search(each, error) for each in self._expected)]

    async def cut(self) -> None:
        """Break the page's connections, the event stream among them, and refuse new ones until restored."""
        self.expect_errors(OF_A_CUT_LINE)
        await self.line.cut()

    async def restore(self) -> None:
        """Let the page reach the service again."""
        await self.line.restore()

    def api_calls(self, method: str | None = None, path: str | None = None) -> list[Call]:
        """The calls so far of that method and to that path (a regular expression, all of it)."""
        return [
            call
            for call in self.calls
            if method in (None, call.method) and (path is None or re.fullmatch(path, call.path))
        ]

    async def check_accessibility(self, within: str | None = None, rules_off: Sequence[str] = ()) -> None:
        """Fail with what axe-core finds wrong with the page, or with the part that a selector names."""
        faults = await accessibility_faults(self.page, within, rules_off)
        assert not faults, f"axe-core at {self.page.url}:\n" + "\n".join(faults)

    async def check_width(self) -> None:
        """Fail if the page has to be scrolled sideways."""
        assert not await scrolls_sideways(self.page), f"{self.page.url} is wider than its window"

    async def close(self) -> None:
        """Close the page, and cut its line."""
        await self.context.close()
        await self.line.cut()

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error" and GIVEN_UP not in message.text:
            where: Mapping[str, Any] = message.location
            self.errors.append(f"console error: {message.text} ({where.get('url')})")

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.netloc != f"127.0.0.1:{self.line.port}" and parts.scheme not in ("data", "blob"):
            self.errors.append(f"another host was asked: {request.url}")
        if parts.path.startswith(API):
            call = Call(request.method, parts.path, parts.query)
            self.calls.append(call)
            self._under_way[request] = call

    def _note_response(self, response: Response) -> None:
        if call := self._under_way.get(response.request):
            call.status = response.status

    def _note_end(self, request: Request) -> None:
        if call := self._under_way.pop(request, None):
            timing = request.timing
            call.duration_ms = timing["responseEnd"] - max(timing["requestStart"], 0)

    def _note_failure(self, request: Request) -> None:
        self._under_way.pop(request, None)
        if request.failure != GIVEN_UP:
            self.errors.append(f"request failed: {request.method} {request.url} ({request.failure})")


async def launch(playwright: Playwright, path: str) -> Browser:
    """Start the Chromium at that path, with the fields for dates of English outside America."""
    return await playwright.chromium.launch(executable_path=path, args=["--lang=en-GB"])


async def open_window(browser: Browser, line: Line, **options: Any) -> Window:
    """Open a window; `options` are those of a context of Playwright's, where ours differ from its own."""
    settings: dict[str, Any] = {
        "viewport": {"width": 1280, "height": 800},
        "timezone_id": "UTC",
        "locale": "en-GB",
        "color_scheme": "light",
        "reduced_motion": "reduce",
        **options,
    }
    context: BrowserContext = await browser.new_context(**settings)
    context.set_default_timeout(PATIENCE_MS)
    await context.add_init_script(TELL_VIOLATIONS)
    try:
        return Window(context, await context.new_page(), line)
    except Error:
        await context.close()
        raise
