"""The HTTP side without anything behind it, for what can be seen of it without a call."""

from typing import Any

from aiohttp import web

from service.api.auth import Access
from service.api.server import build_application
from service.domain.clock import SystemClock

# Has every method, and none does anything.
ANYTHING: Any = type("Anything", (), {"__getattr__": lambda *_: lambda *_: None})()


def bare_application(**more: Any) -> web.Application:
    """Return an application with no database, no jobs and no events; `more` is handed to it as it is."""
    given: dict[str, Any] = {
        "stores": ANYTHING,
        "log_streams": ANYTHING,
        "events": ANYTHING,
        "acknowledgements": ANYTHING,
        "announce": ANYTHING,
        "clock": SystemClock(),
        "access": Access(access_cookie="access", is_on_loopback=True),
        "check_params": ANYTHING,
        "known_handlers": ANYTHING,
        "checkup": ANYTHING,
        "readiness": ANYTHING,
        "render_metrics": ANYTHING,
    }
    return build_application(**given | more)
