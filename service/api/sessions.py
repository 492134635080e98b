"""Our own session cookie: who signed in, until when, signed with a key that all replicas derive alike."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec

from service.api.tokens import Caller, Refusal
from service.domain.access import Role
from service.domain.clock import Clock

SESSION_COOKIE = "cronsole-session"
LONGEST_SESSION = timedelta(hours=12)
SIGNATURE_BYTES = hashlib.sha256().digest_size


class Content(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a session says; `expires_at` in whole seconds since 1970."""

    subject: str
    role: Role
    expires_at: int


class Sessions:
    """Makes sessions and reads them; nothing is stored, so a restart ends none."""

    def __init__(self, secrets: Sequence[bytes], clock: Clock) -> None:
        self._key = session_key(tuple(secrets)) if secrets else None
        self._clock = clock

    @property
    def can_sign(self) -> bool:
        """Whether there is a secret to sign with; without one the token itself has to be the session."""
        return self._key is not None

    def end_of(self, caller: Caller) -> datetime:
        """Return when a session of this caller ends: never later than the token it comes from."""
        longest = self._clock.now() + LONGEST_SESSION
        return min(longest, caller.expires_at) if caller.expires_at else longest

    def issue(self, caller: Caller) -> str:
        """Return the value of the cookie."""
        content = Content(caller.subject, caller.role, int(self.end_of(caller).timestamp()))
        encoded = msgspec.json.encode(content)
        return base64.urlsafe_b64encode(self._sign(encoded) + encoded).decode()

    def caller_of(self, value: str) -> Caller | Refusal:
        """Return whose session a cookie holds."""
        try:
            signed = base64.b64decode(value.encode("ascii"), altchars=b"-_", validate=True)
            signature, encoded = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, self._sign(encoded)):
                return Refusal.WRONG
            content = msgspec.json.decode(encoded, type=Content)
        except (ValueError, msgspec.DecodeError):
            return Refusal.WRONG
        expires_at = datetime.fromtimestamp(content.expires_at, UTC)
        if self._clock.now() >= expires_at:
            return Refusal.OUT_OF_TIME
        return Caller(content.subject, content.role, expires_at)

    def _sign(self, encoded: bytes) -> bytes:
        if self._key is None:
            raise ValueError("there is no secret to sign with")
        return hmac.digest(self._key, encoded, "sha256")


@cache
def session_key(secrets: tuple[bytes, ...]) -> bytes:
    """Return the key that belongs to the configured secrets: a new secret ends all sessions.

    Slow on purpose (50 ms, once): a viewer holds a signature made with it, and must not find a weak admin
    token by trying.
    """
    joined = b"".join(len(secret).to_bytes(4, "big") + secret for secret in secrets)
    return hashlib.scrypt(joined, salt=b"cronsole session", n=2**14, r=8, p=1, dklen=32)
