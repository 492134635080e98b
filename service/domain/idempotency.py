"""A request that may be repeated: the caller's key, and what tells the request from another one."""

from uuid import UUID

import msgspec


class KeyedCall(msgspec.Struct, frozen=True):
    """`call` is method and path, `request_hash` is of the body; a key belongs to one subject."""

    subject: str
    key: str
    call: str
    request_hash: bytes


class KeptCall(msgspec.Struct, frozen=True):
    """What the first request under a key did; `response` is its JSON, None while it is not known."""

    job_id: str | None
    execution_id: UUID | None
    response: str | None
