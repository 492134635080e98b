"""The offset between this machine's clock and the database's, from samples of round trips."""

from collections import deque
from datetime import timedelta

import msgspec

# The error of a sample is at most half its round trip (RFC 5905, section 8); worse ones say too little.
LONGEST_ROUND_TRIP_SECONDS = 0.1
KEPT_SAMPLES = 8


class OffsetSample(msgspec.Struct, frozen=True):
    """One measurement: the database's clock minus ours in the middle of a round trip of that many seconds."""

    offset: timedelta
    round_trip_seconds: float


class OffsetFilter:
    """Keeps the last samples and believes the one with the shortest round trip, as NTP's clock filter does.

    Source: RFC 5905, section 10.
    """

    def __init__(self) -> None:
        self._samples: deque[OffsetSample] = deque(maxlen=KEPT_SAMPLES)
        self._rough: OffsetSample | None = None

    def add(self, sample: OffsetSample) -> timedelta:
        """Take a sample, and return the offset to believe now.

        A step of a clock shows as a sample that no earlier one agrees with: they are forgotten then. A sample
        with a long round trip is believed only while there has been none with a short one.
        """
        if sample.round_trip_seconds > LONGEST_ROUND_TRIP_SECONDS:
            if not self._samples and (
                self._rough is None or sample.round_trip_seconds <= self._rough.round_trip_seconds
            ):
                self._rough = sample
            return self._believed().offset
        if self._samples:
            furthest = timedelta(seconds=(sample.round_trip_seconds + LONGEST_ROUND_TRIP_SECONDS) / 2)
            if abs(sample.offset - self._believed().offset) > furthest:
                self._samples.clear()
        self._samples.append(sample)
        return self._believed().offset

    def _believed(self) -> OffsetSample:
        if not self._samples:
            assert self._rough is not None
            return self._rough
        return min(self._samples, key=lambda sample: sample.round_trip_seconds)
