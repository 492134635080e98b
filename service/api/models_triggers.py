"""What a trigger takes."""

from datetime import datetime
from typing import Any

import msgspec

from service.api.models_jobs import Instant, Reason, in_range
from service.domain.errors import InvalidInput

BOTH_OR_NEITHER = "windowStart and windowEnd, or neither"


class TriggerRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The optional body of a trigger.

    `reason` stays on record with the execution. `windowStart` and `windowEnd`, both or neither, tell the run
    what it has to cover, from the one up to the other.
    """

    params: dict[str, Any] = {}
    reason: Reason | None = None
    window_start: Instant | None = None
    window_end: Instant | None = None

    def window(self) -> tuple[datetime, datetime] | None:
        """Return what the run has to cover, in UTC; None where nothing is said.

        Raises:
            InvalidInput: one end is missing or out of range, or the window is empty.
        """
        if self.window_start is None and self.window_end is None:
            return None
        if self.window_start is None:
            raise InvalidInput("window_start", "the window has an end and no start", BOTH_OR_NEITHER)
        if self.window_end is None:
            raise InvalidInput("window_end", "the window has a start and no end", BOTH_OR_NEITHER)
        start, end = in_range("window_start", self.window_start), in_range("window_end", self.window_end)
        if end <= start:
            raise InvalidInput("window_end", "the window ends before it begins", "later than windowStart")
        return start, end
