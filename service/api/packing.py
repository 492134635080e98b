"""Packs JSON answers with gzip for clients that take it: a thousand jobs are a megabyte, packed 65 KB."""

import asyncio
import gzip

from aiohttp import web

# Below this the headers of a packed answer eat what is won.
SMALLEST_BYTES = 1_024
# The fastest: of a long list it takes 93 % away; higher levels little more, in twice the time.
LEVEL = 1
# What takes longer than half a millisecond is packed in a thread: fires wait for the event loop.
MOST_BYTES_AT_ONCE = 65_536
JSON_TYPES = {"application/json", "application/problem+json"}


async def pack(request: web.Request, response: web.StreamResponse) -> None:
    """Pack the body of a JSON answer, when all middlewares are through with it; never that of a stream.

    The length of a packed answer tells what is in it (BREACH) to who can put words beside a secret and watch
    the wire. There is no secret in any answer, and no other site can ask in a user's name: the cookie is
    SameSite=Strict.

    An ETag stays what it is: it names a revision for If-Match, whatever the bytes, and nobody caches answers
    that have one.
    """
    if not isinstance(response, web.Response) or response.content_type not in JSON_TYPES:
        return
    response.headers["Vary"] = "Accept-Encoding"
    body = response.body
    if "Content-Encoding" in response.headers:
        return
    if not isinstance(body, bytes) or len(body) < SMALLEST_BYTES or not takes_gzip(request):
        return
    if len(body) <= MOST_BYTES_AT_ONCE:
        packed = packed_bytes(body)
    else:
        packed = await asyncio.to_thread(packed_bytes, body)
    response.body = packed
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(packed))


def packed_bytes(body: bytes) -> bytes:
    """Return a body as gzip; without the time, so that the same answer is the same bytes."""
    return gzip.compress(body, LEVEL, mtime=0)


def takes_gzip(request: web.Request) -> bool:
    """Answer whether a client takes gzip: it says so, or takes anything, and not with a weight of 0.

    Source: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
    """
    weights = {}
    for part in ",".join(request.headers.getall("Accept-Encoding", [])).lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = weight.replace(" ", "")
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", "q=0")))
    return weight.rstrip("0") not in ("q=", "q=0.")
