"""What the API answers: the reference's JSON, camelCase, with our further fields behind its own."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from service.api.acknowledgements import InForce
from service.api.cursors import execution_cursor
from service.api.inputs import Paging
from service.domain.history import ExecutionTotals, HistoryPage, PastExecution
from service.domain.job import ScheduleType
from service.domain.overview import JobOverview, JobStatus, PausedBy
from service.domain.run_log import LogEntry

WITHOUT_SCHEDULE = "Manual trigger only"


class JobJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A job in the list; `name` is its id.

    `isOverdue`: a fire, or the planning of a change, waits for longer than the job allows.
    `scheduleDescription` is the schedule in words; null without a readable one, and where it is hard to say.
    `runningSince` and `runningExecutionId` are of the execution that runs now, of several the earliest. While
    there is one, `lastRunTime` is the start of the latest, and `lastRunStatus` still that of the last to end.
    """

    name: str
    display_name: str
    description: str | None
    job_group: str
    status: JobStatus
    schedule: str
    schedule_type: ScheduleType
    last_run_time: datetime | None
    next_run_time: datetime | None
    last_run_status: str | None
    last_run_duration_ms: int | None
    enabled: bool
    time_zone: str
    handler: str
    revision: int
    paused_by: PausedBy | None
    paused_until: datetime | None
    pause_reason: str | None
    recent_outcomes: list[str]
    failures_in_succession: int
    schedule_error: str | None
    is_overdue: bool
    schedule_description: str | None
    last_execution_id: UUID | None
    running_since: datetime | None
    running_execution_id: UUID | None
    execution_id: UUID | msgspec.UnsetType = msgspec.UNSET
    recent_executions: "list[ExecutionJson] | msgspec.UnsetType" = msgspec.UNSET


class ExecutionJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An execution in the history; `reason` is why `requestedBy` wanted it, in their own words."""

    execution_id: UUID
    job_name: str
    start_time: datetime
    end_time: datetime | None
    duration_ms: int | None
    status: str
    symbols_processed: int
    data_points_stored: int
    error_count: int
    error_details: Any
    context: Any
    job_id: str
    handler: str
    triggered_by: str
    requested_by: str | None
    reason: str | None
    fire_time: datetime | None
    window_start: datetime | None
    window_end: datetime | None
    attempt: int
    first_execution_id: UUID | None


class StatsJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Statistics of a period; durations are those of successes.

    The percentiles come from counts per bucket and lie in the right one (of up to 0.1, 0.25, 0.5, 1, 2.5, 5,
    10, 30 s, 1, 2, 5, 10, 30 minutes, 1, 3 hours, longer); null without successes, and over all jobs.
    """

    success_count: int
    failure_count: int
    total_count: int
    success_rate: float
    avg_duration_ms: int
    period_days: int
    p50_duration_ms: int | None
    p95_duration_ms: int | None


class HistoryJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of the history; `nextCursor` leads on, and is null at the end.

    With a filter or a cursor nobody counts: `stats`, `totalCount` and `totalPages` are null then.
    """

    executions: list[ExecutionJson]
    stats: StatsJson | None
    page: int | None
    page_size: int
    total_count: int | None
    total_pages: int | None
    next_cursor: str | None


class LogEntryJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A line of a run's log; `fields` are what the handler said besides."""

    timestamp: datetime
    level: str
    message: str
    logger: str
    job_name: str
    job_id: str
    execution_id: UUID
    log_id: int
    fields: dict[str, Any]


class ScheduleChangeJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What setting a schedule did; `inForce` where somebody waited for it, and it changed anything."""

    job_id: str
    old_schedule: str | None
    new_schedule: str
    message: str
    revision: int
    in_force: InForce | msgspec.UnsetType = msgspec.UNSET


class EnabledChangeJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What enabling or disabling did; `inForce` as with a schedule."""

    job_id: str
    enabled: bool
    was_enabled: bool
    message: str
    revision: int
    in_force: InForce | msgspec.UnsetType = msgspec.UNSET


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether this replica can do its work; `details` say why not, and hold no address and no secret."""

    replica_id: UUID
    database: bool
    listener: bool
    lease: bool
    draining: bool = False
    details: dict[str, str] = {}

    @property
    def is_ready(self) -> bool:
        return self.database and self.listener and self.lease and not self.draining


class ReadinessJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer of `/health/ready`."""

    status: str
    replica_id: UUID
    database: bool
    listener: bool
    lease: bool
    draining: bool
    details: dict[str, str]


