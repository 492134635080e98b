"""Headers that make changes safe: `If-Match` with a revision, `Idempotency-Key`."""

import hashlib
import re
from collections.abc import Mapping

from aiohttp import web

from service.api.auth import CALLER
from service.domain.errors import InvalidInput
from service.domain.idempotency import KeyedCall

# A proxy that packs answers makes tags weak (RFC 9110, 8.8.1); ours name a revision, whatever the bytes.
TAG = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')
KEY = re.compile(r"[\x21-\x7e]{1,200}")


def expected_revision_of(request: web.Request) -> int | None:
    """Return the revision that `If-Match` names; None where the header is absent or `*`.

    Raises:
        InvalidInput: it is not one revision.
    """
    values = request.headers.getall("If-Match", [])
    if not values or values == ["*"]:
        return None
    found = TAG.fullmatch(values[0].strip())
    if len(values) > 1 or found is None:
        allowed = 'the revision that was read, such as "7" (the answer\'s ETag)'
        raise InvalidInput("If-Match", "it does not name one revision", allowed)
    return int(found[1])


def revision_tag(revision: int) -> Mapping[str, str]:
    """Return the header that says at which revision a job is."""
    return {"ETag": f'"{revision}"'}


async def keyed_call_of(request: web.Request) -> KeyedCall | None:
    """Return the call under its `Idempotency-Key`; None where the header is absent.

    Raises:
        InvalidInput: the key is too long, or has other characters than visible ASCII.
    """
    values = request.headers.getall("Idempotency-Key", [])
    if not values:
        return None
    if len(values) > 1 or not KEY.fullmatch(values[0]):
        allowed = "one key of 1 to 200 visible ASCII characters, such as a UUID"
        raise InvalidInput("Idempotency-Key", "it is not a key", allowed)
    body = (await request.read()).strip()
    return KeyedCall(
        subject=request[CALLER].subject,
        key=values[0],
        call=f"{request.method} {request.rel_url.raw_path}",
        request_hash=hashlib.sha256(body).digest(),
    )
