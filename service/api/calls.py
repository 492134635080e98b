"""What the signature of a call does not say: parameters, statuses, errors; one entry for each route."""

from typing import Any

import msgspec

from service.api.parameters import (
    AT,
    CHANGES,
    ENABLED,
    EXECUTION_ID,
    FIRES,
    FORCE,
    HISTORY,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    JOBS,
    LAST_EVENT,
    LAST_EVENT_ID,
    NEXT,
    PREVIEW,
    SCHEDULE,
    SINCE_DAYS,
    TIMELINE,
    WAIT,
    Parameter,
)
from service.api.signin import SignedInJson

CONSOLE = "/v1/console"
JOB, EXECUTION = f"{CONSOLE}/jobs/{{jobId}}", f"{CONSOLE}/executions/{{executionId}}"
EVENT_STREAM, HTML, CSS = "text/event-stream", "text/html", "text/css"

# Of every call: what limits, bodies and a fault of ours answer.
ERRORS_OF_ALL = (400, 408, 413, 414, 415, 421, 431, 500)
ERRORS_OF_PROTECTED = (401, 403, 429, 503)
ERRORS_OF_CHANGES = (403,)  # another site asks


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call: what it reads besides path and body, its statuses when all is well, and its own errors.

    `answer`: the type that the signature does not name; `content`: what it answers instead of JSON. `form`:
    fields of an HTML form, `form_options`: those that may be missing. `is_for_browsers`: who prefers HTML is
    led to a page, and gets errors as one. The errors of whole groups of calls are not repeated here.
    """

    parameters: tuple[Parameter, ...] = ()
    statuses: tuple[int, ...] = (200,)
    errors: tuple[int, ...] = ()
    answer: Any = None
    content: str | None = None
    form: tuple[str, ...] = ()
    form_options: tuple[str, ...] = ()
    is_for_browsers: bool = False


PLAIN = Call()
CONSOLE_PAGE = Call(parameters=(IF_NONE_MATCH,), statuses=(200, 304, 503), content=HTML)
CONSOLE_FILE = msgspec.structs.replace(CONSOLE_PAGE, content="*/*", errors=(404,))
CALLS: dict[tuple[str, str], Call] = {
    ("GET", "/"): Call(statuses=(303,)),
    ("GET", "/health/live"): PLAIN,
    ("GET", "/health/ready"): Call(statuses=(200, 503)),
    ("GET", "/metrics"): Call(content="text/plain"),
    ("GET", "/openapi.json"): PLAIN,
    ("GET", "/docs"): Call(content=HTML),
    ("GET", "/docs/{file}"): Call(content="text/*", errors=(404,)),
    ("GET", "/automation"): CONSOLE_PAGE,
    ("GET", "/automation/{path}"): CONSOLE_FILE,
    ("GET", "/signin"): Call(parameters=(NEXT,), content=HTML),
    ("GET", "/signin.css"): Call(content=CSS),
    ("POST", "/signin"): Call(
        form=("token",),
        form_options=("next",),
        answer=SignedInJson,
        is_for_browsers=True,
        errors=(401, 429, 503),
    ),
    ("POST", "/signout"): Call(statuses=(204,), is_for_browsers=True),
    ("GET", f"{CONSOLE}/session"): PLAIN,
    ("GET", f"{CONSOLE}/time-zones"): PLAIN,
    ("GET", f"{CONSOLE}/jobs"): Call(parameters=JOBS),
    ("POST", f"{CONSOLE}/jobs"): Call(parameters=(IDEMPOTENCY_KEY,), statuses=(201,), errors=(409,)),
    ("GET", f"{CONSOLE}/jobs/history"): Call(parameters=HISTORY),
    ("GET", JOB): PLAIN,
    ("PATCH", JOB): Call(parameters=(WAIT, IF_MATCH), errors=(409,)),
    ("DELETE", JOB): Call(parameters=(FORCE, IF_MATCH), statuses=(204,), errors=(409,)),
    ("POST", f"{JOB}/trigger"): Call(parameters=(IDEMPOTENCY_KEY,), errors=(409,)),
    ("PUT", f"{JOB}/schedule"): Call(parameters=(*SCHEDULE, WAIT, IF_MATCH), errors=(409,)),
    ("PUT", f"{JOB}/enabled"): Call(parameters=(*ENABLED, WAIT, IF_MATCH), errors=(409,)),
    ("POST", f"{JOB}/pause"): Call(parameters=(WAIT, IF_MATCH), errors=(409,)),
    ("POST", f"{JOB}/resume"): Call(parameters=(WAIT, IF_MATCH), errors=(409,)),
    ("POST", f"{JOB}/revert"): Call(parameters=(WAIT, IF_MATCH), errors=(409,)),
    ("GET", f"{JOB}/history"): Call(parameters=HISTORY),
    ("GET", f"{JOB}/stats"): Call(parameters=(SINCE_DAYS,)),
    ("GET", f"{JOB}/fires"): Call(parameters=FIRES),
    ("GET", f"{JOB}/why"): Call(parameters=(AT,)),
    ("GET", f"{JOB}/changes"): Call(parameters=tuple(each for each in CHANGES if each.name != "jobId")),
    ("GET", f"{JOB}/logs/recent"): Call(parameters=(EXECUTION_ID,)),
    ("GET", f"{JOB}/logs/stream"): Call(parameters=(EXECUTION_ID, LAST_EVENT_ID), content=EVENT_STREAM),
    ("GET", f"{CONSOLE}/schedule/preview"): Call(parameters=PREVIEW, errors=(404,)),
    ("GET", EXECUTION): PLAIN,
    ("POST", f"{EXECUTION}/cancel"): Call(statuses=(200, 202), errors=(409,)),
    ("POST", f"{EXECUTION}/retry"): Call(parameters=(IDEMPOTENCY_KEY,), statuses=(201,), errors=(409,)),
    ("GET", f"{CONSOLE}/events"): Call(parameters=(LAST_EVENT,), content=EVENT_STREAM),
    ("GET", f"{CONSOLE}/timeline"): Call(parameters=TIMELINE),
    ("GET", f"{CONSOLE}/replicas"): PLAIN,
    ("GET", f"{CONSOLE}/doctor"): PLAIN,
    ("GET", f"{CONSOLE}/handlers"): PLAIN,
    ("GET", f"{CONSOLE}/changes"): Call(parameters=CHANGES, errors=(404,)),
    ("GET", f"{CONSOLE}/pause"): PLAIN,
    ("POST", f"{CONSOLE}/pause"): PLAIN,
    ("POST", f"{CONSOLE}/resume"): PLAIN,
}


def errors_of(method: str, path: str, call: Call, *, is_protected: bool) -> list[int]:
    """Return every status of an error that a call can answer."""
    errors = {*ERRORS_OF_ALL, *call.errors}
    if is_protected:
        errors.update(ERRORS_OF_PROTECTED)
    if method != "GET":
        errors.update(ERRORS_OF_CHANGES)
    if "{" in path:
        errors.add(404)
    if IF_MATCH in call.parameters:
        errors.add(412)
    if IDEMPOTENCY_KEY in call.parameters:
        errors.update((409, 422))
    return sorted(errors)
