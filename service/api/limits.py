"""Limits of queries: their length, and how many parameters they have. Bodies have theirs in `bodies.py`."""

from aiohttp import web
from aiohttp.typedefs import Handler

from service.domain.errors import InvalidInput

# aiohttp reads no line or header beyond these, nor more headers, and answers 400 by itself.
LONGEST_LINE_BYTES, LONGEST_HEADER_BYTES, MOST_HEADERS = 8190, 8190, 100
LARGEST_HEADERS_BYTES = 32_768  # all together
LONGEST_QUERY = 7000
MOST_PARAMETERS = 50


@web.middleware
async def limits(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests with headers or a query of a size that no honest caller needs."""
    if sum(len(name) + len(value) for name, value in request.raw_headers) > LARGEST_HEADERS_BYTES:
        raise web.HTTPRequestHeaderFieldsTooLarge(
            text=f"all headers together are at most {LARGEST_HEADERS_BYTES} bytes"
        )
    if len(request.rel_url.raw_query_string) > LONGEST_QUERY:
        raise web.HTTPRequestURITooLong(text=f"a query is at most {LONGEST_QUERY} characters")
    if len(request.query) > MOST_PARAMETERS:
        raise InvalidInput("query", "it has too many parameters", f"at most {MOST_PARAMETERS}")
    return await handler(request)
