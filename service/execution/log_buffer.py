"""The lines of one execution that wait to be stored: bounded; the first and the last ones are kept."""

from collections import deque
from datetime import datetime
from typing import Any

import msgspec

# So many lines at once, and so many a second for ever. Of what is beyond that the newest lines wait, until
# they are allowed together or the run ends; one line in front of them says how many were left out.
MOST_LINES_AT_ONCE, LINES_A_SECOND = 5_000, 20
MOST_LAST_LINES = 400  # fewer than the 500 that are shown first, so that what was left out is seen to be
MOST_BYTES, MOST_LAST_BYTES, MOST_BYTES_OF_ALL = 4_000_000, 1_000_000, 32_000_000


class Line(msgspec.Struct):
    """A line that waits; `fields` are JSON, or values that nobody can change; `size` is bytes, about."""

    logged_at: datetime
    level: str
    logger: str
    message: str
    fields: dict[str, Any] | str
    size: int


class Allowance:
    """So many at once, and then so many a second."""

    def __init__(self, most: float, a_second: float, now: float) -> None:
        self._most, self._a_second = most, a_second
        self._left, self._counted_at = most, now

    def left(self, now: float) -> float:
        """How many more are allowed at that time, in monotonic seconds."""
        gained = (now - self._counted_at) * self._a_second
        self._left, self._counted_at = min(self._most, self._left + gained), now
        return self._left

    def spend(self, number: int) -> None:
        """Use so many."""
        self._left -= number


class Memory:
    """How many bytes wait in all buffers of a replica."""

    def __init__(self) -> None:
        self.used = 0

    def has_room_for(self, size: int) -> bool:
        """Whether so many more may wait."""
        return self.used + size <= MOST_BYTES_OF_ALL


class LogBuffer:
    """Lines between handler and database; whoever shares `memory` holds one lock around every call."""

    def __init__(self, memory: Memory, now: float) -> None:
        self._memory = memory
        self._allowance = Allowance(MOST_LINES_AT_ONCE, LINES_A_SECOND, now)
        self._first: deque[Line] = deque()
        self._last: deque[Line] = deque()
        self._first_bytes = self._last_bytes = 0
        self._left_out = 0
        self._left_out_at: datetime | None = None
        self._is_thinning = self._is_closed = False

    def __len__(self) -> int:
        """How many lines can be taken."""
        return len(self._first)

    @property
    def is_thinning(self) -> bool:
        """Whether lines are pushed out by newer ones, until `go_on` finds that they are allowed."""
        return self._is_thinning

    def add(self, line: Line, now: float) -> None:
        """Keep the line, or let it push out an older one."""
        if not self._is_thinning and self._has_room(line.size, now):
            self._allowance.spend(1)
            self._append(line)
        elif not self._is_closed:
            self._is_thinning = True
            self.hold(line)

    def hold(self, line: Line) -> None:
        """Keep the line among the last ones, as `add` does while `is_thinning`, and fast."""
        last = self._last
        if len(last) == MOST_LAST_LINES and last[0].size == line.size:
            self._leave_out(last.popleft())
            last.append(line)
        else:
            self._append_last(line)

    def go_on(self, now: float) -> None:
        """Let the last lines follow the first ones, if that many are allowed by now."""
        number = len(self._last)
        if self._is_thinning and self._has_room(self._last_bytes, now, number + 1):
            self._allowance.spend(number)
            self._release_last()
            self._is_thinning = False

    def close(self) -> None:
        """Let the last lines follow the first ones: the run has ended."""
        self._release_last()
        self._is_thinning, self._is_closed = False, True

    def take(self, most: int) -> list[Line]:
        """Take up to so many lines out, oldest first."""
        lines = [self._first.popleft() for _ in range(min(most, len(self._first)))]
        size = sum(line.size for line in lines)
        self._first_bytes -= size
        self._memory.used -= size
        return lines

    def _has_room(self, size: int, now: float, number: int = 1) -> bool:
        return (
            self._allowance.left(now) >= number
            and len(self._first) < MOST_LINES_AT_ONCE
            and self._first_bytes + size <= MOST_BYTES
            and self._memory.has_room_for(size)
        )

    def _append(self, line: Line) -> None:
        self._first.append(line)
        self._first_bytes += line.size
        self._memory.used += line.size

    def _append_last(self, line: Line) -> None:
        while self._last and not self._has_room_among_last(line.size):
            self._leave_out(oldest := self._last.popleft())
            self._last_bytes -= oldest.size
            self._memory.used -= oldest.size
        if not self._has_room_among_last(line.size):
            self._leave_out(line)
            return
        self._last.append(line)
        self._last_bytes += line.size
        self._memory.used += line.size

    def _has_room_among_last(self, size: int) -> bool:
        return (
            len(self._last) < MOST_LAST_LINES
            and self._last_bytes + size <= MOST_LAST_BYTES
            and self._memory.has_room_for(size)
        )

    def _leave_out(self, line: Line) -> None:
        self._left_out += 1
        self._left_out_at = line.logged_at

    def _release_last(self) -> None:
        if self._left_out_at is not None:
            # At the time of a line left out, which is no other line's.
            message = f"lines left out here: {self._left_out}; the run logs more than is kept"
            fields = {"lines_left_out": self._left_out}
            self._append(Line(self._left_out_at, "warning", "cronsole", message, fields, size=400))
            self._left_out, self._left_out_at = 0, None
        self._first.extend(self._last)
        self._first_bytes += self._last_bytes
        self._last.clear()
        self._last_bytes = 0
