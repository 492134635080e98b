"""The checkup logs and records what changes."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog

from service.domain import clock as clock_module
from service.domain.clock import SystemClock
from service.domain.diagnosis import Finding, Measurements
from service.domain.errors import DatabaseUnavailable
from service.observability import vitals as vitals_module
from service.observability.checkup import keep_checking
from service.observability.vitals import MachineVitals
from tests.support.clock import FakeClock
from tests.support.jobs import MONDAY_9AM

WELL = Measurements(listener_round_trip_ms=1.0)


class Patient:
    """Measurements that a test sets, and what was recorded of them."""

    def __init__(self) -> None:
        self.measured = WELL
        self.recorded: list[list[str]] = []
        self.told: list[Finding] = []
        self.is_database_away = False

    async def record(self, _: Measurements, findings: Any) -> None:
        if self.is_database_away:
            raise DatabaseUnavailable("away")
        self.recorded.append([finding.code for finding in findings])

    def tell(self, findings: list[Finding]) -> None:
        self.told = findings


async def test_findings_are_logged_when_they_come_and_go_and_recorded_at_once():
    """Between times the row is renewed every five seconds; a lost database only delays it."""
    clock, patient = FakeClock(MONDAY_9AM), Patient()
    loop = keep_checking(clock, lambda: patient.measured, patient.record, patient.tell)
    with structlog.testing.capture_logs() as events:
        task = asyncio.get_running_loop().create_task(loop)
        await clock.advance(seconds=4)
        assert patient.recorded == [[]]
        patient.is_database_away = True
        patient.measured = Measurements(listener_round_trip_ms=1.0, loop_lag_ms=400.0)
        await clock.advance(seconds=3)
        assert [finding.code for finding in patient.told] == ["loop_blocked"]
        patient.is_database_away = False
        await clock.advance(seconds=1)
        assert patient.recorded == [[], ["loop_blocked"]]
        patient.measured = WELL
        await clock.advance(seconds=1)
        task.cancel()
    assert patient.recorded == [[], ["loop_blocked"], []]
    news = [(event["event"], event["code"]) for event in events if event["log_level"] != "debug"]
    assert news == [("finding_raised", "loop_blocked"), ("finding_cleared", "loop_blocked")]


def test_a_step_of_the_clock_is_told_from_a_suspension(monkeypatch):
    """Both move the wall clock against the monotonic one; the time since boot knows the difference."""
    asleep = [0.0]
    monkeypatch.setattr(vitals_module, "suspended_seconds", lambda: asleep[0])
    vitals = MachineVitals(SystemClock(), is_on_cloud_run=False)
    asleep[0] = 30.0
    vitals.stepped(timedelta(seconds=30))
    measured = vitals.measure(listener_round_trip_ms=1.0, polling=None, lease_seconds_left=9.0)
    assert (measured.suspended_seconds, measured.clock_step_ms) == (30.0, None)
    vitals.stepped(timedelta(seconds=-5))
    measured = vitals.measure(listener_round_trip_ms=1.0, polling=None, lease_seconds_left=9.0)
    assert (measured.suspended_seconds, measured.clock_step_ms) == (30.0, -5_000.0)


def test_this_machine_says_how_long_it_was_suspended():
    """Not at all, as a rule; a negative span would be a mistake in the clocks compared."""
    suspended = clock_module.suspended_seconds()
    assert suspended is None or suspended > -0.1
