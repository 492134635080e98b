"""Filters of lists, read from the query."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from aiohttp import web

from service.api.inputs import JOB_ID, instant_of, parameter, since_days_of
from service.domain.errors import InvalidInput, JobNotFound
from service.domain.execution import ExecutionStatus, TriggeredBy
from service.domain.history import ExecutionFilter
from service.domain.ledger import ChangeFilter, ChangeOperation, FireFilter, FireOutcome

LONGEST_TEXT = 200
MOST_JOBS_ASKED_FOR = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Choice = TypeVar("Choice", bound=StrEnum)


def period_of(request: web.Request, start: str, end: str) -> tuple[datetime | None, datetime | None]:
    """Return the instants that two parameters name; the second is excluded, each may be absent.

    Raises:
        InvalidInput: one is no instant, or the period ends before it begins.
    """
    since, until = optional_instant_of(request, start), optional_instant_of(request, end)
    if since is not None and until is not None and since >= until:
        raise InvalidInput(end, "the period ends before it begins", f"an instant later than {start}")
    return since, until


def optional_instant_of(request: web.Request, name: str) -> datetime | None:
    """Return a parameter as an instant, or None where it is absent; errors as `instant_of`."""
    return instant_of(request, name, EPOCH) if parameter(request, name) else None


def choices_of(request: web.Request, name: str, kind: type[Choice]) -> frozenset[Choice]:
    """Return the values that a parameter lists, with commas between them; absent means none.

    Raises:
        InvalidInput: one of them is not in the list of what there is.
    """
    words = [word.strip().upper() for word in parameter(request, name).split(",") if word.strip()]
    unknown = next((word for word in words if word not in list(kind)), None)
    if unknown is not None:
        raise InvalidInput(name, f"{unknown[:64]!r} is not allowed", "some of " + ", ".join(kind))
    return frozenset(kind(word) for word in words)


def job_ids_of(request: web.Request, name: str) -> frozenset[str] | None:
    """Return the jobs that a parameter lists, with commas between them; None where it is absent.

    Raises:
        InvalidInput: no job can have such an id, or they are too many.
    """
    words = [word.strip() for word in parameter(request, name).split(",") if word.strip()]
    unlike = next((word for word in words if not JOB_ID.fullmatch(word)), None)
    if unlike is not None or len(words) > MOST_JOBS_ASKED_FOR:
        problem = "there are too many" if unlike is None else f"{unlike[:64]!r} is no job's id"
        allowed = f"at most {MOST_JOBS_ASKED_FOR} ids of jobs, with commas between them"
        raise InvalidInput(name, problem, allowed)
    return frozenset(words) or None


def text_of(request: web.Request, name: str) -> str:
    """Return a parameter that is plain text.

    Raises:
        InvalidInput: it is too long, or holds what Postgres cannot.
    """
    text = parameter(request, name)
    if len(text) > LONGEST_TEXT or "\0" in text or not text.isprintable():
        raise InvalidInput(
            name, "the text is too long or unprintable", f"1 to {LONGEST_TEXT} printable characters"
        )
    return text


def execution_filter_of(request: web.Request, job_id: str | None) -> ExecutionFilter:
    """Return which executions of the history are asked for."""
    since, until = period_of(request, "from", "to")
    return ExecutionFilter(
        job_id=job_id,
        since_days=since_days_of(request),
        since=since,
        until=until,
        statuses=choices_of(request, "status", ExecutionStatus),
        triggered_by=choices_of(request, "triggeredBy", TriggeredBy),
        text=text_of(request, "text"),
    )


def fire_filter_of(request: web.Request, job_id: str) -> FireFilter:
    """Return which fires of the ledger are asked for."""
    since, until = period_of(request, "since", "until")
    return FireFilter(
        job_id=job_id, since=since, until=until, outcomes=choices_of(request, "outcome", FireOutcome)
    )


def job_id_asked_for(request: web.Request) -> str | None:
    """Return the job that the query names, `*` among them; None where it names none.

    Raises:
        JobNotFound: no job can have such an id.
    """
    job_id = parameter(request, "jobId")
    if job_id not in ("", "*") and not JOB_ID.fullmatch(job_id):
        raise JobNotFound(job_id)
    return job_id or None


def change_filter_of(request: web.Request, job_id: str | None) -> ChangeFilter:
    """Return which changes of the audit are asked for; `*` are those of all jobs at once."""
    since, until = period_of(request, "from", "to")
    return ChangeFilter(
        job_id=job_id,
        actor=text_of(request, "actor") or None,
        operations=choices_of(request, "operation", ChangeOperation),
        since=since,
        until=until,
    )
