"""Reading requests: every value is checked here, and a refusal names its field."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from aiohttp import web

from service.domain.cron import parse_schedule, require_fires
from service.domain.errors import InvalidInput, JobNotFound
from service.domain.job import ScheduleType
from service.domain.overview import JobOverview

# No job can have the name of the list beside them; a route that took it would offer methods that it has not.
JOB_PATH = "/v1/console/jobs/{jobId:(?!history$)[^/]+}"
JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}")
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ENCODED_NUL = re.compile(rb"(?<!\\)(\\\\)*\\u0000")  # which jsonb cannot hold
LARGEST_PARAMS_BYTES = 65_536
LAST_PAGE = 1_000_000
LONGEST_WAIT_MS = 2_000
DEEPEST_UNCOUNTED = 10_000


class Paging(msgspec.Struct, frozen=True):
    """Which part of the history is asked for."""

    page: int
    page_size: int
    since_days: int


def job_id_of(request: web.Request) -> str:
    """Return the job id of the path.

    Raises:
        JobNotFound: no job can have such an id; Postgres is not asked about NUL bytes and the like.
    """
    job_id = request.match_info["jobId"]
    if not JOB_ID.fullmatch(job_id):
        raise JobNotFound(job_id)
    return job_id


def parameter(request: web.Request, name: str) -> str:
    """Return a query parameter, empty when it is absent.

    Raises:
        InvalidInput: it is given more than once, so that nobody knows which is meant.
    """
    values = request.query.getall(name, [""])
    if len(values) > 1:
        raise InvalidInput(name, "given more than once", "one value")
    return values[0]


def whole_number(request: web.Request, name: str, default: int, lowest: int, highest: int) -> int:
    """Return a query parameter as a number; absent or empty means `default`.

    Raises:
        InvalidInput: it is no whole number from `lowest` to `highest`.
    """
    text = parameter(request, name)
    if not text:
        return default
    if not WHOLE_NUMBER.fullmatch(text) or not lowest <= int(text) <= highest:
        allowed = f"a whole number from {lowest} to {highest}"
        raise InvalidInput(name, f"{text[:64]!r} is not {allowed}", allowed)
    return int(text)


def since_days_of(request: web.Request) -> int:
    """Return for how many days back the history is asked."""
    return whole_number(request, "sinceDays", 30, 1, 3650)


def paging_of(request: web.Request) -> Paging:
    """Return which page of the history is asked for."""
    return Paging(
        page=whole_number(request, "page", 0, 0, LAST_PAGE),
        page_size=whole_number(request, "pageSize", 50, 1, 200),
        since_days=since_days_of(request),
    )


def wait_seconds_of(request: web.Request) -> float:
    """Return for how long the caller waits for a change to be in force everywhere; 0: not at all."""
    return whole_number(request, "wait", 0, 0, LONGEST_WAIT_MS) / 1000


def require_shallow(paging: Paging, *, is_by_cursor: bool, is_counted: bool = False) -> None:
    """Refuse pages that cost more the deeper they lie, where nobody knows how deep the list is.

    Raises:
        InvalidInput: a page is given beside a cursor, or too many rows lie before it.
    """
    if paging.page and is_by_cursor:
        raise InvalidInput("page", "a cursor is given too", "a page or a cursor")
    if paging.page * paging.page_size > DEEPEST_UNCOUNTED and not is_counted:
        allowed = f"at most {DEEPEST_UNCOUNTED} rows before it; nextCursor leads deeper"
        raise InvalidInput("page", "the page lies too deep", allowed)


def instant_of(request: web.Request, name: str, default: datetime) -> datetime:
    """Return a query parameter as an instant; absent or empty means `default`.

    Raises:
        InvalidInput: it is no RFC 3339 instant with an offset, or not between the years 1970 and 9000.
    """
    text = parameter(request, name)
    if not text:
        return default
    allowed = "an RFC 3339 instant from 1970 to 9000 with an offset, such as 2026-03-08T06:59:00Z"
    try:
        # A plus sign that nobody encoded arrives as a space.
        found = msgspec.convert(text.replace(" ", "+"), datetime)
    except msgspec.ValidationError as fault:
        raise InvalidInput(name, f"{text[:64]!r} is no instant", allowed) from fault
    if found.tzinfo is None or not 1970 <= found.year <= 9000:
        raise InvalidInput(name, f"{text[:64]!r} is no instant with an offset in that range", allowed)
    return found.astimezone(UTC)


def truth_of(request: web.Request, name: str, default: bool) -> bool:
    """Return a query parameter that is true or false; absent or empty means `default`.

    Raises:
        InvalidInput: it is neither.
    """
    text = parameter(request, name).lower()
    if text not in ("", "true", "false"):
        raise InvalidInput(name, f"{text[:64]!r} is neither true nor false", "true or false")
    return text == "true" if text else default


def execution_id_of(request: web.Request) -> UUID | None:
    """Return the execution that the query asks for, None where it asks for all."""
    text = parameter(request, "executionId")
    if not text:
        return None
    if not UUID_TEXT.fullmatch(text):
        allowed = "a UUID such as 0192d3a4-5b6c-7d8e-9f01-23456789abcd"
        raise InvalidInput("execution_id", f"{text[:64]!r} is no id of an execution", allowed)
    return UUID(text)


def last_event_id_of(request: web.Request) -> int | None:
    """Return the id of the last event that a resuming client has seen, None for a new client."""
    text = request.headers.get("Last-Event-ID", "")
    if not text:
        return None
    if not WHOLE_NUMBER.fullmatch(text) or int(text) < 0:
        allowed = "the id of an event of this stream"
        raise InvalidInput("Last-Event-ID", f"{text[:64]!r} is not {allowed}", allowed)
    return int(text)


def enabled_of(request: web.Request) -> bool:
    """Return whether the job is to be enabled."""
    text = parameter(request, "enabled")
    if text.lower() not in ("true", "false"):
        raise InvalidInput("enabled", f"{text[:64]!r} is neither true nor false", "true or false")
    return text.lower() == "true"


def cron_of(request: web.Request, job: JobOverview, now: datetime) -> str:
    """Return the new schedule of the job, without blanks around it.

    Raises:
        InvalidInput: the job has no schedule at all.
        InvalidSchedule: the expression cannot be read, or never fires.
    """
    text = parameter(request, "cron").strip()
    if job.schedule_type is ScheduleType.MANUAL:
        raise InvalidInput("cron", f"job {job.job_id!r} is MANUAL: it has no schedule", "a CRON job")
    schedule = parse_schedule(text, job.time_zone, job.clock_change_policy)
    require_fires(schedule, now)
    return text


@contextmanager
def naming(parameter_name: str, column: str) -> Iterator[None]:
    """Let refusals of a column name the parameter that it came from."""
    try:
        yield
    except InvalidInput as error:
        if error.field == column:
            error.field = parameter_name
        raise
