"""Compares what the service answers with its own description, and takes that by its word."""

from functools import cache
from typing import Any

import jsonschema_rs
import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from service.api.calls import CALLS
from service.api.openapi import openapi_document

PROBLEM_JSON = "application/problem+json"
OUTSIDE_STATUSES = {400, 401, 403, 404, 405, 408, 413, 414, 415, 421, 429, 431, 503}


class Description:
    """The description; in answers no member may be besides those that it names."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._components = {"schemas": closed(document["components"]["schemas"])}
        self._validator = cache(self._make_validator)

    def faults(self, method: str, path: str, status: int, content_type: str, body: bytes) -> list[str]:
        """Return what is wrong with an answer; `path` is the route's, as the description names it."""
        operation = self.document["paths"][path]["get" if method == "HEAD" else method.lower()]
        response = operation["responses"].get(str(status))
        if response is None:
            return [f"{method} {path}: {status} is not described"]
        if "$ref" in response:
            response = self.document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        contents = response.get("content", {})
        wider = (content_type, content_type.split("/")[0] + "/*", "*/*")
        kind = next((each for each in wider if each in contents and content_type), None)
        if kind is None:
            return [f"{method} {path}: {status} has the type {content_type}"] if body or contents else []
        if not kind.endswith("json") or method == "HEAD":
            return []
        return self._faults_in(
            f"{method} {path}: {status}", msgspec.json.encode(contents[kind]["schema"]), body
        )

    def problem_faults(self, status: int, content_type: str, body: bytes) -> list[str]:
        """Return what is wrong with an answer to what there is not."""
        if content_type != PROBLEM_JSON or status not in OUTSIDE_STATUSES:
            return [f"{status} {content_type} is no problem"]
        return self._faults_in(str(status), b'{"$ref":"#/components/schemas/Problem"}', body) if body else []

    def _faults_in(self, where: str, schema: bytes, body: bytes) -> list[str]:
        errors = self._validator(schema).iter_errors(msgspec.json.decode(body))
        return [f"{where}: {error.message} at {error.instance_path}" for error in errors]

    def _make_validator(self, schema: bytes) -> jsonschema_rs.Draft202012Validator:
        content = msgspec.json.decode(schema) | {"components": self._components}
        return jsonschema_rs.Draft202012Validator(content, validate_formats=True)


def closed(schema: Any) -> Any:
    """Return a schema whose objects have no other members than those it names."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(part) for name, part in schema.items()}
    return made | {"additionalProperties": False} if "properties" in made else made


class AnswerCheck:
    """A middleware that keeps what is wrong with the answers of an application."""

    def __init__(self, access_cookie: str) -> None:
        self._access_cookie = access_cookie
        self.faults: list[str] = []

    @property
    def middleware(self) -> Any:
        """The middleware; it stands before all others."""

        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            self.faults += self._faults_of(request, response)
            return response

        return check

    def _faults_of(self, request: web.Request, response: web.StreamResponse) -> list[str]:
        description = description_of(request.app, self._access_cookie)
        resource = request.match_info.route.resource
        body = response.body if isinstance(response, web.Response) else b""
        assert body is None or isinstance(body, bytes)
        if resource is None:
            return description.problem_faults(response.status, response.content_type, body or b"")
        method = "GET" if request.method == "HEAD" else request.method
        if (method, resource.canonical) not in CALLS:  # a route of a test
            return []
        content_type = response.content_type if body or not isinstance(response, web.Response) else ""
        return description.faults(
            request.method, resource.canonical, response.status, content_type, body or b""
        )


DESCRIPTIONS: dict[str, Description] = {}


def description_of(application: web.Application, access_cookie: str) -> Description:
    """Return the description, made once: it is the same for all applications."""
    if access_cookie not in DESCRIPTIONS:
        DESCRIPTIONS[access_cookie] = Description(openapi_document(application, access_cookie))
    return DESCRIPTIONS[access_cookie]
