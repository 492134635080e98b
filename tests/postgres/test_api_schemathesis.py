"""Schemathesis takes the description by its word: whatever it allows, and much that it does not, is sent.

`FUZZ_EXAMPLES` says how many requests a phase sends to each call at most; `make fuzz-api` sends many.
"""

import asyncio
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from service.api import attempts, logs, sse
from service.api.calls import CALLS
from service.api.log_streams import Event, Listener
from tests.support.api import TOKEN, Api, running_api

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
SEED = 20_261_124
# Nobody guesses the token, nor which change of a job had one before it.
NEVER_WELL = {("POST", "/signin"), ("POST", "/v1/console/jobs/{jobId}/revert")}


class BriefListener(Listener):
    """Ends its stream once it has caught up: a stream without end cannot be compared with anything."""

    async def next(self, seconds: float) -> list[Event]:
        self.end()
        return await super().next(seconds)


async def test_no_answer_lies_outside_the_description(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """No 5xx, no undescribed status, type or member; and what the description forbids is refused."""
    monkeypatch.setattr(logs, "Listener", BriefListener)
    monkeypatch.setattr(sse.EventStream, "is_old", property(lambda _: True))  # ends after its preface
    monkeypatch.setattr(attempts, "MOST_FAILURES", sys.maxsize)  # or soon every bad token is 429, not 401
    answers: Counter[tuple[str, str, int]] = Counter()
    async with running_api(database_url, extend=counting(answers)) as api:
        await api.start_replica()
        jobs = await api.sql.fetch("select * from jobs")
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(keep_jobs(api, jobs), name="keep jobs")
            code, said = await run_schemathesis(api.address, tmp_path)
            keeping.cancel()
    sys.stdout.write(f"{answers.total()} requests\n{said}\n{table_of(answers)}\n")
    assert code == 0, said
    assert answers.total() > 1_000
    went_well = {(method, path) for method, path, status in answers if status < 400}
    assert set(CALLS) - NEVER_WELL - went_well == set()


async def keep_jobs(api: Api, jobs: list[asyncpg.Record]) -> None:
    """Put back jobs that were deleted, or soon every call would find nothing."""
    names = ", ".join(jobs[0].keys())
    places = ", ".join(f"${number}" for number in range(1, len(jobs[0]) + 1))
    statement = f"insert into jobs ({names}) values ({places}) on conflict do nothing"
    while True:
        await api.sql.executemany(statement, [tuple(job) for job in jobs])
        await asyncio.sleep(0.2)


async def run_schemathesis(address: str, folder: Path) -> tuple[int, str]:
    """Run it against a server; returns its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", f"{address}/openapi.json"),
        *("--header", f"Authorization: Bearer {TOKEN}", "--seed", str(SEED)),
        *("--max-examples", str(EXAMPLES)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def counting(answers: Counter[tuple[str, str, int]]) -> Callable[[web.Application], None]:
    """Return what lets an application count its answers by route and status."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        resource = request.match_info.route.resource
        answers[request.method, resource.canonical if resource else "", response.status] += 1
        return response

    return lambda application: application.middlewares.insert(0, count)


def table_of(answers: Counter[tuple[str, str, int]]) -> str:
    """Return a line for each route."""
    routes: defaultdict[str, list[str]] = defaultdict(list)
    for (method, path, status), count in sorted(answers.items()):
        routes[f"{method} {path}"].append(f"{status}: {count}")
    return "\n".join(f"{route}  {', '.join(counts)}" for route, counts in routes.items())
