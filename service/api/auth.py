"""Who calls: finds the tokens of a request and whose they are."""

import hmac
from collections.abc import Iterator, Sequence

import msgspec
import structlog
from aiohttp import web

from service.api.attempts import FailedAttempts, address_of
from service.api.key_set import KeySet
from service.api.sessions import SESSION_COOKIE, Sessions
from service.api.tokens import (
    STATIC_SUBJECT,
    Caller,
    JwtTokens,
    PasetoTokens,
    Refusal,
    Tokens,
)
from service.domain.access import Role
from service.domain.clock import Clock

log = structlog.get_logger(__name__)

CALLER = web.RequestKey("caller", Caller)
STATIC_CALLER = Caller(STATIC_SUBJECT, Role.ADMIN)
BEARER = "Authorization"
LONGEST_TOKEN = 8_192  # what a header may hold

# Google's Identity-Aware Proxy: https://cloud.google.com/iap/docs/signed-headers-howto
PROXY_ASSERTION = "X-Goog-IAP-JWT-Assertion"


class JwtIssuer(msgspec.Struct, frozen=True):
    """Whose JWTs are accepted, and for whom they have to be made."""

    jwks_url: str
    issuer: str
    audience: str


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say about who may call, and from where."""

    admin_token: str | None = None
    access_cookie: str
    paseto_key: bytes | None = None
    jwt_issuer: JwtIssuer | None = None
    role_claim: str = "role"
    is_on_loopback: bool
    is_on_cloud_run: bool = False


class Authentication:
    """Tells tokens apart and checks them; `attempts` counts the failed ones."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._admin_token = access.admin_token.encode() if access.admin_token else None
        self._kinds = kinds_of(access, clock)
        secrets = [secret for secret in (self._admin_token, access.paseto_key) if secret]
        self.sessions, self.attempts = Sessions(secrets, clock), FailedAttempts(clock)

    def address_of(self, request: web.Request) -> str:
        """Return whom this request's attempts are counted for."""
        return address_of(request, is_on_cloud_run=self._access.is_on_cloud_run)

    async def caller_of(self, request: web.Request) -> Caller:
        """Return whose valid token the request carries; of several the first valid one counts.

        A valid token is accepted however many others failed before it: behind a proxy all clients may have
        one address, and nobody shall lock out the others. Only bearers count as attempts: a cookie goes along
        by itself, long after its token has expired.

        Raises:
            web.HTTPUnauthorized: there is none.
            web.HTTPTooManyRequests: there is none, and its address has tried too often.
            web.HTTPServiceUnavailable: the token cannot be judged now.
        """
        tokens = list(self._tokens(request))
        verdicts = [await self._verdict(source, token) for source, token in tokens]
        for verdict in verdicts:
            if isinstance(verdict, Caller):
                return verdict
        if Refusal.NO_KEYS in verdicts:
            raise web.HTTPServiceUnavailable(text=Refusal.NO_KEYS.value, headers={"Retry-After": "10"})
        is_attempt = any(
            source == BEARER and verdict is Refusal.WRONG
            for (source, _), verdict in zip(tokens, verdicts, strict=True)
        )
        if is_attempt:
            self.count_failure(request)
            if wait := self.attempts.wait_seconds(self.address_of(request)):
                raise too_many_attempts(wait)
        wanted = "a valid token is needed, as a bearer or in the access cookie"
        raise web.HTTPUnauthorized(
            text=Refusal.OUT_OF_TIME.value if Refusal.OUT_OF_TIME in verdicts else wanted,
            headers={"WWW-Authenticate": 'Bearer realm="cronsole"'},
        )

    async def check(self, token: str) -> Caller | Refusal:
        """Return whose token this is, of whatever kind but a session."""
        # All of the secret is compared, so the time tells nothing; a header may hold any bytes as surrogates.
        given = token.encode("utf-8", "surrogateescape")
        if self._admin_token is not None and hmac.compare_digest(given, self._admin_token):
            return STATIC_CALLER
        if token.isascii() and len(token) <= LONGEST_TOKEN:
            for kind in self._kinds:
                if kind.knows(token):
                    return await kind.caller_of(token)
        return Refusal.WRONG

    def count_failure(self, request: web.Request) -> None:
        """Count a failed attempt, and log the one that exhausts the limit."""
        address = self.address_of(request)
        was_waiting = self.attempts.wait_seconds(address)
        self.attempts.count(address)
        if not was_waiting and self.attempts.wait_seconds(address):
            log.warning("too_many_failed_attempts", address=address)

    async def _verdict(self, source: str, token: str) -> Caller | Refusal:
        if source == SESSION_COOKIE and self.sessions.can_sign:
            return self.sessions.caller_of(token)
        return await self.check(token)

    def _tokens(self, request: web.Request) -> Iterator[tuple[str, str]]:
        """Yield where each token of the request stands, and the token."""
        scheme, _, token = request.headers.get(BEARER, "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            yield BEARER, token.strip()
        if assertion := request.headers.get(PROXY_ASSERTION):
            yield PROXY_ASSERTION, assertion
        for name in (SESSION_COOKIE, self._access.access_cookie):
            if cookie := request.cookies.get(name):
                yield name, cookie


def kinds_of(access: Access, clock: Clock) -> Sequence[Tokens]:
    """Return the kinds of tokens that are configured."""
    kinds: list[Tokens] = []
    if access.paseto_key is not None:
        kinds.append(PasetoTokens(access.paseto_key, access.role_claim, clock))
    if (issuer := access.jwt_issuer) is not None:
        keys = KeySet(issuer.jwks_url, clock)
        kinds.append(JwtTokens(keys, issuer.issuer, issuer.audience, access.role_claim, clock))
    return kinds


def too_many_attempts(wait_seconds: int) -> web.HTTPTooManyRequests:
    """Return the refusal of who has tried too often."""
    return web.HTTPTooManyRequests(
        text=f"too many failed attempts; wait {wait_seconds} s", headers={"Retry-After": str(wait_seconds)}
    )
