"""The parameters of calls, in query and header, as the description of the API shows them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Literal

import msgspec

from service.api.cursors import LONGEST_CURSOR
from service.api.filters import LONGEST_TEXT, MOST_JOBS_ASKED_FOR
from service.api.inputs import JOB_ID, LAST_PAGE, LONGEST_WAIT_MS
from service.api.preview import DEFAULT_COUNT, MOST_FIRE_TIMES
from service.domain.cron import LONGEST_EXPRESSION
from service.domain.execution import ExecutionStatus, TriggeredBy
from service.domain.job import ClockChangePolicy
from service.domain.ledger import ChangeOperation, FireOutcome

JOB_ID_PATTERN = f"^{JOB_ID.pattern}$"
UUID_SCHEMA = {"type": "string", "format": "uuid"}


class Parameter(msgspec.Struct, frozen=True):
    """One parameter; `content` is the JSON schema of its value."""

    name: str
    content: dict[str, Any]
    description: str
    place: Literal["query", "header"] = "query"
    required: bool = False

    def described(self) -> dict[str, Any]:
        """Return it as OpenAPI shows it; a list is written with commas, and an empty value is no value."""
        described = {
            "name": self.name,
            "in": self.place,
            "required": self.required,
            "description": self.description,
            "schema": self.content,
        }
        if self.content.get("type") == "array":
            described |= {"style": "form", "explode": False}
        if self.place == "query" and not self.required:
            described["allowEmptyValue"] = True
        return described


def number(name: str, default: int, lowest: int, highest: int, description: str) -> Parameter:
    """Describe a whole number."""
    content = {"type": "integer", "default": default, "minimum": lowest, "maximum": highest}
    return Parameter(name, content, description)


def instant(name: str, description: str) -> Parameter:
    """Describe an instant."""
    return Parameter(
        name, {"type": "string", "format": "date-time"}, f"{description}; RFC 3339, from 1970 to 9000"
    )


def text(name: str, description: str, longest: int | None = LONGEST_TEXT) -> Parameter:
    """Describe text; without a `longest` any is taken."""
    bounds = {} if longest is None else {"maxLength": longest}
    return Parameter(name, {"type": "string", **bounds}, description)


def choices(name: str, kind: type[StrEnum], description: str) -> Parameter:
    """Describe a list of some of these values."""
    items = {"type": "string", "enum": [member.value for member in kind]}
    return Parameter(name, {"type": "array", "items": items}, description)


SINCE_DAYS = number("sinceDays", 30, 1, 3650, "for how many days back")
PAGING = (
    number("page", 0, 0, LAST_PAGE, "which page, from 0 on; not beside a cursor"),
    number("pageSize", 50, 1, 200, "how many at once"),
    SINCE_DAYS,
)
CURSOR = text("cursor", "the `nextCursor` of the page before", LONGEST_CURSOR)
FROM, TO = instant("from", "not before this instant"), instant("to", "before this instant")
HISTORY = (
    *PAGING,
    CURSOR,
    FROM,
    TO,
    choices("status", ExecutionStatus, "only of these statuses"),
    choices("triggeredBy", TriggeredBy, "only of these causes"),
    text("text", "only where this text stands in the job's name or the error"),
)
FIRES = (
    *PAGING,
    CURSOR,
    instant("since", "not before this instant"),
    instant("until", "before this instant"),
    choices("outcome", FireOutcome, "only of these outcomes"),
)
OF_A_JOB = text("jobId", "only of this job", 50)
CHANGES = (
    *PAGING,
    CURSOR,
    FROM,
    TO,
    OF_A_JOB,
    text("actor", "only by this subject or role"),
    choices("operation", ChangeOperation, "only of these operations"),
)
JOB_IDS = {
    "type": "array",
    "items": {"type": "string", "pattern": JOB_ID_PATTERN},
    "maxItems": MOST_JOBS_ASKED_FOR,
}
JOBS = (Parameter("jobId", JOB_IDS, "only these jobs"),)
TIMELINE = (
    FROM,
    TO,
    text("group", "only jobs of this group"),
    Parameter("jobId", JOB_IDS, "only these jobs, deleted ones too"),
    Parameter("deleted", {"type": "boolean", "default": False}, "only jobs that are deleted"),
)
AT = instant("at", "when; absent: now")
EXECUTION_ID = Parameter("executionId", UUID_SCHEMA, "only of this execution")
CRON_WORDS = "six fields, seconds first, such as `0 */5 * * * MON-FRI`; or a macro such as `@daily`"
PREVIEW = (
    number("count", DEFAULT_COUNT, 1, MOST_FIRE_TIMES, "how many fires"),
    instant("after", "the fires after this instant; absent: now"),
    # Whatever stands in these is answered: a preview says what is wrong.
    text("cron", CRON_WORDS, None),
    text("zone", "an IANA time zone; absent: the job's, or UTC", None),
    text("clockChangePolicy", f"{', '.join(ClockChangePolicy)}; absent: the job's", None),
    text("jobId", "compare with the present plan of this job", 50),
)
SCHEDULE = (
    Parameter(
        "cron",
        {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_EXPRESSION,
            "examples": ["0 */5 * * * MON-FRI"],
        },
        CRON_WORDS,
        required=True,
    ),
)
ENABLED = (Parameter("enabled", {"type": "boolean"}, "whether the job shall fire", required=True),)
NEXT = text("next", "the place in the console to go on at, a path below `/automation`", None)
WAIT = number("wait", 0, 0, LONGEST_WAIT_MS, "milliseconds to wait for the change to be in force everywhere")
FORCE = Parameter("force", {"type": "boolean", "default": False}, "also while it has an unfinished execution")
IF_MATCH = Parameter(
    "If-Match",
    {"type": "string", "pattern": r'^(\*|(W/)?"?[0-9]{1,18}"?)$'},
    "the revision (ETag) that was read; 412 if somebody else has changed the job since",
    "header",
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    {"type": "string"},
    "the ETags of what the caller has; 304 if it is still that",
    "header",
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "a repeat with the same key gets the answer of the first call",
    "header",
)
LAST_EVENT = Parameter(
    "Last-Event-ID", {"type": "string"}, "go on behind this event; an unknown one means a `reset`", "header"
)
LAST_EVENT_ID = Parameter(
    "Last-Event-ID",
    {"type": "string", "pattern": "^[0-9]{0,18}$"},
    "go on behind this event",
    "header",
)


def names(parameters: Iterable[Parameter], place: str) -> set[str]:
    """Return what the parameters in one place are called."""
    return {parameter.name for parameter in parameters if parameter.place == place}
