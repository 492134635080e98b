"""The calls about one execution: all of it with its attempts, cancel, retry."""

from uuid import UUID

import msgspec
from aiohttp import web

from service.api.answers import Answer, answer, encoded_answer
from service.api.auth import CALLER
from service.api.inputs import UUID_TEXT
from service.api.jobs import Announce
from service.api.models_executions import ExecutionDetailJson, execution_detail_json
from service.api.preconditions import keyed_call_of
from service.api.repeats import Repeats
from service.database.stores import Stores
from service.domain.clock import Clock
from service.domain.errors import InvalidInput
from service.domain.execution import ExecutionStatus, new_execution_id
from service.domain.hint import ExecutionChange

EXECUTION = "/v1/console/executions/{executionId}"


class IdOnly(msgspec.Struct, rename="camel"):
    """What a kept answer is asked for."""

    execution_id: UUID


class ExecutionCallEndpoints:
    """Handlers of the calls about one execution."""

    def __init__(self, *, stores: Stores, clock: Clock, announce: Announce) -> None:
        self._executions, self._triggers = stores.executions, stores.triggers
        self._repeats, self._clock = Repeats(stores.idempotency), clock
        self._announce = announce

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get(EXECUTION, self.show_execution),
            web.post(EXECUTION + "/cancel", self.cancel_execution),
            web.post(EXECUTION + "/retry", self.retry_execution),
        ]

    async def show_execution(self, request: web.Request) -> Answer[ExecutionDetailJson]:
        """Answer one execution with all attempts at its work."""
        return answer(await self._shown(execution_id_of(request)))

    async def cancel_execution(self, request: web.Request) -> Answer[ExecutionDetailJson]:
        """Cancel an execution: 200 where it had not started, 202 where its replica stops it in a moment."""
        execution_id = execution_id_of(request)
        has_ended = await self._executions.cancel(execution_id, request[CALLER].subject)
        return answer(await self._shown(execution_id), 200 if has_ended else 202)

    async def retry_execution(self, request: web.Request) -> Answer[ExecutionDetailJson]:
        """Queue a new attempt of what has ended, with the same parameters: 201 with its place."""
        ended_id, call = execution_id_of(request), await keyed_call_of(request)
        encoded = await self._repeats.find(call)
        if encoded is None:
            execution_id = new_execution_id(self._clock.now())
            kept = await self._triggers.retry_execution(
                ended_id, execution_id, requested_by=request[CALLER].subject, keyed=call
            )
            shown = await self._shown((kept and kept.execution_id) or execution_id)
            if kept is None:
                self._announce(ExecutionChange(execution_id, shown.job_id, ExecutionStatus.QUEUED))
            encoded = await self._repeats.keep(call, shown)
        new_id = msgspec.json.decode(encoded, type=IdOnly).execution_id
        return encoded_answer(encoded, 201, headers={"Location": f"/v1/console/executions/{new_id}"})

    async def _shown(self, execution_id: UUID) -> ExecutionDetailJson:
        return execution_detail_json(*await self._executions.details(execution_id))


def execution_id_of(request: web.Request) -> UUID:
    """Return the execution id of the path.

    Raises:
        InvalidInput: it is no UUID.
    """
    text = request.match_info["executionId"]
    if not UUID_TEXT.fullmatch(text):  # UUID() would take braces and prefixes too
        raise InvalidInput("executionId", f"{text[:64]!r} is no execution id", "a UUID")
    return UUID(text)
