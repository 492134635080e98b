"""The description of the API (OpenAPI 3.1), made of the routes and of the types that read and answer.

Source: https://spec.openapis.org/oas/v3.1.1.html
"""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web

import service
from service.api.answers import Answer
from service.api.auth import PROXY_ASSERTION
from service.api.authorisation import DECIDED_BY_FIELDS, NEEDED, key_of
from service.api.calls import CALLS, HTML, PLAIN, Call, errors_of
from service.api.parameters import IF_MATCH, JOB_ID_PATTERN, UUID_SCHEMA
from service.api.problems import Problem
from service.api.schemas import REFERENCE, schemas_of
from service.api.sessions import SESSION_COOKIE
from service.domain.access import Role

JSON, PROBLEM_JSON, MERGE_PATCH = (
    "application/json",
    "application/problem+json",
    "application/merge-patch+json",
)
FORM = "application/x-www-form-urlencoded"
PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "jobId": {"type": "string", "pattern": JOB_ID_PATTERN, "examples": ["MARKETDATA_INCREMENTAL"]},
    "executionId": UUID_SCHEMA,
    "file": {"enum": ["docs.js", "docs.css"]},
    "path": {"type": "string", "examples": ["timeline"]},
}
VARYING = re.compile(r"\{([^}]*)\}")
ETAG = {"description": "the revision of the job, for If-Match", "schema": {"type": "string"}}
WITHOUT_CONTENT = (303, 304)
ELSEWHERE = {"description": "the place to go on at", "schema": {"type": "string"}}
LOCATION = {"description": "the place of what was made", "schema": {"type": "string"}}
ABOUT = """Jobs, their schedules, and what became of them.

Each call needs a role: `viewer` reads, `operator` also triggers, pauses, schedules and cancels, `admin` does
all. Errors are problem+json (RFC 9457), also those of paths (404) and methods (405) that there are not. HEAD
goes wherever GET goes, but for streams. Long JSON is packed with gzip for who accepts it. Instants are
RFC 3339 in UTC. An empty parameter is an absent one, an unknown one is left alone; an unknown member of a
body is an error.
"""


class Route(msgspec.Struct, frozen=True):
    """A route of the application, with the types that its handler's signature names."""

    method: str
    path: str
    handler: Callable[..., Any]
    call: Call
    body: Any
    answer: Any

    @property
    def name(self) -> str:
        """What the handler is called, as JSON spells it."""
        return camel(self.handler.__name__)

    @property
    def module(self) -> str:
        """The module of the handler."""
        return self.handler.__module__.rpartition(".")[2]


def routes_of(application: web.Application) -> Iterator[Route]:
    """Yield the routes of an application; HEAD comes with GET, and is not named."""
    for route in application.router.routes():
        if route.resource is None or route.method == "HEAD":
            continue
        method, path = route.method, route.resource.canonical
        hints = get_type_hints(route.handler)
        kind = hints.get("return")
        call = CALLS.get((method, path), PLAIN)
        [answer] = get_args(kind) if get_origin(kind) is Answer else [call.answer]
        yield Route(method, path, route.handler, call, hints.get("body"), answer)


def openapi_document(application: web.Application, access_cookie: str) -> dict[str, Any]:
    """Return the description of an application; `access_cookie` is the other cookie that holds a token."""
    routes = list(routes_of(application))
    kinds = [
        kind for route in routes for kind in (route.body, route.answer) if kind not in (None, type(None))
    ]
    kinds.append(Problem)
    schema_of, components = schemas_of(kinds)
    names = Counter(route.name for route in routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = Operation(route, schema_of).described()
        is_unique = names[route.name] == 1
        operation["operationId"] = (
            route.name if is_unique else camel(f"{route.module}_{route.handler.__name__}")
        )
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.1",
        "info": {"title": "Cronsole", "version": service.__version__, "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {f"Problem{status}": problem_response(status) for status in all_errors(routes)},
            "securitySchemes": security_schemes(access_cookie),
        },
    }


def all_errors(routes: list[Route]) -> list[int]:
    """Return every status of an error that any route has."""
    return sorted({status for route in routes for status in Operation(route, {}).errors})


def problem_response(status: int) -> dict[str, Any]:
    """Describe an error."""
    described: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM_JSON: {"schema": {"$ref": REFERENCE.format(name="Problem")}}},
    }
    header = {401: "WWW-Authenticate", 412: "ETag", 429: "Retry-After", 503: "Retry-After"}.get(status)
    if header:
        described["headers"] = {header: {"schema": {"type": "string"}}}
    return described


