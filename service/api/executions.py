"""The calls about what has been: history and statistics."""

from aiohttp import web

from service.api.answers import Answer, answer
from service.api.cursors import execution_key_of
from service.api.filters import execution_filter_of
from service.api.inputs import job_id_of, paging_of, require_shallow, since_days_of
from service.api.models import HistoryJson, StatsJson, history_json, stats_json
from service.database.history import HistoryStore


class ExecutionEndpoints:
    """Handlers of the calls about executions."""

    def __init__(self, *, history: HistoryStore) -> None:
        self._history = history

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; the history of all jobs stands before the job that cannot be named `history`."""
        return [
            web.get("/v1/console/jobs/history", self.history_of_all),
            web.get("/v1/console/jobs/{jobId}/history", self.history_of_job),
            web.get("/v1/console/jobs/{jobId}/stats", self.stats_of_job),
        ]

    async def history_of_job(self, request: web.Request) -> Answer[HistoryJson]:
        """Answer a page of a job's executions."""
        return await self._history_of(request, job_id_of(request))

    async def history_of_all(self, request: web.Request) -> Answer[HistoryJson]:
        """Answer a page of all jobs' executions."""
        return await self._history_of(request, None)

    async def _history_of(self, request: web.Request, job_id: str | None) -> Answer[HistoryJson]:
        paging, key = paging_of(request), execution_key_of(request)
        wanted = execution_filter_of(request, job_id)
        require_shallow(paging, is_by_cursor=key is not None, is_counted=wanted.is_plain)
        if key is not None:
            found = await self._history.page_after(wanted, key, page_size=paging.page_size)
        else:
            found = await self._history.page(wanted, page=paging.page, page_size=paging.page_size)
        return answer(history_json(found, paging, is_by_cursor=key is not None))

    async def stats_of_job(self, request: web.Request) -> Answer[StatsJson]:
        """Answer a job's statistics."""
        job_id, since_days = job_id_of(request), since_days_of(request)
        totals = await self._history.totals_of_job(job_id, since_days=since_days)
        return answer(stats_json(totals, since_days))
