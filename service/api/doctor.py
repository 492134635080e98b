"""The call about what is wrong: the doctor's findings, in the words of `python -m service doctor`."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from service.api.answers import Answer, answer
from service.api.models_fleet import CheckupJson, checkup_json
from service.domain.examination import Checkup


class DoctorEndpoints:
    """Handlers of the calls about the doctor; `checkup` examines in bounded time, for all who ask at once."""

    def __init__(self, *, checkup: Callable[[], Awaitable[Checkup]]) -> None:
        self._checkup = checkup

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [web.get("/v1/console/doctor", self.show_checkup)]

    async def show_checkup(self, _: web.Request) -> Answer[CheckupJson]:
        """Answer what is wrong, and what is in order: 200 also where the database does not answer."""
        return answer(checkup_json(await self._checkup()))
