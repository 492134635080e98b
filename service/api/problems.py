"""Errors as problem+json (RFC 9457): the one place that knows which HTTP status an error has."""

import re
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from service.api.answers import answer
from service.api.models_jobs import JobRowJson, row_json
from service.api.preconditions import revision_tag
from service.domain.errors import (
    ChangeNotFound,
    CronsoleError,
    DatabaseUnavailable,
    ExecutionNotFound,
    InvalidInput,
    JobNotFound,
    KeyUsedOtherwise,
    RequestInProgress,
    StaleRevision,
    StateForbids,
)

log = structlog.get_logger(__name__)

# The nearest class of an error counts. What is not here is a fault of ours: 500, and the log knows more.
STATUS: dict[type[CronsoleError], int] = {
    InvalidInput: 400,
    JobNotFound: 404,
    ExecutionNotFound: 404,
    ChangeNotFound: 404,
    RequestInProgress: 409,
    StateForbids: 409,
    StaleRevision: 412,
    KeyUsedOtherwise: 422,
    DatabaseUnavailable: 503,
}
RETRY_AFTER_SECONDS = 1
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


class Problem(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The members of RFC 9457, then ours.

    `allowed` says what the field may hold, `current` is the row as somebody else left it.
    """

    type: str
    title: str
    status: int
    detail: str | None = None
    field: str | None = None
    allowed: str | None = None
    job_id: str | None = None
    blocking_execution_id: UUID | None = None
    current: JobRowJson | None = None


def problem(content: Problem, headers: dict[str, str] | None = None) -> web.Response:
    """Return a problem as a response."""
    response = answer(content, content.status, "application/problem+json")
    response.headers.update(headers or {})
    return response


def status_of(error: CronsoleError) -> int:
    """Return the HTTP status of an error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem_of(error: CronsoleError) -> Problem:
    """Describe an error that has a status; its class gives type and title."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).lower()
    facts: dict[str, Any] = {}
    if isinstance(error, InvalidInput):
        facts = {"field": camel_case(error.field), "allowed": error.hint}
    elif isinstance(error, StateForbids):
        facts = {"job_id": error.job_id, "blocking_execution_id": error.blocking_execution_id}
    elif isinstance(error, JobNotFound | ChangeNotFound):
        facts = {"job_id": error.job_id}
    elif isinstance(error, StaleRevision):
        facts = {"job_id": error.current.job_id, "current": row_json(error.current)}
    return Problem(
        type="urn:cronsole:problem:" + words.replace(" ", "-"),
        title=words.capitalize(),
        status=status_of(error),
        detail=str(error),
        **facts,
    )


def plain_problem(status: int, detail: str | None = None) -> Problem:
    """Describe what its status says already."""
    return Problem(type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail)


def camel_case(field: str) -> str:
    """Return a column's name as JSON spells it."""
    first, *others = field.split("_")
    return first + "".join(other.capitalize() for other in others)


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into a problem, aiohttp's own errors included."""
    try:
        return await handler(request)
    except CronsoleError as error:
        if isinstance(error, DatabaseUnavailable | RequestInProgress):
            return problem(problem_of(error), {"Retry-After": str(RETRY_AFTER_SECONDS)})
        if isinstance(error, StaleRevision):
            return problem(problem_of(error), dict(revision_tag(error.current.revision)))
        if status_of(error) < 500:
            return problem(problem_of(error))
        log.exception("request_failed", method=request.method, path=request.path)
        return problem(plain_problem(500))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {name: error.headers[name] for name in KEPT_HEADERS if name in error.headers}
        # The default text is "404: Not Found", which the title says already.
        detail = None if error.text == f"{error.status}: {error.reason}" else error.text
        return problem(plain_problem(error.status, detail), kept)
    except Exception:
        log.exception("request_failed", method=request.method, path=request.path)
        return problem(plain_problem(500, "an unexpected error; the service's log has it"))
