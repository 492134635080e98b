"""What a cron expression means."""

from datetime import UTC, datetime

from service.domain.cron import parse_schedule


def test_both_day_fields_must_match():
    """`0 0 0 13 * FRI` is Friday the 13th."""
    schedule = parse_schedule("0 0 0 13 * FRI", "UTC")
    assert schedule.next_fire_time(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 2, 13, tzinfo=UTC)
