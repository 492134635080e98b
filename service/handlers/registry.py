"""Handlers by name: the decorator that declares one, and the registry that finds it."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import msgspec

from service.domain.errors import InvalidInput
from service.handlers.run import Run

HANDLER_NAME = re.compile(r"[a-z][a-z0-9_.]*")

Work = Callable[[Run[Any]], Awaitable[None] | None]
W = TypeVar("W", bound=Work)


class NoParams(msgspec.Struct, forbid_unknown_fields=True):
    """The parameters of a handler that takes none."""


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """A named piece of work: its parameters' type and which of them a caller may override."""

    name: str
    work: Work
    params: type[Any]
    overridable: frozenset[str]

    @property
    def is_blocking(self) -> bool:
        """Whether the work is a plain `def`, which needs a thread of its own."""
        return not inspect.iscoroutinefunction(self.work)

    def read_params(self, params: dict[str, Any]) -> Any:
        """Convert stored parameters to the handler's type.

        Raises:
            InvalidInput: they do not fit; the message names the place.
        """
        try:
            return msgspec.convert(params, self.params)
        except msgspec.ValidationError as fault:
            raise InvalidInput("params", f"params of handler {self.name!r}: {fault}") from fault


class Registry:
    """The handlers that this replica can run."""

    def __init__(self, handlers: Iterable[Handler] = ()) -> None:
        self._handlers: dict[str, Handler] = {}
        for each in handlers:
            self.add(each)

    def add(self, handler: Handler) -> None:
        """Add a handler.

        Raises:
            ValueError: the name is no handler name, or another handler has it.
        """
        if not HANDLER_NAME.fullmatch(handler.name):
            raise ValueError(f"handler name {handler.name!r} must match {HANDLER_NAME.pattern}")
        known = self._handlers.setdefault(handler.name, handler)
        if known.work is not handler.work:
            raise ValueError(f"two handlers are named {handler.name!r}")

    def find(self, name: str) -> Handler | None:
        """Return the handler of that name, or None."""
        return self._handlers.get(name)

    @property
    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._handlers)

    @property
    def overridable(self) -> dict[str, list[str]]:
        """By handler, the parameters that a manual trigger may override; none where there are none."""
        return {name: sorted(self._handlers[name].overridable) for name in self.names}


DECLARED = Registry()
"""Every handler declared by `@handler` in a module that has been imported."""


def handler(name: str, *, params: type[Any] = NoParams, overridable: Iterable[str] = ()) -> Callable[[W], W]:
    """Declare a handler: `async def`, or `def`, which then runs in a thread.

    `params` is the msgspec type of the job's `params`; `overridable` names those of its fields that a manual
    trigger may override.
    """

    def declare(work: W) -> W:
        DECLARED.add(Handler(name=name, work=work, params=params, overridable=frozenset(overridable)))
        return work

    return declare
