"""Cursors: the key of the last row of a page, as text that nobody needs to understand."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from aiohttp import web

from service.api.inputs import parameter
from service.domain.errors import InvalidInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST_CURSOR = 200

# One form for each list, so that the cursor of one is refused by the others.
ExecutionCursor: TypeAlias = tuple[datetime, UUID]
FireCursor: TypeAlias = tuple[datetime]
ChangeCursor: TypeAlias = tuple[int]


class ExecutionKey(msgspec.Struct, array_like=True, forbid_unknown_fields=True, tag="x"):
    """Start in microseconds since 1970, and id."""

    micros: int
    execution_id: UUID


class FireKey(msgspec.Struct, array_like=True, forbid_unknown_fields=True, tag="f"):
    """Fire time in microseconds since 1970."""

    micros: int


class ChangeKey(msgspec.Struct, array_like=True, forbid_unknown_fields=True, tag="c"):
    """The number of a change."""

    change_id: int


def execution_cursor(key: ExecutionCursor | None) -> str | None:
    """Return the cursor after an execution; no key, no cursor."""
    return None if key is None else encode(ExecutionKey(micros_of(key[0]), key[1]))


def fire_cursor(key: tuple[Any, ...] | None) -> str | None:
    """Return the cursor after a fire; no key, no cursor."""
    return None if key is None else encode(FireKey(micros_of(key[0])))


def change_cursor(key: tuple[Any, ...] | None) -> str | None:
    """Return the cursor after a change; no key, no cursor."""
    return None if key is None else encode(ChangeKey(key[0]))


def execution_key_of(request: web.Request) -> ExecutionCursor | None:
    """Return the key that the parameter `cursor` holds; None without one.

    Raises:
        InvalidInput: it is not a cursor of this list.
    """
    key = decode(request, ExecutionKey)
    return None if key is None else (instant_of_micros(key.micros), key.execution_id)


def fire_key_of(request: web.Request) -> FireCursor | None:
    """As `execution_key_of`, for fires."""
    key = decode(request, FireKey)
    return None if key is None else (instant_of_micros(key.micros),)


def change_key_of(request: web.Request) -> ChangeCursor | None:
    """As `execution_key_of`, for changes."""
    key = decode(request, ChangeKey)
    if key is not None and not 0 <= key.change_id < 1 << 63:
        raise no_cursor()
    return None if key is None else (key.change_id,)


def encode(key: msgspec.Struct) -> str:
    """Write a key as base64url without padding."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def decode(request: web.Request, kind: type[Any]) -> Any:
    """Read the parameter `cursor` as a key of that kind; errors as `execution_key_of`."""
    text = parameter(request, "cursor")
    if not text:
        return None
    try:
        if len(text) > LONGEST_CURSOR:
            raise no_cursor()
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=kind)
    except (ValueError, msgspec.DecodeError) as fault:
        raise no_cursor() from fault


def no_cursor() -> InvalidInput:
    """Say that a cursor is none of this list's."""
    return InvalidInput("cursor", "it is not a cursor of this list", "the nextCursor of the page before")


def micros_of(instant: datetime) -> int:
    """Return the microseconds from 1970 to an instant; Postgres keeps no more."""
    return (instant - EPOCH) // MICROSECOND


def instant_of_micros(micros: int) -> datetime:
    """Return the instant so many microseconds after 1970.

    Raises:
        InvalidInput: no calendar reaches it.
    """
    try:
        return EPOCH + micros * MICROSECOND
    except OverflowError as fault:
        raise no_cursor() from fault
