"""Time zones come from the tzdata package alone, and every clock change of each is found."""

import importlib.resources
import struct
import zoneinfo
from datetime import UTC, datetime
from itertools import pairwise

from service.domain.cron import find_zone, tzdata_version, use_packaged_zones, zone_names
from service.domain.cron.zones import MOST_WINDOWS, PROBE_SECONDS, ZoneClock, zone_clock

Change = tuple[int, int, int]


def changes_in_file(name: str) -> list[Change]:
    """The changes (instant, offset before, after) in a zone's file, second block (RFC 8536, section 3)."""
    data = importlib.resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes()
    isut, isstd, leaps, times, types, letters = struct.unpack(">6l", data[20:44])
    start = 44 + times * 4 + times + types * 6 + letters + leaps * 8 + isstd + isut
    _, _, _, times, types, _ = struct.unpack(">6l", data[start + 20 : start + 44])
    instants = struct.unpack_from(f">{times}q", data, start + 44)
    kinds = data[start + 44 + 8 * times : start + 44 + 9 * times]
    offsets = [struct.unpack_from(">l", data, start + 44 + 9 * times + 6 * kind)[0] for kind in range(types)]
    found, before = [], offsets[0]
    for instant, kind in zip(instants, kinds, strict=True):
        if offsets[kind] != before:
            found.append((instant, before, offsets[kind]))
        before = offsets[kind]
    return found


def changes_found(clock: ZoneClock, around: int) -> set[Change]:
    """The changes in the window that holds an instant."""
    changes, offsets, _ = clock.window(around)
    return set(zip(changes[:-1], offsets, offsets[1:], strict=False))


def test_every_clock_change_of_every_zone_is_found():
    """Bisection from probes four days apart misses none: those in the files are the truth."""
    missed = []
    for name in sorted(zone_names()):
        clock, changes = zone_clock(name), changes_in_file(name)
        # All that come close to another, and one in eight of the rest, which are no harder.
        for number, change in enumerate(changes):
            near = number and change[0] - changes[number - 1][0] < 40 * 86_400
            if (near or number % 8 == 0) and change not in changes_found(clock, change[0]):
                missed.append((name, change))
    assert missed == []


def test_no_zone_changes_twice_between_two_probes():
    """What the search for clock changes relies on."""
    for name in zone_names():
        instants = [change[0] for change in changes_in_file(name)]
        assert all(later - early > PROBE_SECONDS for early, later in pairwise(instants))


def test_windows_are_bounded():
    """Asking about many years keeps a fixed number of them."""
    clock = ZoneClock(find_zone("Europe/Berlin"))
    for year in range(1900, 2900, 2):
        clock.window(int(datetime(year, 1, 1, tzinfo=UTC).timestamp()))
    assert len(clock._windows) <= MOST_WINDOWS


def test_the_zone_data_are_those_of_the_package():
    """Morocco is on UTC for good since 20 September 2026, which systems of 2025 do not know."""
    assert tzdata_version() >= "2026b"
    autumn = datetime(2026, 11, 1, tzinfo=UTC)
    assert autumn.astimezone(find_zone("Africa/Casablanca")).hour == 0
    try:
        use_packaged_zones()
        assert zoneinfo.TZPATH == ()
        assert autumn.astimezone(zoneinfo.ZoneInfo("Africa/Casablanca")).hour == 0
    finally:
        zoneinfo.reset_tzpath()
        zoneinfo.ZoneInfo.clear_cache()


def test_the_names_are_those_of_the_package():
    """Some 600, old names too, and no files that are not zones."""
    assert {"UTC", "Etc/UTC", "America/New_York", "US/Eastern"} < zone_names()
    assert not {"tzdata.zi", "zone.tab", "localtime", "__init__.py"} & zone_names()
    assert all(find_zone(name).key == name for name in zone_names())
