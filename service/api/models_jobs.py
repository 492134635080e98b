"""What the calls that edit jobs take and answer: camelCase, with the words of the columns."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from service.api.acknowledgements import InForce
from service.api.models import ExecutionJson, JobJson, job_json
from service.domain.errors import InvalidInput
from service.domain.job import ClockChangePolicy, Job, MisfirePolicy, OnLost, OverlapPolicy, ScheduleType
from service.domain.overview import JobDetails

# The bounds are the schema's (validate_job in schema/001_jobs.sql), which has the last word.
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Handler = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        examples=["noop"],
        extra_json_schema={
            "pattern": "^[a-z][a-z0-9_.]*$"
        },  # the schema says it in better words than msgspec
    ),
]
Group = Annotated[str, Meta(min_length=1, max_length=50)]
Description = Annotated[str, Meta(max_length=4000)]
Cron = Annotated[str, Meta(max_length=512, examples=["0 */5 * * * MON-FRI"])]
TimeZone = Annotated[Name, Meta(examples=["America/New_York"])]
Reason = Annotated[str, Meta(max_length=500)]
GraceSeconds = Annotated[int, Meta(ge=0, le=31_536_000)]
TimeoutSeconds = Annotated[int, Meta(ge=1, le=604_800)]
Attempts = Annotated[int, Meta(ge=1, le=100)]
BackoffSeconds = Annotated[int, Meta(ge=0, le=86_400)]
OverdueSeconds = Annotated[int, Meta(ge=1, le=86_400)]
Instant = Annotated[datetime, Meta(tz=True)]
UNTIL_RESUMED = "infinity"


class JobPatch(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A merge patch (RFC 7396): what it does not name stays; null empties what may be empty.

    `pausedUntil` is an RFC 3339 instant, or `infinity`: until somebody resumes.
    """

    display_name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    job_group: Group | UnsetType = UNSET
    schedule_type: ScheduleType | UnsetType = UNSET
    schedule_cron: Cron | UnsetType | None = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    handler: Handler | UnsetType = UNSET
    params: dict[str, Any] | UnsetType = UNSET
    overlap_policy: OverlapPolicy | UnsetType = UNSET
    misfire_policy: MisfirePolicy | UnsetType = UNSET
    misfire_grace_seconds: GraceSeconds | UnsetType = UNSET
    clock_change_policy: ClockChangePolicy | UnsetType = UNSET
    timeout_seconds: TimeoutSeconds | UnsetType | None = UNSET
    max_attempts: Attempts | UnsetType = UNSET
    retry_backoff_seconds: BackoffSeconds | UnsetType = UNSET
    on_lost: OnLost | UnsetType = UNSET
    overdue_after_seconds: OverdueSeconds | UnsetType = UNSET
    paused_until: str | UnsetType | None = UNSET
    pause_reason: Reason | UnsetType | None = UNSET


class JobCreation(JobPatch, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new job; what is not named has the column's default, and a type follows from the schedule."""

    job_id: Annotated[
        str, Meta(max_length=50, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", examples=["REPORTS_DAILY"])
    ]
    display_name: Annotated[Name, Meta(examples=["Daily reports"])]
    handler: Handler


class RevertRequest(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Which change to take back; the job becomes what it was before it."""

    change_id: Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]


class JobRowJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The row of a job as it is now; `pausedUntil` is `infinity` where it is paused until resumed."""

    job_id: str
    display_name: str
    description: str | None
    job_group: str
    schedule_type: ScheduleType
    schedule_cron: str | None
    time_zone: str
    enabled: bool
    handler: str
    params: dict[str, Any]
    overlap_policy: OverlapPolicy
    misfire_policy: MisfirePolicy
    misfire_grace_seconds: int
    clock_change_policy: ClockChangePolicy
    timeout_seconds: int | None
    max_attempts: int
    retry_backoff_seconds: int
    on_lost: OnLost
    overdue_after_seconds: int
    paused_until: str | None
    pause_reason: str | None
    revision: int
    planned_from: datetime
    created_at: datetime
    updated_at: datetime
    updated_by: str


class JobDetailJson(JobJson, frozen=True, kw_only=True, rename="camel"):
    """One job: as in the list, then what only its own page shows.

    `handlerIsLive`: a live replica can run it. `inForce`: where somebody waited for a change.
    """

    schedule_cron: str | None
    params: dict[str, Any]
    overlap_policy: OverlapPolicy
    misfire_policy: MisfirePolicy
    misfire_grace_seconds: int
    clock_change_policy: ClockChangePolicy
    timeout_seconds: int | None
    max_attempts: int
    retry_backoff_seconds: int
    on_lost: OnLost
    overdue_after_seconds: int
    planned_from: datetime
    created_at: datetime
    updated_at: datetime
    updated_by: str
    handler_is_live: bool
    in_force: InForce | UnsetType = UNSET


NOT_OF_THE_ROW = {*JobJson.__struct_fields__, "handler_is_live", "in_force"}
OF_THE_ROW = tuple(name for name in JobDetailJson.__struct_fields__ if name not in NOT_OF_THE_ROW)


def columns_of(body: JobPatch) -> dict[str, Any]:
    """Return the columns that a body names, as the database takes them.

    Raises:
        InvalidInput: `pausedUntil` is no instant.
    """
    columns = {
        name: value
        for name in body.__struct_fields__
        if name != "job_id" and (value := getattr(body, name)) is not UNSET
    }
    if isinstance(text := columns.get("paused_until"), str) and text != UNTIL_RESUMED:
        columns["paused_until"] = instant_in("paused_until", text)
    return columns


def instant_in(field: str, text: str) -> datetime:
    """Return an instant of a body.

    Raises:
        InvalidInput: it is no RFC 3339 instant with an offset, or not between the years 1970 and 9000.
    """
    allowed = "an RFC 3339 instant with an offset, such as 2026-03-08T06:59:00Z; or infinity"
    try:
        found = msgspec.convert(text, Instant)
    except msgspec.ValidationError as fault:
        raise InvalidInput(field, f"{text[:64]!r} is no instant with an offset", allowed) from fault
    return in_range(field, found)


def in_range(field: str, instant: datetime) -> datetime:
    """Return an instant in UTC.

    Raises:
        InvalidInput: it is not between the years 1970 and 9000; beyond, zones leave the calendar.
    """
    if not 1970 <= instant.year <= 9000:
        raise InvalidInput(field, f"the year {instant.year} is out of range", "from 1970 to 9000")
    return instant.astimezone(UTC)


def row_json(job: Job) -> JobRowJson:
    """Show the row of a job."""
    columns = {name: getattr(job, name) for name in JobRowJson.__struct_fields__}
    if job.paused_until is not None:
        # asyncpg makes the last instant of the calendar of infinity, and leaves out its zone.
        is_endless = job.paused_until.year == 9999
        columns["paused_until"] = UNTIL_RESUMED if is_endless else rfc3339(job.paused_until)
    return JobRowJson(**columns)


def rfc3339(instant: datetime) -> str:
    """Write an instant as all JSON here does."""
    return str(msgspec.to_builtins(instant.astimezone(UTC)))


def job_detail_json(
    details: JobDetails, now: datetime, recent: list[ExecutionJson] | UnsetType = UNSET
) -> JobDetailJson:
    """Show one job as it is at `now`."""
    shown = msgspec.structs.asdict(job_json(details.overview, now))
    of_row = {name: getattr(details.row, name) for name in OF_THE_ROW}
    shown["recent_executions"] = recent
    return JobDetailJson(**shown, **of_row, handler_is_live=details.is_handler_live)
