"""What the timeline answers."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.domain.timeline import (
    ClockChange,
    ComingFires,
    LaneBucket,
    LaneExecution,
    LaneFire,
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


class LaneFireJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A fire that started nothing; one may stand for `firesCovered` missed ones from `coversFrom` on."""

    fire_time: datetime
    outcome: str
    fires_covered: int | None
    covers_from: datetime | None


class LaneJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A job's lane: its executions one by one, or buckets where they are many; then what will fire.

    `hasMoreFires`: there are more before the timeline ends. `firesNotStarted` are the last ones. A job
    that is not enabled counts as paused. `pausedUntil` is null also until resumed.
    """

    job_id: str
    display_name: str
    job_group: str | None
    time_zone: str
    is_deleted: bool
    is_enabled: bool
    is_paused: bool
    paused_until: datetime | None
    executions: list[LaneExecutionJson]
    is_aggregated: bool
    buckets: list[BucketJson]
    fires_not_started: list[LaneFireJson]
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
    job: LaneJob,
    executions: list[LaneExecution],
    buckets: list[LaneBucket],
    not_started: list[LaneFire],
    coming: ComingFires,
) -> LaneJson:
    """Show the lane of a job; all that is given is of this job alone."""
    return LaneJson(
        job_id=job.job_id,
        display_name=job.display_name,
        job_group=job.job_group,
        time_zone=job.time_zone,
        is_deleted=job.is_deleted,
        is_enabled=job.is_enabled,
        is_paused=job.is_paused or not (job.is_enabled or job.is_deleted),
        paused_until=job.paused_until,
        executions=[lane_execution_json(execution) for execution in executions],
        is_aggregated=bool(buckets),
        buckets=[bucket_json(bucket) for bucket in buckets],
        fires_not_started=[lane_fire_json(fire) for fire in not_started],
        coming_fires=coming.fire_times,
        has_more_fires=coming.has_more,
    )


def bucket_json(bucket: LaneBucket) -> BucketJson:
    """Show a bucket."""
    return BucketJson(**{name: getattr(bucket, name) for name in BucketJson.__struct_fields__})


def lane_fire_json(fire: LaneFire) -> LaneFireJson:
    """Show a fire that started nothing."""
    return LaneFireJson(**{name: getattr(fire, name) for name in LaneFireJson.__struct_fields__})


def outage_json(outage: Outage) -> OutageJson:
    """Show an outage."""
    return OutageJson(outage.from_time, outage.to_time)
