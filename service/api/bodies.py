"""Bodies of requests: read whole, within limits of size and time, before any handler sees them."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

LARGEST_BODY_BYTES = 1024 * 1024
BODY_SECONDS = 10.0


@web.middleware
async def bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse bodies that are too large or too slow."""
    await read_body(request)
    return await handler(request)


async def read_body(request: web.Request) -> bytes:
    """Return the body, which `request.read()` then has at hand.

    Raises:
        web.HTTPRequestEntityTooLarge: it is larger than LARGEST_BODY_BYTES, or says so beforehand.
        web.HTTPRequestTimeout: it did not arrive within BODY_SECONDS.
        web.HTTPUnsupportedMediaType: it is packed; a small one could become as large as it likes.
        web.HTTPBadRequest: it breaks off.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(text="send the body without a Content-Encoding")
    if (length := request.content_length or 0) > LARGEST_BODY_BYTES:
        raise web.HTTPRequestEntityTooLarge(LARGEST_BODY_BYTES, length)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError as fault:
        raise web.HTTPRequestTimeout(text="the body did not arrive in time") from fault
    except (web.RequestPayloadError, ConnectionError) as fault:
        raise web.HTTPBadRequest(text="the body cannot be read") from fault
