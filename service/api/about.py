"""The calls about who looks and at what: what a console asks before it shows anything."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
from aiohttp import web

import service
from service.api.answers import Answer, answer, encoded_answer
from service.api.auth import CALLER
from service.api.models import Readiness
from service.domain.access import Role
from service.domain.cron import zone_names

# Names change with a release of the service; and a list of them is no secret.
KEPT_AN_HOUR = {"Cache-Control": "private, max-age=3600"}


class SessionJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who calls, as whom, until when, and which replica of which version answers.

    `expiresAt` is null for a token without an end, as the static one used as a bearer.
    """

    subject: str
    role: Role
    expires_at: datetime | None
    version: str
    replica_id: UUID


class TimeZonesJson(msgspec.Struct, frozen=True, rename="camel"):
    """The names that a job's time zone may have, in the order of the alphabet."""

    time_zones: list[str]


class AboutEndpoints:
    """Handlers of these calls; they ask nobody and wait for nothing."""

    def __init__(self, *, readiness: Callable[[], Readiness]) -> None:
        self._readiness = readiness
        self._time_zones = msgspec.json.encode(TimeZonesJson(sorted(zone_names())))

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/v1/console/session", self.show_session),
            web.get("/v1/console/time-zones", self.list_time_zones),
        ]

    async def show_session(self, request: web.Request) -> Answer[SessionJson]:
        """Answer who calls, so that a console can hide what would be refused."""
        caller = request[CALLER]
        return answer(
            SessionJson(
                subject=caller.subject,
                role=caller.role,
                expires_at=caller.expires_at,
                version=service.__version__,
                replica_id=self._readiness().replica_id,
            )
        )

    async def list_time_zones(self, _: web.Request) -> Answer[TimeZonesJson]:
        """Answer which time zones a job may have; a browser may keep the answer for an hour."""
        return encoded_answer(self._time_zones, headers=KEPT_AN_HOUR)
