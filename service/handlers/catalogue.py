"""Which handlers this replica has: those that ship, those of installed packages, those of the settings."""

import importlib
from collections.abc import Iterable
from importlib.metadata import entry_points
from typing import Any

from service.domain.errors import InvalidInput, InvalidSettings
from service.handlers.registry import DECLARED, Registry

SHIPPED = ("service.handlers.noop", "service.handlers.marketdata", "service.handlers.fundamentals")
ENTRY_POINTS = "cronsole.handlers"


def load_handlers(modules: Iterable[str] = ()) -> Registry:
    """Import every module that declares handlers.

    Raises:
        InvalidSettings: a module cannot be imported, or two handlers have one name.
    """
    for module in SHIPPED:
        importlib.import_module(module)
    faults = []
    for entry_point in entry_points(group=ENTRY_POINTS):
        try:
            entry_point.load()
        except Exception as fault:
            faults.append((ENTRY_POINTS, f"{entry_point.value}: {type(fault).__name__}: {fault}"))
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as fault:
            faults.append(("CRONSOLE_HANDLERS", f"{module}: {type(fault).__name__}: {fault}"))
    if faults:
        raise InvalidSettings(faults)
    return DECLARED


def check_overrides(registry: Registry, handler: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a manual trigger, if the handler lets a caller override them.

    Raises:
        InvalidInput: the handler is unknown here, or a parameter may not be overridden or does not fit.
    """
    known = registry.find(handler)
    if known is None:
        raise InvalidInput("params", f"this replica does not know the parameters of handler {handler!r}")
    for name in params:
        if name not in known.overridable:
            allowed = ", ".join(sorted(known.overridable)) or "none"
            raise InvalidInput(
                f"params.{name}", f"a trigger may not override {name!r}", f"overridable: {allowed}"
            )
    known.read_params(params)
    return params
