"""The description of the API as a document, and as a page that shows it; both need no other host."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from service.api.answers import HEADERS, Answer, encoded_answer
from service.api.openapi import openapi_document

PAGES = Path(__file__).with_name("pages")
FILES = {"docs.js": "text/javascript", "docs.css": "text/css"}


class DocsEndpoints:
    """Handlers of the description."""

    def __init__(self, *, access_cookie: str) -> None:
        self._access_cookie = access_cookie
        self._page = (PAGES / "docs.html").read_text(encoding="utf-8")
        self._files = {name: (PAGES / name).read_text(encoding="utf-8") for name in FILES}
        self._document = cache(self._describe)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/openapi.json", self.show_document),
            web.get("/docs", self.show_docs),
            web.get("/docs/{file}", self.show_docs_file),
        ]

    async def show_document(self, request: web.Request) -> Answer[dict[str, Any]]:
        """Answer this description, an OpenAPI 3.1 document."""
        return encoded_answer(self._document(request.app))

    async def show_docs(self, _: web.Request) -> web.Response:
        """Answer a page that shows this description."""
        return web.Response(text=self._page, content_type="text/html", headers=HEADERS)

    async def show_docs_file(self, request: web.Request) -> web.Response:
        """Answer a file of that page."""
        name = request.match_info["file"]
        if name not in self._files:
            raise web.HTTPNotFound
        return web.Response(text=self._files[name], content_type=FILES[name], headers=HEADERS)

    def _describe(self, application: web.Application) -> bytes:
        return msgspec.json.encode(openapi_document(application, self._access_cookie))
