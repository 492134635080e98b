"""Handlers by name: the decorator that declares one, and the registry that finds it."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from service.domain.errors import InvalidInput
from service.domain.execution import OwnedExecution
from service.handlers.run import Run, RunStore
from service.handlers.secrets import Secrets, has_placeholder

HANDLER_NAME = re.compile(r"[a-z][a-z0-9_.]*")

Work = Callable[[Run[Any]], Awaitable[None] | None]
W = TypeVar("W", bound=Work)


class NoParams(msgspec.Struct, forbid_unknown_fields=True):
    """The parameters of a handler that takes none."""


class Handler(msgspec.Struct, frozen=True, kw_only=True):
    """A named piece of work: its parameters' type and which of them a caller may override.

    `without_secrets` names parameters in which no secret may stand, because others write them down;
    `percent_encoded` those that are URLs, into which a secret is put with `%` where it must be.
    """

    name: str
    work: Work
    params: type[Any]
    overridable: frozenset[str] = frozenset()
    without_secrets: frozenset[str] = frozenset()
    percent_encoded: frozenset[str] = frozenset()

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

    def check_override(self, name: str, value: Any) -> None:
        """Check one parameter of a manual trigger.

        Raises:
            InvalidInput: a caller may not override it, it does not fit, or it asks for a secret.
        """
        if name not in self.overridable:
            allowed = ", ".join(sorted(self.overridable)) or "none"
            raise InvalidInput(
                f"params.{name}", f"a trigger may not override {name!r}", f"overridable: {allowed}"
            )
        if has_placeholder(value):
            raise InvalidInput(f"params.{name}", "a trigger may not ask for a secret")
        try:
            msgspec.convert(value, self._types.get(name, Any))
        except msgspec.ValidationError as fault:
            raise InvalidInput(f"params.{name}", f"params of handler {self.name!r}: {fault}") from fault

    @property
    def _types(self) -> dict[str, Any]:
        """The types of the parameters by their names in JSON; empty where the type is no struct."""
        if not (isinstance(self.params, type) and issubclass(self.params, msgspec.Struct)):
            return {}
        return {field.encode_name: field.type for field in msgspec.structs.fields(self.params)}

    def new_run(self, execution: OwnedExecution, store: RunStore, secrets: Secrets) -> Run[Any]:
        """Make a run of this handler: secrets filled in, parameters read. It has not begun.

        Raises:
            SecretUnavailable: a secret that the parameters name is not to be had.
            InvalidInput: the parameters do not fit; no message holds the value of a secret.
        """
        for name in self.without_secrets & execution.params.keys():
            if has_placeholder(execution.params[name]):
                raise InvalidInput(
                    f"params.{name}", f"{name!r} of handler {self.name!r} may hold no secret: it is logged"
                )
        filled, redact = secrets.fill(execution.params, self.percent_encoded)
        try:
            params = self.read_params(filled)
        except InvalidInput as fault:
            raise InvalidInput(fault.field, redact(fault.message)) from None
        return Run(execution, params, store, redact)

    def check(self) -> None:
        """Check what can only be wrong in the code.

        Raises:
            ValueError: its name is none, it would never be awaited, or its overrides name no field.
        """
        if not HANDLER_NAME.fullmatch(self.name):
            raise ValueError(f"handler name {self.name!r} must match {HANDLER_NAME.pattern}")
        if inspect.isgeneratorfunction(self.work) or inspect.isasyncgenfunction(self.work):
            raise ValueError(f"handler {self.name!r} is a generator: nobody would iterate it")
        if (types := self._types) and (unknown := self.overridable - types.keys()):
            raise ValueError(f"handler {self.name!r} has no parameters {', '.join(sorted(unknown))}")


class Registry:
    """The handlers that this replica can run."""

    def __init__(self, handlers: Iterable[Handler] = ()) -> None:
        self._handlers: dict[str, Handler] = {}
        for each in handlers:
            self.add(each)

    def add(self, handler: Handler) -> None:
        """Add a handler.

        Raises:
            ValueError: the handler is faulty, or another one has its name.
        """
        handler.check()
        known = self._handlers.setdefault(handler.name, handler)
        if known.work is not handler.work:
            raise ValueError(f"two handlers are named {handler.name!r}")

    def find(self, name: str) -> Handler | None:
        """Return the handler of that name, or None."""
        return self._handlers.get(name)

    def __iter__(self) -> Iterator[Handler]:
        return iter(self._handlers.values())

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
