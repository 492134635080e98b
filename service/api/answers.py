"""JSON answers."""

from typing import Any

import msgspec
from aiohttp import web

# A job's state is out of date in a second, and nobody's browser should keep it.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def answer(content: Any, status: int = 200, content_type: str = "application/json") -> web.Response:
    """Return `content` as JSON."""
    return web.Response(
        body=msgspec.json.encode(content), status=status, content_type=content_type, headers=HEADERS
    )
