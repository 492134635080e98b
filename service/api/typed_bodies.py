"""Bodies as types: a call says what it takes by the annotation of its parameter `body`."""

import functools
import re
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from aiohttp import web

from service.api.inputs import ENCODED_NUL, LARGEST_PARAMS_BYTES
from service.domain.errors import InvalidInput

PLACE_IN_BODY = re.compile(r"`\$\.(\w+)")
NAMED_FIELD = re.compile(r"(?:unknown|required) field `(\w+)`")
B = TypeVar("B", bound=msgspec.Struct)
R = TypeVar("R")
S = TypeVar("S")


def with_body(call: Callable[[S, web.Request, B], Awaitable[R]]) -> Callable[[S, web.Request], Awaitable[R]]:
    """Read the request's body as the type of the parameter `body`, before the call.

    The wrapped function keeps its annotations, so that the types of all calls can be listed.
    """
    kind = get_type_hints(call)["body"]

    @functools.wraps(call)
    async def read_and_call(self: S, request: web.Request) -> R:
        return await call(self, request, await body_of(request, kind))

    return read_and_call


async def body_of(request: web.Request, kind: type[B]) -> B:
    """Return the JSON object of the body; an empty one is an object without members.

    Raises:
        InvalidInput: it is no JSON object, or a member is unknown, missing, or not what it may be.
        web.HTTPUnsupportedMediaType: it is a JSON patch, which means something else.
    """
    if request.content_type == "application/json-patch+json":
        raise web.HTTPUnsupportedMediaType(text="send a merge patch (RFC 7396), application/merge-patch+json")
    return decoded((await request.read()).strip() or b"{}", kind)


def decoded(body: bytes, kind: type[B]) -> B:
    """Return a JSON object as `kind`; errors as `body_of`."""
    try:
        content = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        place = PLACE_IN_BODY.search(str(fault)) or NAMED_FIELD.search(str(fault))
        field = place[1] if place else "body"
        raise InvalidInput(field, f"the body cannot be read: {fault}", allowed_in(kind, field)) from fault
    for field in msgspec.structs.fields(kind):
        if (value := getattr(content, field.name)) is msgspec.UNSET:
            continue
        encoded = msgspec.json.encode(value)
        if ENCODED_NUL.search(encoded):
            raise InvalidInput(field.encode_name, "the character NUL is not allowed", "any other character")
        if field.name == "params" and len(encoded) > LARGEST_PARAMS_BYTES:
            raise InvalidInput("params", "params are too large", "at most 64 KB")
    return content


def allowed_in(kind: Any, name: str) -> str:
    """Say what a member may be; of one that is unknown, which members there are."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    if name not in fields:
        return "a JSON object of " + ", ".join(fields)
    words = [words_of(part) for part in get_args(fields[name].type) or (fields[name].type,)]
    return " or ".join(word for word in words if word)


def words_of(part: Any) -> str:
    """Say in words what one type allows."""
    if isinstance(part, type) and issubclass(part, Enum):
        return "one of " + ", ".join(str(member.value) for member in part)
    if isinstance(part, msgspec.Meta):
        bounds = [f"from {part.ge}" if part.ge is not None else "", f"to {part.le}" if part.le else ""]
        return " ".join(bound for bound in bounds if bound)
    names = {str: "text", bool: "true or false", int: "a whole number", type(None): "null"}
    if part in (msgspec.UnsetType, ...):
        return ""
    if get_args(part) and hasattr(part, "__metadata__"):
        return " ".join(words_of(each) for each in (get_args(part)[0], *part.__metadata__))
    return names.get(part, "a JSON object" if getattr(part, "__origin__", part) is dict else str(part))
