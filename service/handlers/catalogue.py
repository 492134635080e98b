"""Which handlers this replica has: those that ship, those of installed packages, those of the settings."""

import importlib
from collections.abc import Iterable
from importlib.metadata import entry_points
from typing import Any

from service.domain.errors import InvalidInput, InvalidSettings
from service.handlers.http_call import http_handler
from service.handlers.registry import DECLARED, Registry
from service.handlers.sql import sql_handler

SHIPPED = ("service.handlers.noop", "service.handlers.marketdata", "service.handlers.fundamentals")
ENTRY_POINTS = "cronsole.handlers"


def load_handlers(
    modules: Iterable[str] = (), *, sql_role: str | None = None, http_allowed_hosts: Iterable[str] = ()
) -> Registry:
    """Import every module that declares handlers, and add those that the settings configure.

    Raises:
        InvalidSettings: a module cannot be imported, two handlers have one name, or a host cannot be read.
    """
    http = http_handler(http_allowed_hosts)
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
    registry = Registry([sql_handler(sql_role), http])
    try:
        for each in DECLARED:
            registry.add(each)
    except ValueError as fault:
        raise InvalidSettings([("CRONSOLE_HANDLERS", str(fault))]) from fault
    return registry


def check_overrides(registry: Registry, handler: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a manual trigger, if the handler lets a caller override them.

    Raises:
        InvalidInput: the handler is unknown here, or a parameter may not be overridden or does not fit.
    """
    known = registry.find(handler)
    if known is None:
        raise InvalidInput("params", f"this replica does not know the parameters of handler {handler!r}")
    for name, value in params.items():
        known.check_override(name, value)
    return params
