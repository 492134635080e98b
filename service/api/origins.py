"""Requests that a browser makes for somebody else: from other sites, and to other names of this machine."""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
OWN_SITES = {"same-origin", "none"}  # none: the user's own doing
LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}


def refuse_other_sites(request: web.Request) -> None:
    """Refuse a change that a page of another origin asks for: browsers send the cookies along, whoever asks.

    Every browser since 2023 says where a request comes from in Sec-Fetch-Site, older ones in Origin. What
    sends neither is no browser. A sibling domain (same-site) is another origin.

    Raises:
        web.HTTPForbidden: it is such a change.

    Source: https://words.filippo.io/csrf/
    """
    if request.method not in CHANGES:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_own = site in OWN_SITES if site is not None else origin is None or is_of_host(origin, request)
    if not is_own:
        raise web.HTTPForbidden(text="a change that another site asks for is refused")


def is_of_host(origin: str, request: web.Request) -> bool:
    """Answer whether an origin has the host and port that the request went to."""
    # Without the scheme: a proxy that speaks TLS speaks plain HTTP with us.
    host = request.headers.get("Host", "").lower()
    return host != "" and origin.partition("://")[2].lower() == host


def loopback_names_only(*, is_on_loopback: bool) -> Middleware:
    """Return the middleware that lets nobody call a service on loopback by a name of the internet (421).

    A page may point its own name at 127.0.0.1 and would then be of our origin (DNS rebinding). Elsewhere the
    names are the proxy's business.
    """

    @web.middleware
    async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_on_loopback and not all(is_loopback_name(host) for host in request.headers.getall("Host", [])):
            raise web.HTTPMisdirectedRequest(text="this service answers to localhost and 127.0.0.1 only")
        return await handler(request)

    return check_host


def is_loopback_name(host: str) -> bool:
    """Answer whether a Host header, with a port or without, names this machine to itself."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return False
    return parts.netloc == host and "@" not in host and parts.hostname in LOOPBACK_NAMES
