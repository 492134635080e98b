"""The preview of a schedule: what it would do, and what it would change of a job's plan."""

import msgspec
from aiohttp import web

from service.api.answers import Answer, answer
from service.api.inputs import JOB_ID, instant_of, parameter, whole_number
from service.database.jobs import JobStore
from service.domain.clock import Clock
from service.domain.cron import PlanDifference, SchedulePreview, plan_difference, preview_schedule
from service.domain.errors import JobNotFound
from service.domain.job import ClockChangePolicy
from service.domain.overview import JobOverview

DEFAULT_COUNT, MOST_FIRE_TIMES = 10, 100
# The preview's own words for what the job's columns are called.
PARAMETERS = {"schedule_cron": "cron", "time_zone": "zone", "clock_change_policy": "clockChangePolicy"}


class PreviewJson(SchedulePreview, frozen=True, kw_only=True, rename="camel"):
    """What a schedule would do; with a job, also what it would change of the job's plan."""

    plan_change: PlanDifference | msgspec.UnsetType = msgspec.UNSET


class PreviewEndpoints:
    """Handler of the preview; it computes, and writes nothing."""

    def __init__(self, *, jobs: JobStore, clock: Clock) -> None:
        self._jobs, self._clock = jobs, clock

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the preview."""
        return [web.get("/v1/console/schedule/preview", self.preview)]

    async def preview(self, request: web.Request) -> Answer[PreviewJson]:
        """Answer what a schedule would do: 200 also where it is refused, with the reason.

        With a job, what is not given is the job's own, and its present plan is compared.
        """
        count = whole_number(request, "count", DEFAULT_COUNT, 1, MOST_FIRE_TIMES)
        after = instant_of(request, "after", self._clock.now())
        job = await self._job_of(request)
        cron = parameter(request, "cron") or (job and job.schedule_cron) or ""
        zone = parameter(request, "zone") or (job and job.time_zone) or "UTC"
        own_policy = job.clock_change_policy if job else ClockChangePolicy.ONCE
        policy = parameter(request, "clockChangePolicy").upper() or own_policy
        preview = preview_schedule(cron, zone, after, count, policy)
        if preview.error is not None:
            field = PARAMETERS.get(preview.error.field, preview.error.field)
            error = msgspec.structs.replace(preview.error, field=field)
            preview = msgspec.structs.replace(preview, error=error)
        change: PlanDifference | msgspec.UnsetType = msgspec.UNSET
        if job is not None and preview.valid:
            change = plan_difference(plan_of(job), (cron, zone, ClockChangePolicy(policy)), after, count)
        return answer(PreviewJson(**msgspec.structs.asdict(preview), plan_change=change))

    async def _job_of(self, request: web.Request) -> JobOverview | None:
        if not (job_id := parameter(request, "jobId")):
            return None
        if not JOB_ID.fullmatch(job_id):
            raise JobNotFound(job_id)
        return await self._jobs.overview(job_id)


def plan_of(job: JobOverview) -> tuple[str, str, ClockChangePolicy] | None:
    """Return what decides when the job fires now; None for a job that does not fire."""
    if job.schedule_cron is None or not job.enabled:
        return None
    return job.schedule_cron, job.time_zone, job.clock_change_policy
