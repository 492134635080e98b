"""JSON answers; the type of a call's answer stands in its signature: `-> Answer[JobJson]`."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec
from aiohttp import web

# A job's state is out of date in a second, and nobody's browser should keep it.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

T = TypeVar("T")


class Answer(web.Response, Generic[T]):
    """A response whose body is a T as JSON."""


def answer(
    content: T,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Answer[T]:
    """Return `content` as JSON."""
    return encoded_answer(msgspec.json.encode(content), status, content_type, headers)


def encoded_answer(
    body: bytes,
    status: int = 200,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Answer[Any]:
    """Return what is JSON already."""
    return Answer(body=body, status=status, content_type=content_type, headers={**HEADERS, **(headers or {})})


def no_content() -> Answer[None]:
    """Return an answer without a body: done."""
    return Answer(status=204, headers=HEADERS)
