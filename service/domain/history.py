"""What has been: past executions and their statistics."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from service.domain.durations import duration_percentile_ms
from service.domain.execution import ExecutionStatus, TriggeredBy


class PastExecution(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `job_executions` as the history shows it, the unfinished among them."""

    execution_id: UUID
    job_id: str
    job_name: str
    handler: str
    start_time: datetime
    end_time: datetime | None
    duration_ms: int | None
    status: ExecutionStatus
    symbols_processed: int
    data_points_stored: int
    error_count: int
    error_details: Any
    timeframes: Any
    triggered_by: TriggeredBy
    requested_by: str | None
    reason: str | None
    fire_time: datetime | None
    window_start: datetime | None
    window_end: datetime | None
    attempt: int
    first_execution_id: UUID | None


class ExecutionDetails(PastExecution, frozen=True, kw_only=True):
    """One execution with everything that its row holds, and the progress that it last reported."""

    created_at: datetime
    not_before: datetime
    params: dict[str, Any]
    result: Any
    replica_id: UUID | None
    fencing_number: int
    cancel_requested_at: datetime | None
    cancel_requested_by: str | None
    progress_done: float | None
    progress_total: float | None
    progress_note: str | None
    progress_at: datetime | None

    @property
    def lateness_ms(self) -> float | None:
        """From the fire time to the start, in milliseconds; None where either is missing."""
        if self.fire_time is None or not self.fencing_number:
            return None
        return (self.start_time - self.fire_time) / timedelta(milliseconds=1)


UNFINISHED = frozenset({ExecutionStatus.QUEUED, ExecutionStatus.RUNNING})
UNSUCCESSFUL = frozenset(
    {ExecutionStatus.FAILED, ExecutionStatus.TIMEOUT, ExecutionStatus.CANCELLED, ExecutionStatus.LOST}
)


class ExecutionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which executions are asked for; empty means any. They started in `since_days`, or in [since, until).

    `text` is looked for, whatever its case, in job, requester and error messages.
    """

    job_id: str | None = None
    since_days: int = 30
    since: datetime | None = None
    until: datetime | None = None
    statuses: frozenset[ExecutionStatus] = frozenset()
    triggered_by: frozenset[TriggeredBy] = frozenset()
    text: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether all executions of the last days are asked for, which the statistics have counted."""
        return not (self.since or self.until or self.statuses or self.triggered_by or self.text)


class ExecutionTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Ended executions of a period, by hours of their start; failures are FAILED, TIMEOUT and LOST.

    `duration_buckets` count the successes, as the column of that name; empty where nobody added them up.
    """

    success_count: int = 0
    failure_count: int = 0
    cancelled_count: int = 0
    success_duration_ms: int = 0
    duration_buckets: list[int] = []

    @property
    def total_count(self) -> int:
        return self.success_count + self.failure_count + self.cancelled_count

    @property
    def success_rate(self) -> float:
        """Successes in percent of all ended executions, to two decimals, halves up; 0 without any."""
        if not self.total_count:
            return 0.0
        return (20_000 * self.success_count + self.total_count) // (2 * self.total_count) / 100

    @property
    def average_duration_ms(self) -> int:
        """The mean duration of the successes, halves up; 0 without any."""
        if not self.success_count:
            return 0
        return (2 * self.success_duration_ms + self.success_count) // (2 * self.success_count)

    def percentile_duration_ms(self, percent: int) -> int | None:
        """The duration that `percent` of the successes do not exceed; None without any, or buckets."""
        return duration_percentile_ms(self.duration_buckets, percent, self.success_duration_ms)


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Executions, newest first, and the key after which the next page begins; None: there is none.

    `totals` are of the whole period, and None where nobody counts; `unfinished_count` of all pages are not
    in them yet.
    """

    executions: list[PastExecution]
    next_key: tuple[datetime, UUID] | None = None
    totals: ExecutionTotals | None = None
    unfinished_count: int = 0
