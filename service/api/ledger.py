"""The calls about what was decided and what was changed: fires of a job, changes of one or of all."""

from aiohttp import web

from service.api.answers import Answer, answer
from service.api.cursors import change_cursor, change_key_of, fire_cursor, fire_key_of
from service.api.filters import change_filter_of, fire_filter_of, job_id_asked_for
from service.api.inputs import job_id_of, paging_of, require_shallow
from service.api.models_changes import ChangesJson, change_json
from service.api.models_executions import FiresJson, fire_json
from service.database.ledger import LedgerStore


class LedgerEndpoints:
    """Handlers of the calls about fires and changes; their lists go on by cursor."""

    def __init__(self, *, ledger: LedgerStore) -> None:
        self._ledger = ledger

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of these calls."""
        return [
            web.get("/v1/console/jobs/{jobId}/fires", self.fires_of_job),
            web.get("/v1/console/jobs/{jobId}/changes", self.changes_of_job),
            web.get("/v1/console/changes", self.changes_of_all),
        ]

    async def fires_of_job(self, request: web.Request) -> Answer[FiresJson]:
        """Answer what became of the job's fires."""
        paging, key = paging_of(request), fire_key_of(request)
        require_shallow(paging, is_by_cursor=key is not None)
        fires, next_key = await self._ledger.fires(
            fire_filter_of(request, job_id_of(request)),
            after=key,
            limit=paging.page_size,
            skip=0 if key else paging.page * paging.page_size,
        )
        return answer(
            FiresJson(
                fires=[fire_json(fire) for fire in fires],
                page=None if key else paging.page,
                page_size=paging.page_size,
                next_cursor=fire_cursor(next_key),
            )
        )

    async def changes_of_job(self, request: web.Request) -> Answer[ChangesJson]:
        """Answer who changed the job, and what."""
        return await self._changes(request, job_id_of(request))

    async def changes_of_all(self, request: web.Request) -> Answer[ChangesJson]:
        """Answer who changed any job, and what; `jobId=*` are the changes of all at once."""
        return await self._changes(request, job_id_asked_for(request))

    async def _changes(self, request: web.Request, job_id: str | None) -> Answer[ChangesJson]:
        page_size = paging_of(request).page_size
        changes, next_key = await self._ledger.changes(
            change_filter_of(request, job_id), after=change_key_of(request), limit=page_size
        )
        return answer(
            ChangesJson(
                changes=[change_json(change) for change in changes],
                page_size=page_size,
                next_cursor=change_cursor(next_key),
            )
        )
