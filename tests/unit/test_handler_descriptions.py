"""Handlers described to people: words, and a schema that stands alone."""

from datetime import date
from fractions import Fraction
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from service.handlers import Run
from service.handlers.catalogue import load_handlers
from service.handlers.descriptions import describe_handlers, params_schema
from service.handlers.registry import Handler, Registry


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A type within another."""

    name: str
    amount: float = 1.5


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One parameter is required, and two have another name in JSON."""

    desk: str
    max_rows: int = 10
    limits: list[Limit] = []
    since_day: date | None = None


async def report(run: Run[Params]) -> None:
    """Report on a desk.

    More about it is nobody's business.
    """


async def silent(run: Run[Any]) -> None:
    pass


def test_a_handler_is_described_by_its_first_line_its_parameters_and_what_may_be_overridden():
    """Names are those of the JSON; handlers stand in the order of their names."""
    registry = Registry(
        [
            Handler(
                name="report", work=report, params=Params, overridable=frozenset({"sinceDay", "maxRows"})
            ),
            Handler(name="plain", work=silent, params=dict[str, Any]),
        ]
    )
    plain, described = describe_handlers(registry)
    assert (plain.name, plain.description, plain.overridable) == ("plain", None, [])
    assert (described.name, described.description) == ("report", "Report on a desk.")
    assert described.overridable == ["maxRows", "sinceDay"]
    schema = described.params_schema["$defs"]["Params"]
    assert schema["required"] == ["desk"]
    assert schema["properties"]["maxRows"] == {"type": "integer", "default": 10}


@pytest.mark.parametrize(
    ("params", "fits"),
    [
        ({"desk": "FX"}, True),
        ({"desk": "FX", "limits": [{"name": "var"}], "sinceDay": "2026-03-02"}, True),
        ({"desk": "FX", "limits": [{"name": 3}]}, False),
        ({"max_rows": 3, "desk": "FX"}, False),
        ({}, False),
    ],
)
def test_the_schema_stands_alone_and_says_what_the_handler_would(params: dict[str, Any], fits: bool):
    """What it refers to is in it; it and the handler's own reading agree."""
    assert jsonschema_rs.is_valid(params_schema(Params), params) == fits
    try:
        msgspec.convert(params, Params)
    except msgspec.ValidationError:
        assert not fits


def test_a_type_that_has_no_schema_stands_for_anything():
    """A team's own type, or a default that is not JSON, keeps no replica from starting."""

    class Own(msgspec.Struct):
        share: Fraction
        rest: int = 3

    class WithDefault(msgspec.Struct):
        share: Fraction = Fraction(1, 3)

    assert params_schema(Own)["$defs"]["Own"]["properties"] == {
        "share": {"title": "Fraction"},
        "rest": {"type": "integer", "default": 3},
    }
    assert params_schema(WithDefault) == {}


def test_every_shipped_handler_says_what_it_does_and_what_it_takes():
    """A form can be made of each, and of each parameter that a trigger may override."""
    for each in describe_handlers(load_handlers()):
        if each.name.split(".")[0] not in ("fundamentals", "http", "marketdata", "noop", "sql"):
            continue  # declared by another test
        assert each.description
        assert each.description.endswith(".")
        jsonschema_rs.meta.validate(each.params_schema)
        kind = each.params_schema["$ref"].rpartition("/")[2]
        assert set(each.overridable) <= each.params_schema["$defs"][kind]["properties"].keys()
