"""What the preview of a schedule tells."""

from datetime import UTC, datetime

import msgspec
import pytest

from service.domain.cron import preview_schedule, tzdata_version
from service.domain.job import ClockChangePolicy

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def effects(expression: str, zone: str = "America/New_York", policy: str = "ONCE") -> list[str]:
    """What the clock changes of 2026 mean for a schedule."""
    preview = preview_schedule(expression, zone, NEW_YEAR, 0, ClockChangePolicy(policy))
    return [day.effect for day in preview.odd_days]


def test_a_preview_tells_the_fires_in_the_zone_and_in_utc():
    """The whole answer, as clients get it."""
    preview = preview_schedule("0 0 12 13 * FRI", "America/New_York", NEW_YEAR, 2)
    assert msgspec.to_builtins(preview) == {
        "valid": True,
        "error": None,
        "description": "At 12:00 on the 13th, if it is a Friday",
        "fireTimes": [
            {"fireTime": "2026-02-13T17:00:00Z", "localTime": "2026-02-13T12:00:00-05:00"},
            {"fireTime": "2026-03-13T16:00:00Z", "localTime": "2026-03-13T12:00:00-04:00"},
        ],
        "oddDays": [
            {
                "clockChange": "2026-03-08T07:00:00Z",
                "localBefore": "2026-03-08T02:00:00",
                "localAfter": "2026-03-08T03:00:00",
                "isAffected": False,
                "effect": "no fire is affected",
            },
            {
                "clockChange": "2026-11-01T06:00:00Z",
                "localBefore": "2026-11-01T02:00:00",
                "localAfter": "2026-11-01T01:00:00",
                "isAffected": False,
                "effect": "no fire is affected",
            },
        ],
        "tzdataVersion": tzdata_version(),
    }


@pytest.mark.parametrize(
    ("expression", "zone", "field", "message"),
    [
        ("0 0 25 * * *", "UTC", "schedule_cron", "hour: 25 is outside 0-23"),
        ("0 0 0 8 * MON#1", "UTC", "schedule_cron", "the schedule has no fire in the next 50 years"),
        ("0 0 0 * * *", "Mars", "time_zone", f"'Mars' is not a time zone of tzdata {tzdata_version()}"),
    ],
)
def test_a_bad_schedule_is_an_answer_and_not_an_error(expression: str, zone: str, field: str, message: str):
    """The preview says which field is at fault, and why."""
    preview = preview_schedule(expression, zone, NEW_YEAR, 5)
    assert not preview.valid
    assert preview.error is not None
    assert (preview.error.field, preview.error.message) == (field, message)
    assert preview.fire_times == []


def test_the_odd_days_say_what_becomes_of_the_fires():
    """New York skips 02:00 to 03:00 on 8 March and repeats 01:00 to 02:00 on 1 November."""
    unaffected = "no fire is affected"
    assert effects("0 0,30 2 * * *") == ["02:00 and 02:30 are skipped; one fire at 03:00 instead", unaffected]
    assert effects("0 30 2 * * *", policy="WALL") == ["02:30 is skipped, without a fire", unaffected]
    assert effects("0 30 1 * * *") == [unaffected, "01:30 is shown twice; fires the first time only"]
    assert effects("0 30 1 * * *", policy="WALL") == [unaffected, "01:30 is shown twice; fires both times"]
    assert effects("0 */20 * * * *") == [
        "02:00, 02:20 and 02:40 are skipped, without a fire",
        "01:00, 01:20 and 01:40 are shown twice; fires both times",
    ]
    assert effects("0 30 2 * * SAT") == [unaffected, unaffected]
    assert effects("0 30 2 * * *", "UTC") == []


def test_a_preview_from_the_end_of_the_calendar_is_no_error():
    """`after` is whatever a caller sends."""
    preview = preview_schedule("0 0 0 * * *", "America/New_York", datetime.max.replace(tzinfo=UTC), 5)
    assert not preview.valid
    assert preview_schedule("0 0 0 * * *", "UTC", datetime(9998, 12, 1, tzinfo=UTC), 50).valid
