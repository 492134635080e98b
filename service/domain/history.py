"""What has been: past executions and their statistics."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

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
    fire_time: datetime | None
    window_start: datetime | None
    window_end: datetime | None
    attempt: int
    first_execution_id: UUID | None


class ExecutionTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Ended executions of a period, by hours of their start; failures are FAILED, TIMEOUT and LOST."""

    success_count: int = 0
    failure_count: int = 0
    cancelled_count: int = 0
    success_duration_ms: int = 0

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


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of executions, newest first; `unfinished_count` of all pages are not in the totals yet."""

    executions: list[PastExecution]
    totals: ExecutionTotals
    unfinished_count: int
