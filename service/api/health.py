"""Health: is the process alive, and can this replica do its work?"""

from collections.abc import Callable

import msgspec
from aiohttp import web

from service.api.answers import Answer, answer
from service.api.models import Readiness, ReadinessJson, readiness_json


class LivenessJson(msgspec.Struct, frozen=True):
    """The answer of `/health/live`."""

    status: str


class HealthEndpoints:
    """Handlers of the health checks; they ask nobody and wait for nothing."""

    def __init__(self, *, readiness: Callable[[], Readiness]) -> None:
        self._readiness = readiness

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the health checks."""
        return [
            web.get("/health/live", self.live),
            web.get("/health/ready", self.ready),
        ]

    async def live(self, _: web.Request) -> Answer[LivenessJson]:
        """Answer 200 while the process answers anything."""
        return answer(LivenessJson("live"))

    async def ready(self, _: web.Request) -> Answer[ReadinessJson]:
        """Answer 200 while this replica can fire and run jobs, else 503."""
        readiness = self._readiness()
        return answer(readiness_json(readiness), 200 if readiness.is_ready else 503)
