"""What measurements mean, in words."""

import pytest

from service.domain.diagnosis import Measurements, Severity, diagnose

HEALTHY = {"listener_round_trip_ms": 1.0, "lease_seconds_left": 12.0, "clock_offset_ms": 3.0}


def found(**measured):
    """The findings of a healthy replica but for this."""
    return {finding.code: finding for finding in diagnose(Measurements(**{**HEALTHY, **measured}))}


def test_a_healthy_replica_has_no_findings():
    """Small offsets, short delays and an old step are nothing."""
    assert found(loop_lag_ms=40.0, clock_step_ms=9_000.0, clock_step_age_seconds=3_600.0) == {}


@pytest.mark.parametrize(
    ("code", "severity", "measured"),
    [
        ("lease_not_held", Severity.PROBLEM, {"lease_seconds_left": 0.0}),
        ("listener_deaf", Severity.PROBLEM, {"listener_round_trip_ms": None}),
        ("listener_slow", Severity.WARNING, {"listener_round_trip_ms": 180.0}),
        ("listener_polls", Severity.WARNING, {"listener_round_trip_ms": None, "polling": "a pooler"}),
        ("clock_offset", Severity.WARNING, {"clock_offset_ms": -700.0}),
        ("clock_offset", Severity.PROBLEM, {"clock_offset_ms": 3_600_000.0}),
        ("clock_stepped", Severity.WARNING, {"clock_step_ms": -5_000.0, "clock_step_age_seconds": 20.0}),
        ("machine_suspended", Severity.WARNING, {"suspended_seconds": 30.0}),
        ("process_suspended", Severity.WARNING, {"standstill_seconds": 20.0, "standstills": 1}),
        ("cpu_withheld", Severity.PROBLEM, {"standstill_seconds": 20.0, "standstills": 9}),
        ("cpu_throttled", Severity.WARNING, {"throttled_share": 0.2}),
        ("cpu_throttled", Severity.PROBLEM, {"throttled_share": 0.9}),
        ("loop_blocked", Severity.WARNING, {"loop_lag_ms": 300.0}),
        ("loop_blocked", Severity.PROBLEM, {"loop_lag_ms": 5_000.0}),
    ],
)
def test_each_fault_is_named(code, severity, measured):
    """One code each, with a sentence."""
    [finding] = found(**measured).values()
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.text.endswith(".")


def test_the_worst_comes_first():
    """Problems before warnings."""
    codes = list(found(clock_offset_ms=700.0, loop_lag_ms=5_000.0))
    assert codes == ["loop_blocked", "clock_offset"]


def test_the_direction_of_the_offset_is_right():
    """The offset is the database's clock minus ours: positive means that we are behind."""
    assert "700 ms behind the database's" in found(clock_offset_ms=700.0)["clock_offset"].sentence
    assert "700 ms ahead of the database's" in found(clock_offset_ms=-700.0)["clock_offset"].sentence


def test_on_cloud_run_the_remedy_names_its_setting():
    """CPU that is allocated during requests only is the usual cause there."""
    withheld = {"standstill_seconds": 20.0, "standstills": 9}
    assert "--no-cpu-throttling" in found(**withheld, is_on_cloud_run=True)["cpu_withheld"].remedy
    assert "Cloud Run" not in found(**withheld)["cpu_withheld"].remedy
