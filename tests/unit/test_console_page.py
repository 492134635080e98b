"""The console's page over HTTP, from a folder that stands in for the built one."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from service.api.server import serving
from tests.support.application import bare_application
from tests.support.descriptions import AnswerCheck
from tests.support.page import FILES, PAGE, SCRIPT, STYLE, WORDS, write_page

PLAIN, GZIP = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "br, gzip"}
# As sent, a client would tidy some of them away.
NO_FILES = [
    "/automation/assets/",
    "/automation/assets/nothing.js",
    f"/automation/{SCRIPT}/",
    f"/automation/{SCRIPT}.gz",
    "/automation/assets/../index.html",
    "/automation/assets/..%2findex.html",
    "/automation/assets/%2e%2e/%2e%2e/%2e%2e/api/console.py",
    "/automation/assets/%00",
    "/automation/nothing.js",
    "/automation/index.html.gz",
    "/automation/.stamp",
    "/automation/..%5cindex.html",
]
PAGES = [
    "",
    "/",
    "/timeline",
    "/jobs/desk.report",
    "/jobs/desk.js",
    "/executions/0190",
    "/no/such/page",
    "/index.html",
]


@asynccontextmanager
async def served(dist: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Serve what is in a folder to a client that unpacks nothing; every answer has to be as described."""
    application = bare_application(console=dist)
    answers = AnswerCheck("access")
    application.middlewares.insert(0, answers.middleware)
    async with (
        serving(application, "127.0.0.1", 0) as (host, port),
        aiohttp.ClientSession(f"http://{host}:{port}", auto_decompress=False) as client,
    ):
        yield client
    assert answers.faults == []


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a service whose console was built."""
    async with served(write_page(tmp_path / "dist")) as client:
        yield client


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_is_the_one_page(client: aiohttp.ClientSession, page: str):
    """Also that of a job with dots in its name; browsers ask each time whether it is still the same."""
    async with client.get(f"/automation{page}", headers=PLAIN) as answer:
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/html", "utf-8")
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert await answer.text() == PAGE


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        (SCRIPT, "text/javascript"),
        (STYLE, "text/css"),
        (WORDS, "application/json"),
        ("assets/letters-B1c2d3e4.woff2", "font/woff2"),
        ("favicon.svg", "image/svg+xml"),
    ],
)
async def test_files_have_their_type(client: aiohttp.ClientSession, name: str, content_type: str):
    """Browsers are told not to guess it."""
    async with client.get(f"/automation/{name}", headers=PLAIN) as answer:
        assert (answer.status, answer.content_type) == (200, content_type)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert await answer.text() == FILES[name]


async def test_assets_are_kept_for_ever_and_nothing_else(client: aiohttp.ClientSession):
    """Their names hold the digest of their content."""
    async with client.get(f"/automation/{SCRIPT}") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    async with client.get("/automation/favicon.svg") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", [SCRIPT, WORDS])
async def test_a_client_that_takes_gzip_gets_it_with_a_tag_of_its_own(
    client: aiohttp.ClientSession, name: str
):
    """Packed once, also what looks like an answer of the API; caches are told what the answer depends on."""
    async with client.get(f"/automation/{name}", headers=GZIP) as answer:
        packed, packed_tag = await answer.read(), answer.headers["ETag"]
        assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
        assert gzip.decompress(packed).decode() == FILES[name]
        assert int(answer.headers["Content-Length"]) == len(packed) < len(FILES[name])
    async with client.get(f"/automation/{name}", headers=PLAIN) as answer:
        assert "Content-Encoding" not in answer.headers
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["ETag"] != packed_tag


@pytest.mark.parametrize("path", ["/automation/timeline", f"/automation/{STYLE}"])
@pytest.mark.parametrize("coding", [PLAIN, GZIP])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_what_the_client_has_is_not_sent_again(
    client: aiohttp.ClientSession, path: str, coding: dict[str, str], form: str
):
    """304 without a body, and with the tag."""
    async with client.get(path, headers=coding) as answer:
        tag = answer.headers["ETag"]
    async with client.get(path, headers={**coding, "If-None-Match": form.format(tag)}) as answer:
        assert (answer.status, answer.headers["ETag"], await answer.read()) == (304, tag, b"")
    async with client.get(path, headers={**coding, "If-None-Match": tag[:-2] + '"'}) as answer:
        assert answer.status == 200


async def test_head_says_what_get_would(client: aiohttp.ClientSession):
    """All but the body."""
    for path in ("/automation", f"/automation/{SCRIPT}"):
        async with client.get(path, headers=GZIP) as whole, client.head(path, headers=GZIP) as head:
            assert head.status == 200
            for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control", "Content-Encoding"):
                assert head.headers.get(name) == whole.headers.get(name)
            assert await head.read() == b""


@pytest.mark.parametrize("path", NO_FILES)
async def test_what_can_only_be_a_file_and_is_none_is_not_found(client: aiohttp.ClientSession, path: str):
    """Never the page in place of a script, and nothing from outside the folder."""
    async with client.head("/automation") as answer:
        url = f"{answer.url.origin()}{path}"
    async with client.get(URL(url, encoded=True)) as answer:
        assert answer.url.raw_path == path
        assert (answer.status, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("half_built", [False, True])
async def test_without_a_built_console_there_is_a_page_that_says_how_to_get_it(
    tmp_path: Path, half_built: bool
):
    """503 on every page, and no page in place of a file; nothing in it that the policy forbids."""
    if half_built:
        (write_page(tmp_path / "dist") / "index.html").unlink()
    async with served(tmp_path / "dist") as client:
        for path in ("/automation", "/automation/jobs/A"):
            async with client.get(path) as answer:
                assert (answer.status, answer.content_type) == (503, "text/html")
                page = await answer.text()
                assert "make run" in page
                assert "CRONSOLE_SKIP_CONSOLE_BUILD" in page
                assert "style" not in page
        async with client.get(f"/automation/{SCRIPT}") as answer:
            assert answer.status == 404
