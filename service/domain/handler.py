"""A handler as others see it: what it is for, what it takes, and who can run it."""

from typing import Any

import msgspec


class HandlerDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What the code says of a handler.

    `params_schema` is the JSON Schema of its parameters, which refers to nothing outside itself;
    `overridable` names those that a manual trigger may override, sorted.
    """

    name: str
    description: str | None
    params_schema: dict[str, Any]
    overridable: list[str]


class LiveHandler(msgspec.Struct, frozen=True, kw_only=True):
    """What the live replicas say of a handler: how many know it, what all of them let a trigger override."""

    name: str
    live_replicas: int
    overridable: list[str]
