"""Failed attempts to get in, counted per address: whoever guesses has to wait."""

import ipaddress
import math
from collections import OrderedDict

from aiohttp import web

from service.domain.clock import Clock

MOST_FAILURES = 10
PERIOD_SECONDS = 60.0
MOST_ADDRESSES = 10_000


class FailedAttempts:
    """Counts in fixed periods; of too many addresses the longest known is forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, address: str) -> None:
        """Count a failure."""
        start, failures = self._period_of(address)
        self._counts[address] = (start, failures + 1)
        while len(self._counts) > MOST_ADDRESSES:
            self._counts.popitem(last=False)

    def wait_seconds(self, address: str) -> int:
        """Return for how long the address has to wait, in whole seconds; 0 means not at all."""
        start, failures = self._period_of(address)
        if failures < MOST_FAILURES:
            return 0
        return max(1, math.ceil(start + PERIOD_SECONDS - self._clock.monotonic()))

    def _period_of(self, address: str) -> tuple[float, int]:
        now = self._clock.monotonic()
        start, failures = self._counts.get(address, (now, 0))
        if now - start >= PERIOD_SECONDS:
            del self._counts[address]
            return now, 0
        return start, failures


def address_of(request: web.Request, *, is_on_cloud_run: bool) -> str:
    """Return whom the attempts of a request are counted for: an IPv4 address, or the /64 of an IPv6 one.

    X-Forwarded-For is believed on Cloud Run only, and of it only the last entry, which Google's front end
    wrote; elsewhere anybody may write it.

    Source: https://cloud.google.com/load-balancing/docs/https#x-forwarded-for_header
    """
    address = request.remote or ""
    if is_on_cloud_run and (forwarded := request.headers.get("X-Forwarded-For")):
        address = forwarded.rpartition(",")[2].strip()
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        # Who has one address of a /64 has all of them.
        return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)
