"""Time zones: names and rules of the `tzdata` package, never the system's, and where a zone's clock changes.

Replicas on different machines would disagree about fires if each asked its own system: Morocco left its clock
changes on 20 September 2026, and a system database from 2025 is an hour wrong there since.
"""

import importlib.resources
import zoneinfo
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import tzdata

from service.domain.errors import InvalidInput

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_INSTANT = int((datetime(1, 1, 3, tzinfo=UTC) - EPOCH).total_seconds())
LAST_INSTANT = int((datetime(9999, 12, 29, tzinfo=UTC) - EPOCH).total_seconds())
WINDOW_BITS = 22  # 2**22 s are 49 days
SLACK_SECONDS = 3 * 86_400  # more than the largest offset from UTC and the largest change of one, a day each
PROBE_SECONDS = 6 * 86_400  # no zone has two changes within 6 days (a test looks at all of them)
QUARTER = 900  # nearly all changes fall on a quarter of an hour, in UTC
MOST_WINDOWS = 1_024


def use_packaged_zones() -> None:
    """Make every `ZoneInfo(name)` of this process, other libraries' too, read the `tzdata` package."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()


def tzdata_version() -> str:
    """Return the IANA version of the zone data, such as '2026f'."""
    return str(tzdata.IANA_VERSION)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return every name that a job's `time_zone` may hold."""
    return frozenset(importlib.resources.files("tzdata").joinpath("zones").read_text("ascii").split())


@lru_cache(maxsize=1_024)
def _load(name: str) -> zoneinfo.ZoneInfo:
    *folders, file = name.split("/")
    place = importlib.resources.files("tzdata.zoneinfo").joinpath(*folders, file)
    with place.open("rb") as data:
        return zoneinfo.ZoneInfo.from_file(data, key=name)


def find_zone(name: str) -> zoneinfo.ZoneInfo:
    """Return the zone of that exact name.

    Raises:
        InvalidInput: there is none; it never falls back to UTC.
    """
    if name not in zone_names():
        shown = name if len(name) <= 64 else f"{name[:64]}..."
        raise InvalidInput(
            "time_zone",
            f"{shown!a} is not a time zone of tzdata {tzdata_version()}",
            "an IANA name with its capitals, such as America/New_York or UTC",
        )
    return _load(name)


class Window(NamedTuple):
    """Some weeks of a zone, with all clock changes in them; instants and offsets are seconds.

    `offsets[i]` holds from `changes[i - 1]` to `changes[i]`; the last of `changes` is the end of what is
    known. `resumes[i]` is the first wall time that is past change i for good: where a skip ends, or the
    repeated stretch is over.
    """

    changes: list[int]
    offsets: list[int]
    resumes: list[int]

    def first_showing(self, wall_time: int) -> tuple[int, int]:
        """Return the first instant at which the clock shows `wall_time`, and the number of its offset.

        If the clock skips it, the instant is that of the change: `changes[number]`.
        """
        number = bisect_right(self.resumes, wall_time)
        return min(wall_time - self.offsets[number], self.changes[number]), number


class ZoneClock:
    """The wall clock of one zone, by windows that are found once and kept; safe to share between threads."""

    __slots__ = ("_windows", "zone")

    def __init__(self, zone: zoneinfo.ZoneInfo) -> None:
        self.zone = zone
        self._windows: dict[int, Window] = {}

    def window(self, seconds: int) -> Window:
        """Return the window that holds an instant, or a wall time, of so many seconds."""
        found = self._windows.get(seconds >> WINDOW_BITS)
        return found or self._add_window(seconds >> WINDOW_BITS)

    def changes_after(self, after: datetime, span: timedelta) -> list[tuple[int, int, int]]:
        """Return the clock changes in the `span` after an instant: when, and the offsets before and then."""
        start = int((after - EPOCH).total_seconds())
        end = start + int(span.total_seconds())
        found = set()
        for number in range(start >> WINDOW_BITS, (end >> WINDOW_BITS) + 1):
            changes, offsets, _ = self.window(number << WINDOW_BITS)
            found |= set(
                zip(changes[:-1], offsets, offsets[1:], strict=False)
            )  # windows overlap by their slack
        return sorted(change for change in found if start < change[0] <= end)

    def _add_window(self, number: int) -> Window:
        start, end = (number << WINDOW_BITS) - SLACK_SECONDS, (number + 1 << WINDOW_BITS) + SLACK_SECONDS
        changes, offsets, resumes = [], [self._offset(start)], []
        for probe in range(start, end, PROBE_SECONDS):
            later = min(probe + PROBE_SECONDS, end)
            after = self._offset(later)
            if after != (before := offsets[-1]):
                change = self._bisect(probe, later, before)
                changes.append(change)
                offsets.append(after)
                resumes.append(change + max(before, after))
        window = Window([*changes, end], offsets, resumes)
        if len(self._windows) >= MOST_WINDOWS:
            self._windows.clear()
        self._windows[number] = window
        return window

    def _bisect(self, early: int, late: int, before: int) -> int:
        """Return the first second at which the offset is no longer `before`."""
        for step in (QUARTER, 1):
            while (middle := (early + late) // 2 // step * step) > early:
                if self._offset(middle) == before:
                    early = middle
                else:
                    late = middle
            if self._offset(late - 1) == before:
                break
        return late

    def _offset(self, instant: int) -> int:
        """Return the offset from UTC; at the ends of the calendar, that of the last instant that has one."""
        if not FIRST_INSTANT <= instant <= LAST_INSTANT:
            instant = FIRST_INSTANT if instant < 0 else LAST_INSTANT
        offset = datetime.fromtimestamp(instant, self.zone).utcoffset()
        assert offset is not None
        return offset.days * 86_400 + offset.seconds


@lru_cache(maxsize=1_024)
def zone_clock(name: str) -> ZoneClock:
    """Return the clock of the zone of that name.

    Raises:
        InvalidInput: there is no such zone.
    """
    return ZoneClock(find_zone(name))
