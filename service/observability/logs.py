"""How log lines look: sentences and fields for people, JSON for machines."""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": "DEBUG", "info": "INFO", "warning": "WARNING", "error": "ERROR", "critical": "CRITICAL"}


def configure_logs(log_format: Literal["console", "json"], **bound: str) -> None:
    """Send every log line, the libraries' own included, to standard output in one form.

    `bound` are fields of every line, such as the replica.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "json":
        shared += [structlog.processors.format_exc_info, for_cloud_logging]
        renderer: Processor = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    output = logging.StreamHandler(sys.stdout)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[output], level=logging.INFO, force=True)
    structlog.contextvars.bind_contextvars(**bound)


def for_cloud_logging(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Add the fields that Google Cloud Logging reads from a JSON line.

    Source: https://cloud.google.com/logging/docs/structured-logging
    """
    event["severity"] = LEVELS.get(event.pop("level", "info"), "DEFAULT")
    event.setdefault("message", event["event"])
    return event
