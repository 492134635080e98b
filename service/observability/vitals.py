"""What a replica measures of the machine under it: its clock, its CPU, its event loop."""

from collections import deque
from datetime import datetime, timedelta

from service.domain.clock import SystemClock, process_seconds, suspended_seconds
from service.domain.diagnosis import Measurements
from service.observability.pulse import WINDOW_SECONDS, CpuLimit, Pulse


class MachineVitals:
    """All the measuring parts of a replica; `pulse.run` has to run."""

    def __init__(self, clock: SystemClock, *, is_on_cloud_run: bool) -> None:
        self._clock, self._is_on_cloud_run = clock, is_on_cloud_run
        self.pulse = Pulse(clock.monotonic, process_seconds)
        self._limit = CpuLimit(clock.monotonic)
        self._asleep_before = suspended_seconds() or 0.0
        self._suspensions: deque[tuple[float, float]] = deque(maxlen=100)
        self._step: tuple[timedelta, datetime, float] | None = None

    def stepped(self, step: timedelta) -> None:
        """Note that the wall clock moved against the monotonic one: it was set, or the machine slept."""
        asleep = suspended_seconds() or 0.0
        slept, self._asleep_before = asleep - self._asleep_before, asleep
        if slept >= abs(step.total_seconds()) / 2:
            self._suspensions.append((self._clock.monotonic(), slept))
        else:
            self._step = step, self._clock.now(), self._clock.monotonic()

    def measure(
        self, *, listener_round_trip_ms: float | None, polling: str | None, lease_seconds_left: float
    ) -> Measurements:
        """Return everything as it is now."""
        now = self._clock.monotonic()
        standstills = self.pulse.standstills
        step, stepped_at, stepped = self._step or (None, None, now)
        return Measurements(
            clock_offset_ms=self._clock.offset / timedelta(milliseconds=1),
            clock_step_ms=None if step is None else step / timedelta(milliseconds=1),
            clock_stepped_at=stepped_at,
            clock_step_age_seconds=None if step is None else now - stepped,
            suspended_seconds=sum(slept for at, slept in self._suspensions if now - at <= WINDOW_SECONDS),
            standstill_seconds=sum(standstills),
            standstills=len(standstills),
            loop_lag_ms=self.pulse.loop_lag_ms,
            throttled_share=self._limit.throttled_share(),
            is_on_cloud_run=self._is_on_cloud_run,
            listener_round_trip_ms=listener_round_trip_ms,
            polling=polling,
            lease_seconds_left=lease_seconds_left,
        )
