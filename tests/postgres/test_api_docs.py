"""The description over HTTP: the document, and the page that shows it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.api import docs
from tests.support.api import COOKIE, Api, running_api

REFUSED = ("http:", "https:", "innerHTML", "<style", " style=", " onclick=")


@pytest.fixture
async def api(database_url: str) -> AsyncIterator[Api]:
    """A server over the four seeded jobs."""
    async with running_api(database_url) as api:
        yield api


async def test_anybody_may_read_the_document(api: Api):
    """It names the cookie that this service takes tokens from."""
    document = await api.call("GET", "/openapi.json", token=None)
    assert (document.status, document.content_type) == (200, "application/json")
    assert document.body["openapi"] == "3.1.1"
    assert document.body["components"]["securitySchemes"]["accessCookie"]["name"] == COOKIE


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/docs", "text/html"), ("/docs/docs.js", "text/javascript"), ("/docs/docs.css", "text/css")],
)
async def test_the_page_is_served_whole(api: Api, path: str, content_type: str):
    """With the policy that lets a browser load nothing from elsewhere, and nothing inline."""
    async with api.client.get(path) as served:
        assert (served.status, served.content_type) == (200, content_type)
        assert "script-src 'self'" in served.headers["Content-Security-Policy"]


async def test_there_are_no_other_files_of_the_page(api: Api):
    """Only those of a list, wherever a path leads."""
    for name in ("docs.html", "signin.html", "..%2fdocs.py", "%00"):
        assert (await api.call("GET", f"/docs/{name}", token=None)).status == 404


def test_the_page_needs_no_other_host_and_puts_nothing_in_as_markup():
    """Neither an address of elsewhere, nor anything that the policy would refuse."""
    page = Path(docs.__file__).with_name("pages")
    for name in ("docs.html", "docs.js", "docs.css"):
        text = (page / name).read_text(encoding="utf-8")
        assert not any(word in text for word in REFUSED)