def security_schemes(access_cookie: str) -> dict[str, Any]:
    """Describe where a token may stand."""
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": "the static token, a PASETO or a JWT"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": "set by /signin",
        },
        "accessCookie": {"type": "apiKey", "in": "cookie", "name": access_cookie},
        "proxy": {"type": "apiKey", "in": "header", "name": PROXY_ASSERTION},
    }


class Operation:
    """The description of one route; `schema_of` has the schemas of all types, by their text."""

    def __init__(self, route: Route, schema_of: dict[str, Any]) -> None:
        self._route, self._call, self._schema_of = route, route.call, schema_of
        self._key = key_of(route.method, route.path)
        self._role = NEEDED.get(self._key, Role.ADMIN)

    @property
    def errors(self) -> list[int]:
        """Every status of an error that this route answers."""
        route = self._route
        return errors_of(route.method, route.path, self._call, is_protected=self._role is not None)

    def described(self) -> dict[str, Any]:
        """Return the operation."""
        summary, _, more = (inspect.getdoc(self._route.handler) or "").partition("\n")
        operation: dict[str, Any] = {
            "summary": summary,
            "description": "\n\n".join(part for part in (more.strip(), self._role_in_words()) if part),
            "tags": [self._tag()],
            "parameters": [*self._path_parameters(), *(each.described() for each in self._call.parameters)],
            "responses": self._responses(),
            "security": [{name: []} for name in security_schemes("")] if self._role else [],
        }
        if body := self._request_body():
            operation["requestBody"] = body
        return operation

    def _role_in_words(self) -> str:
        if self._role is None:
            return "Anybody may call it."
        more = ", and for some fields admin" if self._key in DECIDED_BY_FIELDS else ""
        return f"Needs the role {self._role}{more}."

    def _tag(self) -> str:
        parts = self._route.path.strip("/").split("/")
        return parts[2] if parts[:2] == ["v1", "console"] else "service"

    def _path_parameters(self) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": PATH_PARAMETERS.get(name, {"type": "string"}),
            }
            for name in VARYING.findall(self._route.path)
        ]

    def _request_body(self) -> dict[str, Any] | None:
        if self._call.form:
            members: dict[str, Any] = {name: {"type": "string", "minLength": 1} for name in self._call.form}
            schema = {
                "type": "object",
                "properties": members | {name: {"type": "string"} for name in self._call.form_options},
                "required": list(members),
                "additionalProperties": False,
            }
            return {"required": True, "content": {FORM: {"schema": schema}}}
        if (kind := self._route.body) is None:
            return None
        content = {"schema": self._schema_of[str(kind)]}
        types = (MERGE_PATCH, JSON) if self._route.method == "PATCH" else (JSON,)
        is_required = any(field.required for field in msgspec.structs.fields(kind))
        return {"required": is_required, "content": dict.fromkeys(types, content)}

    def _responses(self) -> dict[str, Any]:
        responses = {str(status): self._answer(status) for status in self._call.statuses}
        for status in self.errors:
            described: dict[str, Any] = {"$ref": f"#/components/responses/Problem{status}"}
            if str(status) in responses or self._call.is_for_browsers:
                described = problem_response(status)
                described["content"] |= responses.get(str(status), {}).get("content", {})
            if self._call.is_for_browsers:
                described["content"][HTML] = {"schema": {"type": "string"}}
            responses[str(status)] = described
        if self._call.is_for_browsers:
            responses["303"] = {"description": "for a browser: see there", "headers": {"Location": ELSEWHERE}}
        return responses

    def _content(self) -> dict[str, Any]:
        if self._call.content is not None:
            return {"content": {self._call.content: {"schema": {"type": "string"}}}}
        if self._route.answer not in (None, type(None)):
            return {"content": {JSON: {"schema": self._schema_of[str(self._route.answer)]}}}
        return {}

    def _answer(self, status: int) -> dict[str, Any]:
        described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if status not in WITHOUT_CONTENT:
            described |= self._content()
        headers: dict[str, Any] = {}
        if IF_MATCH in self._call.parameters and described.get("content"):
            headers["ETag"] = ETAG
        if status == 201:
            headers["Location"] = LOCATION
        if status == 303:
            headers["Location"] = ELSEWHERE
        return described | ({"headers": headers} if headers else {})


def camel(name: str) -> str:
    """Return a function's name as JSON spells it."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
