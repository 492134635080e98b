"""The log of what aiohttp says about requests that are no HTTP, without what stood in them."""

import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError


class WithoutContents(logging.Filter):
    """Reduces refused requests to one line: aiohttp quotes the line at fault, which may hold a token."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it is always logged."""
        fault = record.exc_info[1] if record.exc_info else None
        if isinstance(fault, HttpProcessingError | web.RequestPayloadError):
            record.msg, record.args, record.exc_info = f"request_unreadable: {type(fault).__name__}", (), None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True


def protocol_logger() -> logging.Logger:
    """Return the logger for aiohttp's server."""
    logger = logging.getLogger(__name__)
    if not logger.filters:
        logger.addFilter(WithoutContents())
    return logger
