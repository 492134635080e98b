"""The public keys of a token issuer (JWKS, RFC 7517): fetched when needed, kept while they cannot be."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import jwt
import msgspec
import structlog

from service.domain.clock import Clock

log = structlog.get_logger(__name__)

# Signatures only: with an HMAC, whoever can check a token can make one.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
FRESH_SECONDS = 600.0  # a key that the issuer withdrew is refused after this time
RETRY_SECONDS = 10.0  # at most one fetch in this time, however many tokens name unknown keys
FETCH_SECONDS = 3.0
LARGEST_BYTES = 256 * 1024
MOST_KEYS = 100


Fetch = Callable[[str], Awaitable[bytes]]


class KeysUnavailable(Exception):
    """The issuer cannot be asked now, and the key is none that it told us before."""


class KeySet:
    """The keys at one URL."""

    def __init__(self, url: str, clock: Clock, fetch: Fetch | None = None) -> None:
        self._url, self._clock, self._fetch = url, clock, fetch or fetch_document
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._is_reachable = True
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """Return the key of this id; without an id, the only key there is. None: the issuer has no such key.

        Fetches the keys when they are old or the id is new, so that rotated keys work at once.

        Raises:
            KeysUnavailable: the key is unknown, and the issuer did not answer.
        """
        # While somebody else fetches, only who does not have the key waits.
        if self._known(key_id) is None if self._fetching.locked() else self._is_due(key_id):
            async with self._fetching:
                if self._is_due(key_id):
                    await self._refresh()
        key = self._known(key_id)
        if key is None and not self._is_reachable:
            raise KeysUnavailable
        return key

    def _known(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id) if isinstance(key_id, str) else None

    def _is_due(self, key_id: str | None) -> bool:
        now = self._clock.monotonic()
        if self._tried_at is not None and now - self._tried_at < RETRY_SECONDS:
            return False
        is_old = self._fetched_at is None or now - self._fetched_at >= FRESH_SECONDS
        return is_old or self._known(key_id) is None

    async def _refresh(self) -> None:
        """Replace the keys; if that fails, the old ones stay."""
        self._tried_at = self._clock.monotonic()
        try:
            keys = keys_of(await self._fetch(self._url))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, msgspec.DecodeError) as fault:
            self._is_reachable = False
            log.warning("jwks_unavailable", fault=type(fault).__name__, keys_kept=len(self._keys))
            return
        self._keys, self._is_reachable, self._fetched_at = keys, True, self._tried_at
        log.info("jwks_fetched", keys=len(keys))


async def fetch_document(url: str) -> bytes:
    """Return what is at `url`, at most LARGEST_BYTES, within FETCH_SECONDS.

    Raises:
        aiohttp.ClientError, OSError, TimeoutError: there is no answer.
        ValueError: the answer is not 200, or too large. A redirect is no answer: the keys decide who may
            enter, and come from where the setting says.
    """
    time_limit = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=time_limit) as client,
        client.get(url, allow_redirects=False) as response,
    ):
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        try:
            await response.content.readexactly(LARGEST_BYTES + 1)
        except asyncio.IncompleteReadError as whole:
            return whole.partial
        raise ValueError("too large")


def keys_of(document: bytes) -> dict[str | None, jwt.PyJWK]:
    """Return the usable keys of a JWKS by their ids; others in it, for encryption say, are left out.

    Raises:
        ValueError, msgspec.DecodeError: it is no JWKS, or holds no usable key.
    """
    content = msgspec.json.decode(document, type=dict[str, Any])
    given = content.get("keys")
    keys: dict[str | None, jwt.PyJWK] = {}
    for raw in given[:MOST_KEYS] if isinstance(given, list) else []:
        if not isinstance(raw, dict) or raw.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK(raw)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if key.algorithm_name in ALGORITHMS:
            keys[raw["kid"] if isinstance(raw.get("kid"), str) else None] = key
    if not keys:
        raise ValueError("no usable key")
    return keys
