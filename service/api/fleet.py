"""The calls about the whole service: its replicas, and the pause of all jobs."""

from aiohttp import web

from service.api.answers import Answer, answer
from service.api.auth import CALLER
from service.api.models_fleet import PauseJson, PauseRequest, ReplicaJson, pause_json, replica_json
from service.api.models_jobs import in_range
from service.api.typed_bodies import with_body
from service.database.stores import Stores


class FleetEndpoints:
    """Handlers of the calls about replicas and the pause of all jobs."""

    def __init__(self, *, stores: Stores) -> None:
        self._fleet, self._pauses = stores.fleet, stores.pauses

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/v1/console/replicas", self.list_replicas),
            web.get("/v1/console/pause", self.show_pause),
            web.post("/v1/console/pause", self.pause_all),
            web.post("/v1/console/resume", self.resume_all),
        ]

    async def list_replicas(self, _: web.Request) -> Answer[list[ReplicaJson]]:
        """Answer all replicas with their leases."""
        return answer([replica_json(replica) for replica in await self._fleet.replicas()])

    async def show_pause(self, _: web.Request) -> Answer[PauseJson]:
        """Answer whether all jobs are paused, until when, and why."""
        return answer(pause_json(await self._pauses.pause_of_all()))

    @with_body
    async def pause_all(self, request: web.Request, body: PauseRequest) -> Answer[PauseJson]:
        """Pause all jobs."""
        until = None if body.until is None else in_range("until", body.until)
        pause, message = await self._pauses.pause_all(
            reason=body.reason, until=until, actor=request[CALLER].subject
        )
        return answer(pause_json(pause, message))

    async def resume_all(self, request: web.Request) -> Answer[PauseJson]:
        """End the pause of all jobs; those paused by themselves stay so."""
        pause, message = await self._pauses.resume_all(actor=request[CALLER].subject)
        return answer(pause_json(pause, message))
