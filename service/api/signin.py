"""Signing in and out: a token is exchanged for a cookie that no script can read."""

import re
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

import msgspec
import structlog
from aiohttp import web

from service.api.answers import HEADERS, answer
from service.api.auth import Authentication, too_many_attempts
from service.api.home import HOME, believed, see
from service.api.inputs import parameter
from service.api.sessions import SESSION_COOKIE
from service.api.tokens import Caller, Refusal
from service.domain.access import Role
from service.domain.clock import Clock
from service.domain.errors import InvalidInput

log = structlog.get_logger(__name__)

PAGES = Path(__file__).with_name("pages")
PLACEHOLDER = re.compile(r"\{\{(message|place)\}\}")
LONGEST_COOKIE = 3_800  # browsers drop a cookie of more than 4096 bytes, its name and attributes included


class SignedInJson(msgspec.Struct, frozen=True, rename="camel"):
    """Who has signed in, and until when."""

    subject: str
    role: Role
    expires_at: datetime


class SignInEndpoints:
    """Handlers of the sign-in page, for people in a browser; programs send their token with each call."""

    def __init__(self, *, authentication: Authentication, clock: Clock, is_on_loopback: bool) -> None:
        self._authentication, self._clock = authentication, clock
        # Browsers keep a Secure cookie only when it came by HTTPS, which nothing on loopback speaks.
        self._is_secure = not is_on_loopback
        self._page = (PAGES / "signin.html").read_text(encoding="utf-8")
        self._style = (PAGES / "signin.css").read_text(encoding="utf-8")

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/signin", self.show_page),
            web.get("/signin.css", self.show_style),
            web.post("/signin", self.sign_in),
            web.post("/signout", self.sign_out),
        ]

    async def show_page(self, request: web.Request) -> web.Response:
        """Answer the page with its one field; `next` is where in the console it leads to."""
        return self._page_saying("", 200, believed(parameter(request, "next")))

    async def show_style(self, _: web.Request) -> web.Response:
        """Answer the page's style sheet."""
        return web.Response(text=self._style, content_type="text/css")

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Take the form's token, and set the cookie: 303 to the console for a browser, else 200.

        `next` is the place in the console to go on at; what lies elsewhere is not believed. An address that
        has failed too often has to wait (429), even with the right token.
        """
        place = HOME
        try:
            fields = await fields_of(request)
            place = believed(the_one(fields, "next"))
            token = token_of(fields)
            caller = await self._caller_of(request, token)
            session = self._session_of(caller, token)
        except (web.HTTPException, InvalidInput) as refusal:
            if not wants_page(request):
                raise
            return self._page_of(refusal, place)
        log.info("signed_in", subject=caller.subject, role=caller.role)
        expires_at = self._authentication.sessions.end_of(caller)
        if wants_page(request):
            response = see(place)
        else:
            response = answer(SignedInJson(caller.subject, caller.role, expires_at))
        response.set_cookie(
            SESSION_COOKIE,
            session,
            max_age=max(0, int((expires_at - self._clock.now()).total_seconds())),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._is_secure,
        )
        return response

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """Take the cookie away: 303 to the sign-in page for a browser, else 204."""
        response = see("/signin") if wants_page(request) else web.Response(status=204, headers=HEADERS)
        response.del_cookie(
            SESSION_COOKIE, path="/", httponly=True, samesite="Strict", secure=self._is_secure
        )
        return response

    async def _caller_of(self, request: web.Request, token: str) -> Caller:
        address = self._authentication.address_of(request)
        if wait := self._authentication.attempts.wait_seconds(address):
            raise too_many_attempts(wait)
        verdict = await self._authentication.check(token)
        if isinstance(verdict, Caller):
            return verdict
        if verdict is Refusal.NO_KEYS:
            raise web.HTTPServiceUnavailable(text=verdict.value, headers={"Retry-After": "10"})
        if verdict is Refusal.WRONG:
            self._authentication.count_failure(request)
        log.warning("sign_in_refused", address=address, reason=verdict.value)
        raise web.HTTPUnauthorized(text=verdict.value)

    def _session_of(self, caller: Caller, token: str) -> str:
        sessions = self._authentication.sessions
        session = sessions.issue(caller) if sessions.can_sign else token
        if len(session) > LONGEST_COOKIE:
            raise web.HTTPBadRequest(text="the token is too long for a cookie; send it as a bearer")
        return session

    def _page_of(self, refusal: web.HTTPException | InvalidInput, place: str) -> web.Response:
        if isinstance(refusal, InvalidInput):
            return self._page_saying(str(refusal), 400, place)
        response = self._page_saying(refusal.text or "", refusal.status, place)
        if "Retry-After" in refusal.headers:
            response.headers["Retry-After"] = refusal.headers["Retry-After"]
        return response

    def _page_saying(self, message: str, status: int, place: str) -> web.Response:
        said = {"message": escape(message), "place": escape(place)}
        text = PLACEHOLDER.sub(lambda found: said[found[1]], self._page)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def wants_page(request: web.Request) -> bool:
    """Answer whether a browser shows what is answered."""
    return "text/html" in request.headers.get("Accept", "")


async def fields_of(request: web.Request) -> dict[str, list[str]]:
    """Return the fields of the form.

    Raises:
        web.HTTPUnsupportedMediaType, InvalidInput: it is no such form.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="send a form with one field, token")
    try:
        return parse_qs((await request.read()).decode("ascii"), max_num_fields=10)
    except ValueError as fault:
        raise InvalidInput("token", "the form cannot be read", "a form with one field, token") from fault


def the_one(fields: dict[str, list[str]], name: str) -> str:
    """Return the value of a field, empty where there is not exactly one."""
    values = fields.get(name, [])
    return values[0] if len(values) == 1 else ""


def token_of(fields: dict[str, list[str]]) -> str:
    """Return the form's token.

    Raises:
        InvalidInput: there is not exactly one.
    """
    if not (token := the_one(fields, "token").strip()):
        raise InvalidInput("token", "there is not exactly one token", "a form with one field, token")
    return token
