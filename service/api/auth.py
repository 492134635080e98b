"""Who may call: the admin token, as a bearer or in a cookie, compared in constant time."""

import hmac
from collections.abc import Iterator

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

PROTECTED = "/v1/"
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


class Caller(msgspec.Struct, frozen=True):
    """Whoever a token belongs to; `subject` is the actor in the audit."""

    subject: str


CALLER = web.RequestKey("caller", Caller)

# The static token has no subject of its own.
STATIC_CALLER = Caller("admin-token")


class Authentication:
    """The check before every call under /v1/."""

    def __init__(self, *, admin_token: str | None, access_cookie: str) -> None:
        self._admin_token = admin_token.encode() if admin_token else None
        self._access_cookie = access_cookie

    def caller_of(self, request: web.Request) -> Caller | None:
        """Return whose valid token the request carries, or None."""
        # Every token is compared with all of the secret, so the time tells nothing about either.
        matches = [self._is_admin(token) for token in self._tokens(request)]
        return STATIC_CALLER if any(matches) else None

    def _is_admin(self, token: str) -> bool:
        # A header may hold any bytes; aiohttp keeps them as surrogates.
        given = token.encode("utf-8", "surrogateescape")
        return self._admin_token is not None and hmac.compare_digest(given, self._admin_token)

    def _tokens(self, request: web.Request) -> Iterator[str]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            yield token.strip()
        if cookie := request.cookies.get(self._access_cookie):
            yield cookie

    @property
    def middleware(self) -> Middleware:
        """Refuse calls under /v1/ without a valid token (401), and changes for another site (403)."""

        @web.middleware
        async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not request.path.startswith(PROTECTED):
                return await handler(request)
            # Browsers send the cookie along with requests that other sites make, and say so in this header.
            if request.method in CHANGES and request.headers.get("Sec-Fetch-Site") == "cross-site":
                raise web.HTTPForbidden(text="a change that another site asks for is refused")
            caller = self.caller_of(request)
            if caller is None:
                raise web.HTTPUnauthorized(
                    text="a valid token is needed, as a bearer or in the access cookie",
                    headers={"WWW-Authenticate": 'Bearer realm="cronsole"'},
                )
            request[CALLER] = caller
            return await handler(request)

        return authenticate
