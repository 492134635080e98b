"""How long to wait before asking a lost database again, and how often to say so."""

import random

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 1.0


class Backoff:
    """Pauses that double up to one second, jittered, so that service is back within two seconds.

    Only the logging thins out: the first failure in a row is worth a line, then the 2nd, 4th, 8th and so on.
    """

    def __init__(self) -> None:
        self._failures = 0

    def succeeded(self) -> None:
        """Begin anew."""
        self._failures = 0

    def failed(self) -> float:
        """Count one more failure in a row; returns the seconds to wait before the next attempt."""
        pause = min(FIRST_PAUSE_SECONDS * (1 << min(self._failures, 10)), LONGEST_PAUSE_SECONDS)
        self._failures += 1
        return pause * random.uniform(0.5, 1.0)

    @property
    def is_worth_a_line(self) -> bool:
        """Whether the last failure should be logged."""
        return self._failures & (self._failures - 1) == 0
