"""The call about handlers: what a job may run, and what a form for its parameters is made of."""

from collections.abc import Callable, Sequence

from aiohttp import web

from service.api.answers import Answer, answer
from service.api.models_fleet import HandlerJson, handler_json
from service.database.fleet import FleetStore
from service.domain.handler import HandlerDescription

KnownHandlers = Callable[[], Sequence[HandlerDescription]]


class HandlerEndpoints:
    """Handlers of the calls about handlers."""

    def __init__(self, *, fleet: FleetStore, known_handlers: KnownHandlers) -> None:
        self._fleet, self._known_handlers = fleet, known_handlers

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [web.get("/v1/console/handlers", self.list_handlers)]

    async def list_handlers(self, _: web.Request) -> Answer[list[HandlerJson]]:
        """Answer every handler that this replica or a live one knows, by name."""
        known = {each.name: each for each in self._known_handlers()}
        live = {each.name: each for each in await self._fleet.live_handlers()}
        names = sorted(known.keys() | live.keys())
        return answer([handler_json(name, known.get(name), live.get(name)) for name in names])
