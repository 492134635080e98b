"""What a replica's measurements mean, in words: what is wrong, and what to do about it."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

import msgspec

# A healthy replica fires within about 50 ms; a quarter of a second late is felt, two are an outage.
SLOW_LOOP_MS, BLOCKED_LOOP_MS = 250.0, 2_000.0
# The offset is corrected for; what it breaks is the expiry of tokens, and reading logs side by side.
ODD_OFFSET_MS, WRONG_OFFSET_MS = 500.0, 30_000.0
STEP_MS, STEP_AGE_SECONDS = 100.0, 600.0
STANDSTILL_SECONDS, STANDSTILLS_SECONDS = 1.0, 5.0
THROTTLED_SHARE, STARVED_SHARE = 0.1, 0.5
SLOW_ROUND_TRIP_MS = 100.0


class Severity(StrEnum):
    """OK: looked at and in order. WARNING: works, but look at it. PROBLEM: does not do what it should."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. `code` is stable; neither text holds an address or a secret."""

    code: str
    severity: Severity
    sentence: str
    remedy: str = ""

    @property
    def text(self) -> str:
        """Return sentence and remedy in one."""
        return f"{self.sentence} {self.remedy}".strip()


class Measurements(msgspec.Struct, frozen=True, kw_only=True):
    """What a replica measured of itself; None where it could not. "Lately" is the last minute."""

    clock_offset_ms: float | None = None  # the database's clock minus the machine's
    clock_step_ms: float | None = None  # the last step of the machine's clock
    clock_stepped_at: datetime | None = None
    clock_step_age_seconds: float | None = None
    suspended_seconds: float = 0.0  # the machine slept, lately
    standstill_seconds: float = 0.0  # the whole process got no CPU, lately, in total
    standstills: int = 0
    loop_lag_ms: float = 0.0  # the event loop's longest delay, lately, while other threads went on
    throttled_share: float | None = None  # of the time, lately, by the container's CPU limit
    is_on_cloud_run: bool = False
    listener_round_trip_ms: float | None = None
    polling: str | None = None  # why changes are polled for
    lease_seconds_left: float | None = None

    @property
    def listener_mode(self) -> str | None:
        """Return what `replicas.listener_mode` holds."""
        if self.polling is not None:
            return "POLLING"
        return None if self.listener_round_trip_ms is None else "NOTIFY"


def diagnose(measured: Measurements) -> list[Finding]:
    """Return what is not in order with a replica, the worst first."""
    found = [
        *about_lease(measured),
        *about_listener(measured),
        *about_clock(measured),
        *about_cpu(measured),
    ]
    return sorted(found, key=lambda finding: finding.severity is not Severity.PROBLEM)


def about_lease(measured: Measurements) -> Iterator[Finding]:
    """Judge the lease."""
    if measured.lease_seconds_left is not None and measured.lease_seconds_left <= 0:
        yield Finding(
            "lease_not_held",
            Severity.PROBLEM,
            "This replica could not renew its lease: it starts nothing, and others take over its RETRY runs.",
            "Look at the database and the way to it.",
        )


def about_listener(measured: Measurements) -> Iterator[Finding]:
    """Judge how this replica hears of changes."""
    if measured.polling is not None:
        yield Finding(
            "listener_polls",
            Severity.WARNING,
            f"Changes are polled for every 5 s: {measured.polling}.",
        )
    elif measured.listener_round_trip_ms is None:
        yield Finding(
            "listener_deaf",
            Severity.PROBLEM,
            "The listener hears nothing, so changes take effect up to 36 s late.",
            "It connects again by itself; look at the database and the way to it.",
        )
    elif measured.listener_round_trip_ms > SLOW_ROUND_TRIP_MS:
        yield Finding(
            "listener_slow",
            Severity.WARNING,
            f"A notification takes {milliseconds(measured.listener_round_trip_ms)} to get here.",
            "Run the service near its database.",
        )


def about_clock(measured: Measurements) -> Iterator[Finding]:
    """Judge the machine's clock."""
    offset = measured.clock_offset_ms
    if offset is not None and abs(offset) >= ODD_OFFSET_MS:
        yield Finding(
            "clock_offset",
            Severity.PROBLEM if abs(offset) >= WRONG_OFFSET_MS else Severity.WARNING,
            f"This machine's clock is {milliseconds(abs(offset))} {'behind' if offset > 0 else 'ahead of'}"
            " the database's; fires are corrected for it, log times and the expiry of tokens are not.",
            "Let both machines synchronise their clocks (NTP).",
        )
    step, age = measured.clock_step_ms, measured.clock_step_age_seconds
    if step is not None and age is not None and abs(step) >= STEP_MS and age <= STEP_AGE_SECONDS:
        yield Finding(
            "clock_stepped",
            Severity.WARNING,
            f"This machine's clock was set {'forward' if step > 0 else 'back'} by {milliseconds(abs(step))},"
            f" {age:.0f} s ago.",
            "Let a time service slew the clock instead of stepping it.",
        )


def about_cpu(measured: Measurements) -> Iterator[Finding]:
    """Judge whether this process gets to run, and whether its event loop does."""
    if measured.suspended_seconds >= STANDSTILL_SECONDS:
        yield Finding(
            "machine_suspended",
            Severity.WARNING,
            f"This machine was suspended for {measured.suspended_seconds:.1f} s in the last minute.",
            "Keep machines that fire jobs awake.",
        )
    share = measured.throttled_share
    if share is not None and share >= THROTTLED_SHARE:
        yield Finding(
            "cpu_throttled",
            Severity.PROBLEM if share >= STARVED_SHARE else Severity.WARNING,
            f"The container's CPU limit held this process back for {share:.0%} of the last minute.",
            "Raise the limit.",
        )
    if measured.standstill_seconds >= STANDSTILL_SECONDS:
        yield about_standstill(measured)
    if measured.loop_lag_ms >= SLOW_LOOP_MS:
        yield Finding(
            "loop_blocked",
            Severity.PROBLEM if measured.loop_lag_ms >= BLOCKED_LOOP_MS else Severity.WARNING,
            f"Something blocked the event loop for {milliseconds(measured.loop_lag_ms)} in the last minute,"
            " and whatever was due then was late.",
            "Write the handler as a plain `def`, which runs in a thread, or let it await.",
        )


def about_standstill(measured: Measurements) -> Finding:
    """Say that the whole process stood still, once or time and again."""
    total, times = measured.standstill_seconds, measured.standstills
    if total < STANDSTILLS_SECONDS or times < 2:
        return Finding(
            "process_suspended",
            Severity.WARNING,
            f"This process stood still for {total:.1f} s in the last minute: it was stopped, or got no CPU.",
            "Fires that were due meanwhile were late or left to other replicas.",
        )
    return Finding(
        "cpu_withheld",
        Severity.PROBLEM,
        f"This process got no CPU {times} times in the last minute, {total:.1f} s in all.",
        "On Cloud Run choose 'CPU is always allocated' (--no-cpu-throttling)."
        if measured.is_on_cloud_run
        else "Give it CPU at all times, not only while it answers requests.",
    )


def milliseconds(value: float) -> str:
    """Write a span for people."""
    return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.1f} s"
