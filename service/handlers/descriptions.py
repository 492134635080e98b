"""Describes handlers to people: what each does, and its parameters as a JSON Schema to make a form of."""

import inspect
from typing import Any

import msgspec

from service.domain.handler import HandlerDescription
from service.handlers.registry import Registry


def describe_handlers(registry: Registry) -> list[HandlerDescription]:
    """Describe every handler of a registry, by name."""
    return [
        HandlerDescription(
            name=handler.name,
            description=first_line(inspect.getdoc(handler.work)),
            params_schema=params_schema(handler.params),
            overridable=sorted(handler.overridable),
        )
        for handler in sorted(registry, key=lambda each: each.name)
    ]


def first_line(docstring: str | None) -> str | None:
    """Return the first line of a docstring; None without one."""
    return (docstring or "").strip().partition("\n")[0] or None


def params_schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of a type of parameters, with defaults; what it refers to stands in its `$defs`.

    Source: https://json-schema.org/draft/2020-12/json-schema-core (8.2.4), as msgspec.json.schema makes it.
    """
    try:
        # Of a type of a team's own, which msgspec does not know, there is the name: anything may stand there.
        return msgspec.json.schema(kind, schema_hook=lambda own: {"title": own.__name__})
    except TypeError:  # a default that is not JSON; the handler runs all the same
        return {}
