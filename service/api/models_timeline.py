"""What the timeline answers."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.domain.timeline import (
    ClockChange,
    ComingFires,
    LaneBucket,
    LaneExecution,
    LaneJob,
    Outage,
)


class LaneExecutionJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One execution on a lane."""

    execution_id: UUID
    job_id: str
    status: str
    start_time: datetime
    end_time: datetime | None
    triggered_by: str
    fire_time: datetime | None
    attempt: int


class BucketJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Ended executions that started in [startTime, endTime)."""

    start_time: datetime
    end_time: datetime
    success_count: int
    failure_count: int
    cancelled_count: int


class LaneJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A job's lane: its executions one by one, or buckets where they are many; then what will fire.

    `hasMoreFires`: there are more before the timeline ends. `pausedUntil` is null also until resumed.
    """

    job_id: str
    display_name: str
    job_group: str | None
    is_deleted: bool
    is_paused: bool
    paused_until: datetime | None
    executions: list[LaneExecutionJson]
    is_aggregated: bool
    buckets: list[BucketJson]
    coming_fires: list[datetime]
    has_more_fires: bool


class OutageJson(msgspec.Struct, frozen=True, rename="camel"):
    """No replica held a lease; `toTime` is null while that goes on."""

    from_time: datetime
    to_time: datetime | None


class TimelineJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What ran, runs and will fire in [fromTime, toTime); `jobCount` is of all jobs, with a lane or not."""

    from_time: datetime
    to_time: datetime
    now: datetime
    lanes: list[LaneJson]
    job_count: int
    running: list[LaneExecutionJson]
    outages: list[OutageJson]
    clock_changes: list[ClockChange]


def lane_execution_json(execution: LaneExecution) -> LaneExecutionJson:
    """Show an execution on a lane."""
    return LaneExecutionJson(**msgspec.structs.asdict(execution))


def lane_json(
    job: LaneJob, executions: list[LaneExecution], buckets: list[LaneBucket], fires: ComingFires
) -> LaneJson:
    """Show the lane of a job; executions and buckets are of this job alone."""
    return LaneJson(
        job_id=job.job_id,
        display_name=job.display_name,
        job_group=job.job_group,
        is_deleted=job.is_deleted,
        is_paused=job.is_paused or not (job.is_enabled or job.is_deleted),
        paused_until=job.paused_until,
        executions=[lane_execution_json(execution) for execution in executions],
        is_aggregated=bool(buckets),
        buckets=[bucket_json(bucket) for bucket in buckets],
        coming_fires=fires.fire_times,
        has_more_fires=fires.has_more,
    )


def bucket_json(bucket: LaneBucket) -> BucketJson:
    """Show a bucket."""
    return BucketJson(**{name: getattr(bucket, name) for name in BucketJson.__struct_fields__})


def outage_json(outage: Outage) -> OutageJson:
    """Show an outage."""
    return OutageJson(outage.from_time, outage.to_time)