def job_json(job: JobOverview, now: datetime) -> JobJson:
    """Show a job as it is at `now`."""
    return JobJson(
        name=job.job_id,
        display_name=job.display_name,
        description=job.description,
        job_group=job.job_group,
        status=job.status,
        schedule=job.schedule_cron or WITHOUT_SCHEDULE,
        schedule_type=job.schedule_type,
        last_run_time=job.last_start_time,
        next_run_time=job.next_run_time(now),
        last_run_status=job.last_status,
        last_run_duration_ms=job.last_duration_ms,
        enabled=job.enabled,
        time_zone=job.time_zone,
        handler=job.handler,
        revision=job.revision,
        paused_by=job.paused_by,
        paused_until=job.paused_until,
        pause_reason=job.pause_reason,
        recent_outcomes=job.recent_outcomes,
        failures_in_succession=job.failures_in_succession,
        schedule_error=job.schedule_error,
        is_overdue=job.is_overdue,
        schedule_description=job.schedule_description,
        last_execution_id=job.last_execution_id,
        running_since=job.running_since,
        running_execution_id=job.running_execution_id,
    )


def execution_json(execution: PastExecution) -> ExecutionJson:
    """Show a row of the history; `timeframes` are what clients know as `context`."""
    return ExecutionJson(
        execution_id=execution.execution_id,
        job_name=execution.job_name,
        start_time=execution.start_time,
        end_time=execution.end_time,
        duration_ms=execution.duration_ms,
        status=execution.status,
        symbols_processed=execution.symbols_processed,
        data_points_stored=execution.data_points_stored,
        error_count=execution.error_count,
        error_details=execution.error_details,
        context=execution.timeframes,
        job_id=execution.job_id,
        handler=execution.handler,
        triggered_by=execution.triggered_by,
        requested_by=execution.requested_by,
        reason=execution.reason,
        fire_time=execution.fire_time,
        window_start=execution.window_start,
        window_end=execution.window_end,
        attempt=execution.attempt,
        first_execution_id=execution.first_execution_id,
    )


def stats_json(totals: ExecutionTotals, since_days: int) -> StatsJson:
    """Show the totals of a period of `since_days`."""
    return StatsJson(
        success_count=totals.success_count,
        failure_count=totals.failure_count,
        total_count=totals.total_count,
        success_rate=totals.success_rate,
        avg_duration_ms=totals.average_duration_ms,
        period_days=since_days,
        p50_duration_ms=totals.percentile_duration_ms(50),
        p95_duration_ms=totals.percentile_duration_ms(95),
    )


def history_json(history: HistoryPage, paging: Paging, *, is_by_cursor: bool = False) -> HistoryJson:
    """Show a page; what is unfinished stands on the pages, so it counts there, and not in the statistics."""
    totals = history.totals
    count = None if totals is None else totals.total_count + history.unfinished_count
    return HistoryJson(
        executions=[execution_json(execution) for execution in history.executions],
        stats=None if totals is None else stats_json(totals, paging.since_days),
        page=None if is_by_cursor else paging.page,
        page_size=paging.page_size,
        total_count=count,
        total_pages=None if count is None else -(-count // paging.page_size),
        next_cursor=execution_cursor(history.next_key),
    )


def log_entry_json(entry: LogEntry) -> LogEntryJson:
    """Show a line of a run's log."""
    return LogEntryJson(
        timestamp=entry.logged_at,
        level=entry.level,
        message=entry.message,
        logger=entry.logger,
        job_name=entry.job_name,
        job_id=entry.job_id,
        execution_id=entry.execution_id,
        log_id=entry.log_id,
        fields=entry.fields,
    )


def readiness_json(readiness: Readiness) -> ReadinessJson:
    """Show whether the replica is ready."""
    return ReadinessJson(
        status="ready" if readiness.is_ready else "unready",
        replica_id=readiness.replica_id,
        database=readiness.database,
        listener=readiness.listener,
        lease=readiness.lease,
        draining=readiness.draining,
        details=readiness.details,
    )
