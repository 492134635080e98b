"""The figures of this replica, for Prometheus."""

from collections.abc import Callable

from aiohttp import web

from service.api.answers import HEADERS

TEXT = "text/plain"


class MetricsEndpoints:
    """The handler of the scrape; `render` returns the text, in the format that the header names."""

    def __init__(self, *, render: Callable[[], bytes]) -> None:
        self._render = render

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the scrape."""
        return [web.get("/metrics", self.scrape)]

    async def scrape(self, _: web.Request) -> web.Response:
        """Answer the figures of this replica in Prometheus' text format."""
        return web.Response(
            body=self._render(), headers={**HEADERS, "Content-Type": f"{TEXT}; charset=utf-8"}
        )
