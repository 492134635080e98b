"""The calls about what has been: history and statistics."""

from aiohttp import web

from service.api.answers import answer
from service.api.inputs import job_id_of, paging_of, since_days_of
from service.api.models import history_json, stats_json
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

    async def history_of_job(self, request: web.Request) -> web.Response:
        """Answer a page of a job's executions."""
        job_id, paging = job_id_of(request), paging_of(request)
        history = await self._history.page_of_job(
            job_id, page=paging.page, page_size=paging.page_size, since_days=paging.since_days
        )
        return answer(history_json(history, paging))

    async def history_of_all(self, request: web.Request) -> web.Response:
        """Answer a page of all jobs' executions."""
        paging = paging_of(request)
        history = await self._history.page_of_all(
            page=paging.page, page_size=paging.page_size, since_days=paging.since_days
        )
        return answer(history_json(history, paging))

    async def stats_of_job(self, request: web.Request) -> web.Response:
        """Answer a job's statistics."""
        job_id, since_days = job_id_of(request), since_days_of(request)
        totals = await self._history.totals_of_job(job_id, since_days=since_days)
        return answer(stats_json(totals, since_days))
