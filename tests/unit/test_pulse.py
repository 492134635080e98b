"""The pulse tells a blocked event loop from a process that got no CPU."""

from pathlib import Path

import pytest

from service.observability.pulse import CpuLimit, Pulse, throttled_seconds

VERSION_2 = "usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec {}\n"


class Clocks:
    """Time and CPU time that a test moves."""

    def __init__(self) -> None:
        self.now = self.used = 0.0

    def pass_(self, seconds: float, used: float = 0.0) -> None:
        """Let time pass, and some CPU be used."""
        self.now += seconds
        self.used += used


@pytest.fixture
def clocks() -> Clocks:
    """Clocks at zero."""
    return Clocks()


@pytest.fixture
def pulse(clocks: Clocks) -> Pulse:
    """A pulse on these clocks, with no loop and no thread behind it."""
    return Pulse(lambda: clocks.now, lambda: clocks.used)


def test_a_loop_that_was_blocked_alone_is_late(pulse: Pulse, clocks: Clocks):
    """The thread went on, so it was the loop, even if it used no CPU: `time.sleep` in a handler."""
    for _ in range(10):
        clocks.pass_(0.1)
        pulse.thread_beat()
    pulse.beat(before=0.0, used_before=0.0)
    assert pulse.loop_lag_ms == pytest.approx(900)
    assert pulse.standstills == []


@pytest.mark.parametrize("is_thread_first", [True, False])
def test_a_process_that_got_no_cpu_stood_still(pulse: Pulse, clocks: Clocks, is_thread_first: bool):
    """Neither went on, whichever of them wakes first; it is no fault of the loop."""
    clocks.pass_(3.1)
    if is_thread_first:
        pulse.thread_beat()
    pulse.beat(before=0.0, used_before=0.0)
    assert pulse.standstills == [pytest.approx(3.0)]
    assert pulse.loop_lag_ms == 0


def test_code_that_keeps_the_interpreter_blocks_the_loop(pulse: Pulse, clocks: Clocks):
    """Neither went on, but CPU was used: a long call into C."""
    clocks.pass_(3.1, used=3.0)
    pulse.beat(before=0.0, used_before=0.0)
    assert pulse.loop_lag_ms == pytest.approx(3_000)
    assert pulse.standstills == []


def test_after_a_minute_it_is_forgotten(pulse: Pulse, clocks: Clocks):
    """What is told is the last minute's."""
    clocks.pass_(3.1, used=3.0)
    pulse.beat(before=0.0, used_before=0.0)
    clocks.pass_(61)
    assert pulse.loop_lag_ms == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (VERSION_2.format(2_500_000), 2.5),
        ("nr_periods 10\nnr_throttled 4\nthrottled_time 2500000000\n", 2.5),
        ("usage_usec 5\nuser_usec 4\n", None),
        ("", None),
    ],
)
def test_both_versions_of_control_groups_are_read(text: str, seconds: float | None):
    """Microseconds in version 2, nanoseconds in version 1, nothing where there is no limit."""
    assert throttled_seconds(text) == seconds


def test_the_throttled_share_is_that_of_the_time_watched(tmp_path: Path, clocks: Clocks):
    """Three of ten seconds."""
    limit = CpuLimit(lambda: clocks.now, tmp_path / "cpu.stat")
    assert limit.throttled_share() is None
    (tmp_path / "cpu.stat").write_text(VERSION_2.format(1_000_000))
    assert limit.throttled_share() == 0
    clocks.pass_(10)
    (tmp_path / "cpu.stat").write_text(VERSION_2.format(4_000_000))
    assert limit.throttled_share() == pytest.approx(0.3)
