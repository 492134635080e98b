"""Feels whether this process gets to run: a beat on the event loop, one on a thread, the CPU limit."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

BEAT_SECONDS = 0.1
WINDOW_SECONDS = 60.0
SMALLEST_GAP_SECONDS = 0.25
# Who used less CPU than this share of a gap did not run in it; who computes all the time comes to 1.
IDLE_SHARE = 0.3


class Gap(msgspec.Struct, frozen=True):
    """The event loop came late by so many seconds; `is_standstill`: and so did the whole process."""

    at: float
    seconds: float
    is_standstill: bool


class Pulse:
    """Measures, for the last minute, delays of the event loop and standstills of the process.

    A loop that is late while a thread was punctual is blocked by what runs on it. If the thread was late too
    and the process used no CPU, then nothing ran: stopped, frozen, or throttled.
    """

    def __init__(self, monotonic: Callable[[], float], process_seconds: Callable[[], float]) -> None:
        self._monotonic, self._process_seconds = monotonic, process_seconds
        self._thread_beat = monotonic()
        self._thread_gaps: deque[tuple[float, float]] = deque(maxlen=100)
        self._gaps: deque[Gap] = deque()

    @property
    def loop_lag_ms(self) -> float:
        """The longest delay of the loop, in ms, while the process as a whole ran."""
        return max((gap.seconds * 1000 for gap in self._recent() if not gap.is_standstill), default=0.0)

    @property
    def standstills(self) -> list[float]:
        """How long the process stood still, each time, in seconds."""
        return [gap.seconds for gap in self._recent() if gap.is_standstill]

    async def run(self) -> None:
        """Beat, for ever, on the loop and on a thread."""
        stop = threading.Event()
        threading.Thread(target=self._beat_on_thread, args=[stop], name="pulse", daemon=True).start()
        try:
            while True:
                before, used_before = self._monotonic(), self._process_seconds()
                await asyncio.sleep(BEAT_SECONDS)
                self.beat(before, used_before)
        finally:
            stop.set()

    def beat(self, before: float, used_before: float) -> None:
        """Judge the time since `before`, when the process had used so many seconds of CPU."""
        now = self._monotonic()
        gap = now - before - BEAT_SECONDS
        if gap <= 0:
            return
        is_standstill = (
            gap >= SMALLEST_GAP_SECONDS
            and self._thread_gap_since(before, now) >= gap / 2
            and self._process_seconds() - used_before < gap * IDLE_SHARE
        )
        self._gaps.append(Gap(now, gap, is_standstill))
        self._recent()

    def thread_beat(self) -> None:
        """Note that the thread runs."""
        now = self._monotonic()
        if (gap := now - self._thread_beat - BEAT_SECONDS) >= SMALLEST_GAP_SECONDS / 2:
            self._thread_gaps.append((now, gap))
        self._thread_beat = now

    def _beat_on_thread(self, stop: threading.Event) -> None:
        while not stop.wait(BEAT_SECONDS):
            self.thread_beat()

    def _thread_gap_since(self, before: float, now: float) -> float:
        """The thread's longest gap that ended after `before`, or has not ended: it may not have woken yet."""
        ended = [seconds for at, seconds in self._thread_gaps if at >= before]
        return max([*ended, now - self._thread_beat - BEAT_SECONDS])

    def _recent(self) -> deque[Gap]:
        oldest = self._monotonic() - WINDOW_SECONDS
        while self._gaps and self._gaps[0].at < oldest:
            self._gaps.popleft()
        return self._gaps


class CpuLimit:
    """Reads for how much of the time the container's CPU limit throttled this process."""

    def __init__(self, monotonic: Callable[[], float], path: Path | None = None) -> None:
        self._monotonic, self._path = monotonic, path or cpu_stat_path()
        self._samples: deque[tuple[float, float]] = deque()

    def throttled_share(self) -> float | None:
        """Take a sample; returns the share of the last minute, None where there is no limit to read."""
        if self._path is None:
            return None
        try:
            throttled = throttled_seconds(self._path.read_text("ascii"))
        except OSError:
            return None
        if throttled is None:
            return None
        now = self._monotonic()
        self._samples.append((now, throttled))
        while now - self._samples[0][0] > WINDOW_SECONDS and len(self._samples) > 2:
            self._samples.popleft()
        since, before = self._samples[0]
        return min(1.0, (throttled - before) / (now - since)) if now > since else 0.0


def throttled_seconds(cpu_stat: str) -> float | None:
    """Read the throttled time of a control group in seconds; None where it has no limit to be throttled by.

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.stat: throttled_usec), and version 1's
    throttled_time in nanoseconds, https://docs.kernel.org/scheduler/sched-bwc.html.
    """
    values = dict(line.split(maxsplit=1) for line in cpu_stat.splitlines() if " " in line)
    if "throttled_usec" in values:
        return int(values["throttled_usec"]) / 1e6
    return int(values["throttled_time"]) / 1e9 if "throttled_time" in values else None


def cpu_stat_path() -> Path | None:
    """Return the file `cpu.stat` of this process's control group, where there is one (Linux cgroups(7))."""
    try:
        groups = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text("ascii").splitlines()]
    except (OSError, UnicodeDecodeError):
        return None
    for _, controllers, group in groups:
        if controllers == "":
            root = Path("/sys/fs/cgroup")
        elif "cpu" in controllers.split(","):
            root = Path("/sys/fs/cgroup") / controllers
        else:
            continue
        # In a container the root of the tree may be the container's own group.
        for folder in (root / group.lstrip("/"), root):
            if (folder / "cpu.stat").exists():
                return folder / "cpu.stat"
    return None
