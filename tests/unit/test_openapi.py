"""The description of the API: all routes, all they read, all they answer."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

import service.api
from service.api.authorisation import undeclared_routes
from service.api.calls import CALLS
from service.api.docs import FILES
from service.api.openapi import PATH_PARAMETERS, Route, openapi_document, routes_of
from service.api.parameters import names
from service.api.problems import STATUS
from tests.support.application import bare_application
from tests.support.code import functions_under, syntax
from tests.support.descriptions import OUTSIDE_STATUSES

APPLICATION = bare_application()
DOCUMENT = openapi_document(APPLICATION, "access")
ROUTES = [pytest.param(route, id=f"{route.method} {route.path}") for route in routes_of(APPLICATION)]
# What kind of answer or body it is about is described as such.
OF_ALL_HEADERS = {"Accept", "Accept-Encoding", "Content-Encoding"}
OPERATIONS = [operation for item in DOCUMENT["paths"].values() for operation in item.values()]


def test_the_document_is_openapi_31():
    """The schema of the OpenAPI Initiative says so."""
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)] == []


def test_every_route_is_described_and_nothing_else():
    """And each has its entries in both tables."""
    served = {(route.method.lower(), route.path) for route in routes_of(APPLICATION)}
    assert {(method, path) for path, item in DOCUMENT["paths"].items() for method in item} == served
    assert {(method.lower(), path) for method, path in CALLS} == served
    assert undeclared_routes(APPLICATION) == []


def test_the_files_of_the_page_are_those_described():
    """Two modules name them."""
    assert PATH_PARAMETERS["file"]["enum"] == list(FILES)


def test_every_operation_has_a_name_of_its_own_and_a_summary():
    """Clients are generated from them."""
    operation_ids = [operation["operationId"] for operation in OPERATIONS]
    assert len(set(operation_ids)) == len(operation_ids)
    assert all(operation["summary"].endswith((".", ":")) for operation in OPERATIONS)


def test_all_references_lead_somewhere():
    """Also those to errors."""
    for reference in references(DOCUMENT):
        part = DOCUMENT
        for key in reference.removeprefix("#/").split("/"):
            part = part[key]


def references(part: Any) -> Iterator[str]:
    """Every $ref in a part of the document."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from references(each)


def test_instants_are_described_as_such():
    """Alone, where they may be null, and in lists."""
    schemas = DOCUMENT["components"]["schemas"]
    instant = {"type": "string", "format": "date-time"}
    assert schemas["JobDetailJson"]["properties"]["createdAt"] == instant
    assert schemas["JobJson"]["properties"]["nextRunTime"]["anyOf"] == [instant, {"type": "null"}]
    assert schemas["LaneJson"]["properties"]["comingFires"]["items"] == instant


def test_every_error_that_the_code_can_give_is_described():
    """Those of the table of errors, and whatever else the API raises by name; 405 is that of no operation."""
    statuses = {int(status) for operation in OPERATIONS for status in operation["responses"]}
    raised = {getattr(web, name).status_code for name in http_errors_raised()}
    assert {*STATUS.values(), 500} | (raised - {405}) <= statuses
    assert raised <= {*statuses, *OUTSIDE_STATUSES}


def http_errors_raised() -> set[str]:
    """The names of aiohttp's errors in the API's modules."""
    [folder] = service.api.__path__
    return {
        node.attr
        for path in Path(folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr.startswith("HTTP") and node.attr != "HTTPException"
        if ast.unparse(node.value) == "web"
    }


@pytest.mark.parametrize("route", ROUTES)
def test_a_call_reads_the_parameters_that_it_describes_and_no_others(route: Route):
    """Read off the code: of the handler, and of all that it calls in the API."""
    read = [each for function in functions_under(route.handler) for each in reads_of(function)]
    described = route.call.parameters
    assert {name for place, name in read if place == "query"} == names(described, "query")
    assert {name for place, name in read if place == "header"} - OF_ALL_HEADERS == names(described, "header")


def reads_of(function: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    """What a function reads: `some_of(request, "name", …)`, `request.headers.get("Name")`."""
    for node in calls_in(function):
        called = ast.unparse(node.func)
        words = [each.value for each in node.args if isinstance(each, ast.Constant)]
        if called.startswith("request.headers.get"):
            yield "header", str(words[0])
        elif is_of_request(node):
            yield from (("query", word) for word in words if isinstance(word, str))


def calls_in(function: Callable[..., Any]) -> Iterator[ast.Call]:
    """Every call in a function."""
    yield from (node for node in ast.walk(syntax(function)) if isinstance(node, ast.Call))


def is_of_request(node: ast.Call) -> bool:
    """Whether a function is called, which is not a method, and is given the request."""
    return isinstance(node.func, ast.Name) and bool(node.args) and ast.unparse(node.args[0]) == "request"


@pytest.mark.parametrize("route", ROUTES)
def test_the_bounds_of_numbers_are_those_that_are_checked(route: Route):
    """`whole_number(request, name, default, lowest, highest)` and the description agree."""
    described = {each.name: each.content for each in route.call.parameters}
    for function in functions_under(route.handler):
        for node in calls_in(function):
            if ast.unparse(node.func) == "whole_number":
                name, default, lowest, highest = (
                    eval(ast.unparse(each), function.__globals__) for each in node.args[1:]
                )
                content = described[name]
                assert (default, lowest, highest) == (
                    content["default"],
                    content["minimum"],
                    content["maximum"],
                )
