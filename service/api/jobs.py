"""The calls about jobs: list, detail, trigger, schedule, enabled."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from aiohttp import web

from service.api.acknowledgements import Acknowledgements
from service.api.answers import Answer, answer, encoded_answer
from service.api.auth import CALLER
from service.api.filters import job_ids_of
from service.api.inputs import JOB_PATH, cron_of, enabled_of, job_id_of, naming, wait_seconds_of
from service.api.models import (
    EnabledChangeJson,
    JobJson,
    ScheduleChangeJson,
    execution_json,
    job_json,
)
from service.api.models_jobs import JobDetailJson, job_detail_json
from service.api.models_triggers import TriggerRequest
from service.api.preconditions import expected_revision_of, keyed_call_of, revision_tag
from service.api.repeats import Repeats
from service.api.typed_bodies import with_body
from service.database.stores import Stores
from service.domain.clock import Clock
from service.domain.execution import ExecutionStatus, new_execution_id
from service.domain.hint import ExecutionChange
from service.domain.overview import EnabledChange, JobOverview, JobStatus, ScheduleChange

log = structlog.get_logger(__name__)

RECENT_EXECUTIONS = 20
# A fire time not planned yet is computed, in a quarter of a millisecond: a long list gives way to others.
JOBS_AT_ONCE = 25

CheckParams = Callable[[str, dict[str, Any]], dict[str, Any]]
Announce = Callable[[ExecutionChange], None]


class JobEndpoints:
    """Handlers of the calls about jobs."""

    def __init__(
        self,
        *,
        stores: Stores,
        clock: Clock,
        check_params: CheckParams,
        acknowledgements: Acknowledgements,
        announce: Announce,
    ) -> None:
        self._jobs, self._history, self._triggers = stores.jobs, stores.history, stores.triggers
        self._repeats = Repeats(stores.idempotency)
        self._clock, self._check_params = clock, check_params
        self._acknowledgements, self._announce = acknowledgements, announce

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/v1/console/jobs", self.list_jobs),
            web.get(JOB_PATH, self.show_job),
            web.post("/v1/console/jobs/{jobId}/trigger", self.trigger_job),
            web.put("/v1/console/jobs/{jobId}/schedule", self.set_schedule),
            web.put("/v1/console/jobs/{jobId}/enabled", self.set_enabled),
        ]

    async def list_jobs(self, request: web.Request) -> Answer[list[JobJson]]:
        """Answer all jobs, or those of some that there are."""
        return answer(await self._shown(await self._jobs.overviews(job_ids_of(request, "jobId"))))

    async def _shown(self, overviews: list[JobOverview]) -> list[JobJson]:
        now, shown = self._clock.now(), []
        for number, overview in enumerate(overviews, 1):
            shown.append(job_json(overview, now))
            if number % JOBS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return shown

    async def show_job(self, request: web.Request) -> Answer[JobDetailJson]:
        """Answer one job with its recent executions; the ETag is its revision."""
        job = await self._jobs.details(job_id_of(request))
        recent = await self._history.recent_of_job(job.row.job_id, RECENT_EXECUTIONS)
        executions = [execution_json(execution) for execution in recent]
        shown = job_detail_json(job, self._clock.now(), executions)
        return answer(shown, headers=revision_tag(job.row.revision))

    @with_body
    async def trigger_job(self, request: web.Request, body: TriggerRequest) -> Answer[JobJson]:
        """Queue an execution and answer at once; the run does not hold the request.

        Under an `Idempotency-Key` a repeat finds the same execution, and gets the same answer.
        """
        job_id, window, call = job_id_of(request), body.window(), await keyed_call_of(request)
        if (encoded := await self._repeats.find(call)) is not None:
            return encoded_answer(encoded)
        job = await self._jobs.overview(job_id)
        params = self._check_params(job.handler, body.params) if body.params else {}
        execution_id, actor = new_execution_id(self._clock.now()), request[CALLER].subject
        kept = await self._triggers.request_execution(
            job_id, execution_id, params, actor, call, reason=body.reason, window=window
        )
        if kept is not None and kept.execution_id is not None:
            execution_id = kept.execution_id
        else:
            self._announce(ExecutionChange(execution_id, job_id, ExecutionStatus.QUEUED))
            log.info(
                "job_triggered",
                job_id=job_id,
                execution_id=str(execution_id),
                actor=actor,
                reason=body.reason,
            )
        shown = msgspec.structs.replace(
            job_json(job, self._clock.now()), status=JobStatus.RUNNING, execution_id=execution_id
        )
        return encoded_answer(await self._repeats.keep(call, shown))

    async def set_schedule(self, request: web.Request) -> Answer[ScheduleChangeJson]:
        """Give a CRON job another schedule; the row is the truth, and every replica hears of it."""
        job_id, seconds = job_id_of(request), wait_seconds_of(request)
        expected = expected_revision_of(request)
        with naming("cron", column="schedule_cron"), self._acknowledgements.watching(job_id) as watch:
            job = await self._jobs.overview(job_id)
            cron = cron_of(request, job, self._clock.now())
            actor = request[CALLER].subject
            change = await self._jobs.set_schedule(job.job_id, cron, actor, expected)
            in_force = await self._acknowledgements.in_force(watch, changed_revision(change), seconds)
        return answer(
            ScheduleChangeJson(
                job_id=job.job_id,
                old_schedule=change.old,
                new_schedule=change.new,
                message=f"Job {job.job_id} rescheduled with new cron: {change.new}",
                revision=change.revision,
                in_force=in_force,
            ),
            headers=revision_tag(change.revision),
        )

    async def set_enabled(self, request: web.Request) -> Answer[EnabledChangeJson]:
        """Enable or disable a job."""
        job_id, enabled, seconds = job_id_of(request), enabled_of(request), wait_seconds_of(request)
        expected = expected_revision_of(request)
        with self._acknowledgements.watching(job_id) as watch:
            change = await self._jobs.set_enabled(job_id, enabled, request[CALLER].subject, expected)
            in_force = await self._acknowledgements.in_force(watch, changed_revision(change), seconds)
        return answer(
            EnabledChangeJson(
                job_id=job_id,
                enabled=change.new,
                was_enabled=change.old,
                message=f"Job {job_id} {'enabled' if change.new else 'disabled'}",
                revision=change.revision,
                in_force=in_force,
            ),
            headers=revision_tag(change.revision),
        )


def changed_revision(change: ScheduleChange | EnabledChange) -> int | None:
    """Return the revision that a change made; None where it changed nothing."""
    return None if change.old == change.new else change.revision
