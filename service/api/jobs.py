"""The calls about jobs: list, detail, trigger, schedule, enabled."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from aiohttp import web

from service.api.acknowledgements import Acknowledgements, InForce, Watch
from service.api.answers import answer
from service.api.auth import CALLER
from service.api.inputs import (
    cron_of,
    enabled_of,
    job_id_of,
    naming,
    trigger_request_of,
    wait_seconds_of,
)
from service.api.models import (
    EnabledChangeJson,
    JobJson,
    ScheduleChangeJson,
    execution_json,
    job_json,
)
from service.database.history import HistoryStore
from service.database.jobs import JobStore
from service.database.triggers import TriggerStore
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
        jobs: JobStore,
        history: HistoryStore,
        triggers: TriggerStore,
        clock: Clock,
        check_params: CheckParams,
        acknowledgements: Acknowledgements,
        announce: Announce,
    ) -> None:
        self._jobs, self._history, self._triggers = jobs, history, triggers
        self._clock, self._check_params = clock, check_params
        self._acknowledgements, self._announce = acknowledgements, announce

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/v1/console/jobs", self.list_jobs),
            web.get("/v1/console/jobs/{jobId}", self.show_job),
            web.post("/v1/console/jobs/{jobId}/trigger", self.trigger_job),
            web.put("/v1/console/jobs/{jobId}/schedule", self.set_schedule),
            web.put("/v1/console/jobs/{jobId}/enabled", self.set_enabled),
        ]

    async def list_jobs(self, _: web.Request) -> web.Response:
        """Answer all jobs."""
        return answer(await self._shown(await self._jobs.overviews()))

    async def _shown(self, overviews: list[JobOverview]) -> list[JobJson]:
        now, shown = self._clock.now(), []
        for number, overview in enumerate(overviews, 1):
            shown.append(job_json(overview, now))
            if number % JOBS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return shown

    async def show_job(self, request: web.Request) -> web.Response:
        """Answer one job with its recent executions."""
        job = await self._jobs.overview(job_id_of(request))
        recent = await self._history.recent_of_job(job.job_id, RECENT_EXECUTIONS)
        executions = [execution_json(execution) for execution in recent]
        return answer(msgspec.structs.replace(job_json(job, self._clock.now()), recent_executions=executions))

    async def trigger_job(self, request: web.Request) -> web.Response:
        """Queue an execution and answer at once; the run does not hold the request."""
        wanted = await trigger_request_of(request)
        job = await self._jobs.overview(job_id_of(request))
        params = self._check_params(job.handler, wanted.params) if wanted.params else {}
        execution_id, actor = new_execution_id(self._clock.now()), request[CALLER].subject
        await self._triggers.request_execution(job.job_id, execution_id, params, requested_by=actor)
        self._announce(ExecutionChange(execution_id, job.job_id, ExecutionStatus.QUEUED))
        log.info(
            "job_triggered",
            job_id=job.job_id,
            execution_id=str(execution_id),
            actor=actor,
            reason=wanted.reason,
        )
        shown = job_json(job, self._clock.now())
        return answer(msgspec.structs.replace(shown, status=JobStatus.RUNNING, execution_id=execution_id))

    async def set_schedule(self, request: web.Request) -> web.Response:
        """Give a CRON job another schedule; the row is the truth, and every replica hears of it."""
        job_id, seconds = job_id_of(request), wait_seconds_of(request)
        with naming("cron", column="schedule_cron"), self._acknowledgements.watching(job_id) as watch:
            job = await self._jobs.overview(job_id)
            cron = cron_of(request, job, self._clock.now())
            change = await self._jobs.set_schedule(job.job_id, cron, actor=request[CALLER].subject)
            in_force = await self._in_force(watch, change, seconds)
        return answer(
            ScheduleChangeJson(
                job_id=job.job_id,
                old_schedule=change.old,
                new_schedule=change.new,
                message=f"Job {job.job_id} rescheduled with new cron: {change.new}",
                revision=change.revision,
                in_force=in_force,
            )
        )

    async def set_enabled(self, request: web.Request) -> web.Response:
        """Enable or disable a job."""
        job_id, enabled, seconds = job_id_of(request), enabled_of(request), wait_seconds_of(request)
        with self._acknowledgements.watching(job_id) as watch:
            change = await self._jobs.set_enabled(job_id, enabled, actor=request[CALLER].subject)
            in_force = await self._in_force(watch, change, seconds)
        return answer(
            EnabledChangeJson(
                job_id=job_id,
                enabled=change.new,
                was_enabled=change.old,
                message=f"Job {job_id} {'enabled' if change.new else 'disabled'}",
                revision=change.revision,
                in_force=in_force,
            )
        )

    async def _in_force(
        self, watch: Watch, change: ScheduleChange | EnabledChange, seconds: float
    ) -> InForce | msgspec.UnsetType:
        """Wait for a change to be in force; nobody acknowledges what changed nothing."""
        if not seconds or change.old == change.new:
            return msgspec.UNSET
        in_force = await self._acknowledgements.until_in_force(watch, change.revision, seconds)
        return in_force or msgspec.UNSET
