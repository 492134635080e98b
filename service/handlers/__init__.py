"""The work that jobs do, and what a handler sees of its run."""

from service.handlers.registry import handler
from service.handlers.run import Run

__all__ = ["Run", "handler"]
