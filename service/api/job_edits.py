"""The calls that change whole jobs: create, patch, delete, revert, pause, resume."""

import msgspec
from aiohttp import web

from service.api.acknowledgements import Acknowledgements, InForce
from service.api.answers import Answer, answer, encoded_answer, no_content
from service.api.auth import CALLER
from service.api.inputs import JOB_PATH, job_id_of, truth_of, wait_seconds_of
from service.api.models_fleet import PauseRequest
from service.api.models_jobs import (
    JobCreation,
    JobDetailJson,
    JobPatch,
    RevertRequest,
    columns_of,
    in_range,
    job_detail_json,
)
from service.api.preconditions import expected_revision_of, keyed_call_of, revision_tag
from service.api.repeats import Repeats
from service.api.typed_bodies import with_body
from service.database.stores import Stores
from service.domain.clock import Clock

JOBS = "/v1/console/jobs"


class RevisionOnly(msgspec.Struct):
    """What a kept answer is asked for."""

    revision: int


class JobEditEndpoints:
    """Handlers of the calls that change jobs; each honours `If-Match`, and answers with the ETag.

    Those that answer with the job wait, if asked to, until the change is in force on all replicas.
    """

    def __init__(self, *, stores: Stores, clock: Clock, acknowledgements: Acknowledgements) -> None:
        self._jobs, self._edits, self._pauses = stores.jobs, stores.job_edits, stores.pauses
        self._repeats, self._clock = Repeats(stores.idempotency), clock
        self._acknowledgements = acknowledgements

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.post(JOBS, self.create_job),
            web.patch(JOB_PATH, self.patch_job),
            web.delete(JOB_PATH, self.delete_job),
            web.post(JOBS + "/{jobId}/revert", self.revert_job),
            web.post(JOBS + "/{jobId}/pause", self.pause_job),
            web.post(JOBS + "/{jobId}/resume", self.resume_job),
        ]

    @with_body
    async def create_job(self, request: web.Request, body: JobCreation) -> Answer[JobDetailJson]:
        """Create a job: 201 with its place. Under an `Idempotency-Key` a repeat gets the same answer."""
        call = await keyed_call_of(request)
        encoded = await self._repeats.find(call)
        if encoded is None:
            now = self._clock.now()
            actor = request[CALLER].subject
            await self._edits.create(body.job_id, columns_of(body), actor=actor, now=now, keyed=call)
            shown = job_detail_json(await self._jobs.details(body.job_id), now)
            encoded = await self._repeats.keep(call, shown)
        revision = msgspec.json.decode(encoded, type=RevisionOnly).revision
        headers = {"Location": f"{JOBS}/{body.job_id}", **revision_tag(revision)}
        return encoded_answer(encoded, 201, headers=headers)

    @with_body
    async def patch_job(self, request: web.Request, body: JobPatch) -> Answer[JobDetailJson]:
        """Change what a merge patch names."""
        job_id, seconds = job_id_of(request), wait_seconds_of(request)
        with self._acknowledgements.watching(job_id) as watch:
            revision = await self._edits.patch(
                job_id,
                columns_of(body),
                actor=request[CALLER].subject,
                now=self._clock.now(),
                expected_revision=expected_revision_of(request),
            )
            in_force = await self._acknowledgements.in_force(watch, revision, seconds)
        return await self._shown(job_id, in_force)

    async def delete_job(self, request: web.Request) -> Answer[None]:
        """Delete a job: 204. One with an unfinished execution only with `force=true`; history stays."""
        await self._edits.delete(
            job_id_of(request),
            actor=request[CALLER].subject,
            is_forced=truth_of(request, "force", False),
            expected_revision=expected_revision_of(request),
        )
        return no_content()

    @with_body
    async def revert_job(self, request: web.Request, body: RevertRequest) -> Answer[JobDetailJson]:
        """Make a job what it was before a change, which is a new change; a deleted job comes back."""
        job_id, seconds = job_id_of(request), wait_seconds_of(request)
        with self._acknowledgements.watching(job_id) as watch:
            revision = await self._edits.revert(
                job_id,
                body.change_id,
                actor=request[CALLER].subject,
                now=self._clock.now(),
                expected_revision=expected_revision_of(request),
            )
            in_force = await self._acknowledgements.in_force(watch, revision, seconds)
        return await self._shown(job_id, in_force)

    @with_body
    async def pause_job(self, request: web.Request, body: PauseRequest) -> Answer[JobDetailJson]:
        """Pause a job: its fires go into the ledger as PAUSED, a trigger still works."""
        job_id, seconds = job_id_of(request), wait_seconds_of(request)
        until = None if body.until is None else in_range("until", body.until)
        with self._acknowledgements.watching(job_id) as watch:
            revision = await self._pauses.pause_job(
                job_id,
                reason=body.reason,
                until=until,
                actor=request[CALLER].subject,
                expected_revision=expected_revision_of(request),
            )
            in_force = await self._acknowledgements.in_force(watch, revision, seconds)
        return await self._shown(job_id, in_force)

    async def resume_job(self, request: web.Request) -> Answer[JobDetailJson]:
        """End the pause of a job."""
        job_id, seconds = job_id_of(request), wait_seconds_of(request)
        with self._acknowledgements.watching(job_id) as watch:
            revision = await self._pauses.resume_job(
                job_id, actor=request[CALLER].subject, expected_revision=expected_revision_of(request)
            )
            in_force = await self._acknowledgements.in_force(watch, revision, seconds)
        return await self._shown(job_id, in_force)

    async def _shown(
        self, job_id: str, in_force: InForce | msgspec.UnsetType = msgspec.UNSET
    ) -> Answer[JobDetailJson]:
        details = await self._jobs.details(job_id)
        headers = revision_tag(details.row.revision)
        shown = job_detail_json(details, self._clock.now())
        return answer(msgspec.structs.replace(shown, in_force=in_force), headers=headers)
