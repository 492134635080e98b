"""Where a browser is led: to the console, and nowhere that somebody else has put into a link."""

import re

from aiohttp import web

from service.api.answers import HEADERS

HOME = "/automation"
LONGEST_PLACE = 2_000
# A path of the console with its query, of visible ASCII without a backslash, which browsers take for a slash.
PLACE = re.compile(r"/automation(?:[/?#][!-\[\]-~]*)?")
# Two slashes begin a host, and dots lead out of the console, encoded or not.
LEADS_AWAY = re.compile(r"//|/(?:\.|%2e)", re.IGNORECASE)


def routes() -> list[web.RouteDef]:
    """Return the route of the root."""
    return [web.get("/", lead_home)]


async def lead_home(_: web.Request) -> web.Response:
    """Lead to the console."""
    return see(HOME)


def see(place: str) -> web.Response:
    """Return the answer that leads a browser to a place of ours."""
    return web.Response(status=303, headers={**HEADERS, "Location": place})


def believed(place: str) -> str:
    """Return a place in the console to go on at; HOME where it is anything else.

    Whoever makes a link to the sign-in page chooses the place, and could lead to a page of their own that
    looks like ours and asks for the token once more.
    """
    is_ours = len(place) <= LONGEST_PLACE and PLACE.fullmatch(place) and not LEADS_AWAY.search(place)
    return place if is_ours else HOME
