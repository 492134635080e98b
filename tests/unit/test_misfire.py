"""What the misfire policy makes of missed fires."""

from collections import Counter
from datetime import timedelta

import pytest

from service.domain.cron import parse_schedule
from service.domain.fire import FireKind
from service.domain.misfire import catch_up
from tests.support.jobs import MONDAY_9AM, a_job


def fires(now, cron="0 */5 * * * *", **columns):
    job = a_job(schedule_cron=cron, **columns)
    return catch_up(job, parse_schedule(cron, "UTC"), MONDAY_9AM, now)


def test_skip_records_each_missed_fire_and_starts_none():
    """Each row says why."""
    rows = fires(MONDAY_9AM + timedelta(minutes=12), misfire_policy="SKIP")
    assert [row.kind for row in rows] == [FireKind.MISSED, FireKind.MISSED]
    assert all("SKIP" in str(row.reason) for row in rows)


def test_fires_older_than_the_grace_are_missed_under_every_policy():
    """The window opens at the first fire within the grace."""
    rows = fires(MONDAY_9AM + timedelta(minutes=21), misfire_grace_seconds=660)
    assert [row.kind for row in rows] == [
        FireKind.MISSED,
        FireKind.COALESCED,
        FireKind.COALESCED,
        FireKind.CATCH_UP,
    ]
    assert rows[-1].window_start == MONDAY_9AM + timedelta(minutes=10)


@pytest.mark.parametrize(("hours", "count"), [(2, 6_201), (24 * 90, None)])
def test_many_missed_fires_make_at_most_a_thousand_rows(hours, count):
    """The older ones are summed in one row; beyond ten thousand they are not counted."""
    now = MONDAY_9AM + timedelta(hours=hours)
    rows = fires(now, cron="* * * * * *")
    assert len(rows) == 1_000
    assert rows[0].covers_from == MONDAY_9AM + timedelta(seconds=1)
    assert rows[0].fires_covered == count
    assert rows[0].fire_time == now - timedelta(seconds=999)
    assert Counter(row.kind for row in rows)[FireKind.CATCH_UP] == 1
    assert [row.fire_time for row in rows] == sorted(row.fire_time for row in rows)


def test_the_last_row_knows_what_follows():
    """The next fire time after the catch-up, for the state row."""
    rows = fires(MONDAY_9AM + timedelta(minutes=12))
    assert rows[-1].following == MONDAY_9AM + timedelta(minutes=15)
