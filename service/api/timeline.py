"""The call that shows what ran, runs and will fire."""

import asyncio
from collections import defaultdict
from datetime import datetime, timedelta

from aiohttp import web

from service.api.answers import Answer, answer
from service.api.filters import job_ids_of, period_of, text_of
from service.api.inputs import truth_of
from service.api.models_timeline import (
    LaneJson,
    TimelineJson,
    lane_execution_json,
    lane_json,
    outage_json,
)
from service.database.timeline import TimelineStore
from service.domain.clock import Clock
from service.domain.errors import InvalidInput
from service.domain.timeline import (
    LONGEST_SPAN,
    ClockChange,
    LaneBucket,
    LaneChoice,
    LaneExecution,
    LaneFire,
    TimelineRows,
    clock_changes,
    coming_fires,
)

AROUND_NOW = timedelta(hours=12)
MOST_FIRES_OF_A_LANE, MOST_FIRES = 60, 6000


class TimelineEndpoints:
    """Handler of the timeline."""

    def __init__(self, *, timeline: TimelineStore, clock: Clock) -> None:
        self._timeline, self._clock = timeline, clock

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the timeline."""
        return [web.get("/v1/console/timeline", self.show_timeline)]

    async def show_timeline(self, request: web.Request) -> Answer[TimelineJson]:
        """Answer a timeline of at most seven days; without `from` and `to`, twelve hours around now.

        `group` narrows it to one group of jobs, `jobId` to these jobs, `deleted` to those that are gone.
        """
        now = self._clock.now()
        since, until = ends_of(request, now)
        rows = await self._timeline.rows(since, until, choice_of(request))
        return answer(
            TimelineJson(
                from_time=since,
                to_time=until,
                now=now,
                lanes=await lanes_of(rows, max(now, since), until),
                job_count=rows.job_count,
                running=[lane_execution_json(execution) for execution in rows.running],
                outages=[outage_json(outage) for outage in rows.outages],
                clock_changes=await clock_changes_of(rows, since, until),
            )
        )


def choice_of(request: web.Request) -> LaneChoice:
    """Return which jobs are asked for."""
    return LaneChoice(
        job_group=text_of(request, "group") or None,
        job_ids=job_ids_of(request, "jobId"),
        is_deleted=truth_of(request, "deleted", False),
    )


def ends_of(request: web.Request, now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when the timeline goes.

    Raises:
        InvalidInput: it is longer than LONGEST_SPAN, or ends before it begins.
    """
    since, until = period_of(request, "from", "to")
    if since is None:
        since = now - AROUND_NOW if until is None else until - 2 * AROUND_NOW
    if until is None:
        until = since + 2 * AROUND_NOW
    if until - since > LONGEST_SPAN:
        raise InvalidInput("to", "the timeline is too long", f"at most {LONGEST_SPAN.days} days after from")
    return since, until


async def lanes_of(rows: TimelineRows, after: datetime, until: datetime) -> list[LaneJson]:
    """Return a lane for each job; computing fires takes a while, so others get their turn in between."""
    executions: defaultdict[str, list[LaneExecution]] = defaultdict(list)
    buckets: defaultdict[str, list[LaneBucket]] = defaultdict(list)
    not_started: defaultdict[str, list[LaneFire]] = defaultdict(list)
    for execution in rows.executions:
        executions[execution.job_id].append(execution)
    for bucket in rows.buckets:
        buckets[bucket.job_id].append(bucket)
    for fire in rows.fires:
        not_started[fire.job_id].append(fire)
    limit = min(MOST_FIRES_OF_A_LANE, MOST_FIRES // max(1, len(rows.jobs)))
    lanes = []
    for job in rows.jobs:
        key, coming = job.job_id, coming_fires(job, after, until, limit)
        lanes.append(lane_json(job, executions[key], buckets[key], not_started[key], coming))
        await asyncio.sleep(0)
    return lanes


async def clock_changes_of(rows: TimelineRows, since: datetime, until: datetime) -> list[ClockChange]:
    """Return the clock changes in the zones of the jobs, by time; zones are looked up one by one."""
    found = []
    for time_zone in sorted({job.time_zone for job in rows.jobs}):
        found += clock_changes(time_zone, since, until)
        await asyncio.sleep(0)
    return sorted(found, key=lambda change: (change.at, change.time_zone))
