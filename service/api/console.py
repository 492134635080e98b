"""The web console: the files that `service/console` is built into, read once and served from memory."""

from hashlib import sha256
from pathlib import Path

import msgspec
from aiohttp import web

from service.api.answers import HEADERS
from service.api.packing import takes_gzip

# In a checkout and in an installed package alike. Nothing reads it again: a new page needs a new start.
BUILT = Path(__file__).parents[1] / "console" / "dist"
PAGES = Path(__file__).with_name("pages")
INDEX, ASSETS, PACKED = "index.html", "assets/", ".gz"
# What Vite puts under assets/ has the digest of its content in its name.
KEPT_FOR_EVER, ASKED_FOR_AGAIN = "public, max-age=31536000, immutable", "no-cache"
# Not the standard library's table, which each machine may change.
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
OTHER_TYPE = "application/octet-stream"


class BuiltFile(msgspec.Struct, frozen=True):
    """A file of the page; `packed` is its gzip form, None where that is no smaller."""

    content_type: str
    cache_control: str
    content: bytes
    packed: bytes | None
    digest: str


class ConsoleEndpoints:
    """Handlers of the page; `dist` is where it was built, or is missing."""

    def __init__(self, *, dist: Path) -> None:
        self._files = read_files(dist)
        self._missing = (PAGES / "console_missing.html").read_text(encoding="utf-8")

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/automation", self.show_console),
            web.get("/automation/{path:.*}", self.show_console_file),
        ]

    async def show_console(self, request: web.Request) -> web.Response:
        """Answer the console's page: 503 with a page that says how to get it, where it was not built."""
        return self._page(request)

    async def show_console_file(self, request: web.Request) -> web.Response:
        """Answer a file of the console, or its page, which finds out itself what the path means."""
        path = request.match_info["path"]
        if file := self._files.get(path):
            return answer_of(request, file)
        if names_a_file(path):
            raise web.HTTPNotFound
        return self._page(request)

    def _page(self, request: web.Request) -> web.Response:
        if index := self._files.get(INDEX):
            return answer_of(request, index)
        return web.Response(text=self._missing, status=503, content_type="text/html", headers=HEADERS)


def read_files(dist: Path) -> dict[str, BuiltFile]:
    """Return the files of a built page by their paths in it; none where there is no page.

    Raises:
        OSError: one cannot be read.
    """
    files = {}
    for path in sorted(dist.rglob("*")):
        if path.is_file() and path.suffix != PACKED and not path.name.startswith("."):
            files[path.relative_to(dist).as_posix()] = read_file(path, path.relative_to(dist).as_posix())
    return files if INDEX in files else {}


def read_file(path: Path, name: str) -> BuiltFile:
    """Return a file of the page; `name` is its path there."""
    content, packed_path = path.read_bytes(), path.with_name(path.name + PACKED)
    packed = packed_path.read_bytes() if packed_path.is_file() else None
    return BuiltFile(
        content_type=CONTENT_TYPES.get(path.suffix, OTHER_TYPE),
        cache_control=KEPT_FOR_EVER if name.startswith(ASSETS) else ASKED_FOR_AGAIN,
        content=content,
        packed=packed if packed is not None and len(packed) < len(content) else None,
        digest=sha256(content).hexdigest()[:32],
    )


def names_a_file(path: str) -> bool:
    """Answer whether a path can only be that of a file, since no page of the console has such a one.

    A dot alone does not tell: the name of a job may have some, in /automation/jobs/desk.report.
    """
    return path.startswith(ASSETS) or ("/" not in path and "." in path)


def answer_of(request: web.Request, file: BuiltFile) -> web.Response:
    """Answer a file, packed if the client can unpack it; 304 if the client has it already."""
    is_packed = file.packed is not None and takes_gzip(request)
    # A tag is that of the bytes, and packed they are others.
    tag = f'"{file.digest}-gzip"' if is_packed else f'"{file.digest}"'
    headers = {"ETag": tag, "Cache-Control": file.cache_control}
    if file.packed is not None:
        headers["Vary"] = "Accept-Encoding"
    if has_tag(request.headers.get("If-None-Match", ""), tag):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = file.content_type
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=file.packed if is_packed else file.content, headers=headers)


def has_tag(header: str, tag: str) -> bool:
    """Answer whether an If-None-Match names a tag; weak ones count (RFC 9110, section 13.1.2)."""
    named = {each.strip().removeprefix("W/") for each in header.split(",")}
    return tag in named or "*" in named
