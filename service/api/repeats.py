"""Answers to calls with an `Idempotency-Key`: a repeat gets what the first one got."""

from typing import Any

import msgspec

from service.database.idempotency import IdempotencyStore
from service.domain.idempotency import KeyedCall


class Repeats:
    """The answers that were given under a key; without a key nothing is kept."""

    def __init__(self, idempotency: IdempotencyStore) -> None:
        self._idempotency = idempotency

    async def find(self, call: KeyedCall | None) -> bytes | None:
        """Return the JSON that answered the call before.

        Raises:
            KeyUsedOtherwise: its key came with another request.
        """
        kept = await self._idempotency.find(call) if call else None
        return kept.response.encode() if kept and kept.response else None

    async def keep(self, call: KeyedCall | None, content: Any) -> bytes:
        """Return the JSON that answers the call: of two at once, both get the same."""
        encoded = msgspec.json.encode(content)
        return (await self._idempotency.keep(call, encoded.decode())).encode() if call else encoded
