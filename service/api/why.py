"""The call that says why a job did, or did not, run at an instant."""

from datetime import datetime

import msgspec
from aiohttp import web

from service.api.answers import Answer, answer
from service.api.inputs import instant_of, job_id_of
from service.database.why import WhyStore
from service.domain.clock import Clock


class WhyJson(msgspec.Struct, frozen=True, rename="camel"):
    """The answer; `why` is one sentence in English.

    The fire times around the instant are those of the schedule as it was then, null where there is none.
    """

    job_id: str
    at: datetime
    why: str
    previous_fire_time: datetime | None
    next_fire_time: datetime | None


class WhyEndpoints:
    """Handler of the question why."""

    def __init__(self, *, why: WhyStore, clock: Clock) -> None:
        self._why, self._clock = why, clock

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the question."""
        return [web.get("/v1/console/jobs/{jobId}/why", self.why)]

    async def why(self, request: web.Request) -> Answer[WhyJson]:
        """Answer in one sentence; without `at`, for now. Fires fall on whole seconds, so `at` does too."""
        job_id = job_id_of(request)
        at = instant_of(request, "at", self._clock.now()).replace(microsecond=0)
        why = await self._why.why(job_id, at)
        return answer(WhyJson(job_id, at, why.sentence, why.previous_fire_time, why.next_fire_time))
