"""Tokens that others issue, PASETO v4.local and JWT: are they genuine and in force, and whose are they?"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Protocol, TypeGuard

import jwt
import msgspec
import pyseto

from service.api.key_set import ALGORITHMS, KeySet, KeysUnavailable
from service.domain.access import Role, role_of_claim
from service.domain.clock import Clock

LEEWAY = timedelta(seconds=30)  # issuers' clocks differ from ours
LONGEST_SUBJECT = 200
PASETO_PREFIX = "v4.local."
# The actor of the static token in the audit; nobody else may go by that name.
STATIC_SUBJECT = "admin-token"


class Caller(msgspec.Struct, frozen=True):
    """Whoever a token belongs to; `subject` is the actor in the audit, `expires_at` the end of the token."""

    subject: str
    role: Role
    expires_at: datetime | None = None


class Refusal(Enum):
    """Why a token is not accepted."""

    WRONG = "the token is not valid"
    OUT_OF_TIME = "the token has expired, or is not valid yet"  # genuine all the same: no attempt to guess
    NO_KEYS = "the keys of the token's issuer cannot be fetched now"


class Tokens(Protocol):
    """One kind of token."""

    def knows(self, token: str) -> bool:
        """Answer whether a token looks like one of this kind."""
        ...

    async def caller_of(self, token: str) -> Caller | Refusal:
        """Return whose token it is."""
        ...


class PasetoTokens:
    """PASETO v4.local: encrypted and authenticated with one shared key.

    Source: https://github.com/paseto-standard/paseto-spec, Version4.md and 04-Claims.md
    """

    def __init__(self, key: bytes, role_claim: str, clock: Clock) -> None:
        self._key = pyseto.Key.new(4, "local", key)
        self._role_claim, self._clock = role_claim, clock

    def knows(self, token: str) -> bool:
        return token.startswith(PASETO_PREFIX)

    async def caller_of(self, token: str) -> Caller | Refusal:
        try:
            content = pyseto.decode(self._key, token).payload
            claims = msgspec.json.decode(content if isinstance(content, bytes) else b"", type=dict[str, Any])
        except (pyseto.PysetoError, ValueError, RecursionError, msgspec.DecodeError):
            return Refusal.WRONG
        return caller_of_claims(claims, self._role_claim, self._clock.now())


class JwtTokens:
    """JWT, signed with a key of the issuer's JWKS; issuer and audience must be ours.

    Source: RFC 7519; RFC 8725 for what has to be pinned.
    """

    def __init__(self, keys: KeySet, issuer: str, audience: str, role_claim: str, clock: Clock) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._role_claim, self._clock = role_claim, clock

    def knows(self, token: str) -> bool:
        return token.count(".") == 2

    async def caller_of(self, token: str) -> Caller | Refusal:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                return Refusal.WRONG
            key = await self._keys.find(header.get("kid"))
            if key is None:
                return Refusal.WRONG
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],  # the key's, never the token's
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": ["iss", "aud", "exp", "sub"],
                    "enforce_minimum_key_length": True,
                    # Compared below, on the service's own clock.
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except KeysUnavailable:
            return Refusal.NO_KEYS
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return Refusal.WRONG
        return caller_of_claims(claims, self._role_claim, self._clock.now())


def caller_of_claims(claims: Mapping[str, Any], role_claim: str, now: datetime) -> Caller | Refusal:
    """Return whose genuine token has these claims; one without subject or expiry is nobody's."""
    subject, expires_at = claims.get("sub"), instant_of(claims.get("exp"))
    if not is_subject(subject) or expires_at is None:
        return Refusal.WRONG
    starts = [instant_of(claims[name]) for name in ("nbf", "iat") if name in claims]
    if None in starts:
        return Refusal.WRONG
    if now - expires_at >= LEEWAY or any(start and start - now > LEEWAY for start in starts):
        return Refusal.OUT_OF_TIME
    return Caller(subject, role_of_claim(claim_of(claims, role_claim)), expires_at)


def is_subject(subject: Any) -> TypeGuard[str]:
    """Answer whether a subject can stand in the audit: Postgres holds no NUL, and a log no line breaks."""
    if not isinstance(subject, str) or subject == STATIC_SUBJECT:
        return False
    return 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()


def claim_of(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by a path such as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def instant_of(claim: Any) -> datetime | None:
    """Read an instant: seconds since 1970 in a JWT, RFC 3339 with an offset in a PASETO; None if neither."""
    try:
        if isinstance(claim, int | float) and not isinstance(claim, bool):
            return datetime.fromtimestamp(claim, UTC)
        if isinstance(claim, str):
            found = msgspec.convert(claim, datetime)
            return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError, OSError, msgspec.ValidationError):
        pass
    return None
