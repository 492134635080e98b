"""What a run may log: bounded in lines, in bytes and in time, and never silently."""

from datetime import timedelta

import pytest

from service.execution import log_buffer
from service.execution.log_buffer import Line, LogBuffer, Memory
from tests.support.jobs import MONDAY_9AM


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    """Ten lines at once, two a second, the last three; 100 bytes in all."""
    for name, value in {
        "MOST_LINES_AT_ONCE": 10,
        "LINES_A_SECOND": 2,
        "MOST_LAST_LINES": 3,
        "MOST_BYTES": 100,
        "MOST_LAST_BYTES": 50,
        "MOST_BYTES_OF_ALL": 1_000,
    }.items():
        monkeypatch.setattr(log_buffer, name, value)


def line(number, size=1):
    return Line(MONDAY_9AM + timedelta(seconds=number), "info", "test", str(number), {}, size)


def messages(buffer, most=100):
    return [each.message for each in buffer.take(most)]


def test_few_lines_come_out_as_they_went_in():
    """Below the limits nothing is lost or moved."""
    buffer = LogBuffer(Memory(), now=0)
    for number in range(10):
        buffer.add(line(number), now=0)
    assert messages(buffer, 4) == ["0", "1", "2", "3"]
    assert messages(buffer) == ["4", "5", "6", "7", "8", "9"]


def test_of_too_many_lines_the_first_and_the_last_are_kept():
    """In the place of those left out stands how many they are, at the time of one of them."""
    memory = Memory()
    buffer = LogBuffer(memory, now=0)
    for number in range(50):
        buffer.add(line(number), now=0)
    buffer.close()
    lines = buffer.take(100)
    assert [each.message for each in lines] == [
        *map(str, range(10)),
        "lines left out here: 37; the run logs more than is kept",
        *("47", "48", "49"),
    ]
    assert lines[10].fields == {"lines_left_out": 37}
    times = [each.logged_at for each in lines]
    assert times == sorted(set(times))
    assert memory.used == 0


def test_a_run_that_went_quiet_shows_its_last_lines():
    """What waits is let go as soon as that many lines are allowed, ended or not."""
    buffer = LogBuffer(Memory(), now=0)
    for number in range(12):
        buffer.add(line(number), now=0)
    assert messages(buffer) == [*map(str, range(10))]
    buffer.go_on(now=1)
    assert messages(buffer) == []
    buffer.go_on(now=1.5)
    assert messages(buffer) == ["10", "11"]
    buffer.add(line(12), now=1.5)
    buffer.close()
    assert messages(buffer) == ["12"]


def test_a_run_that_never_stops_is_kept_at_its_rate():
    """A thousand lines a second for a minute leave the allowance of a minute."""
    buffer, kept = LogBuffer(Memory(), now=0), []
    for number in range(60_000):
        buffer.add(line(number), now=number / 1000)
        if number % 200 == 0:
            buffer.go_on(now=number / 1000)
            kept += messages(buffer)
    buffer.close()
    kept += messages(buffer)
    told = sum(int(each.split(": ")[1].split(";")[0]) for each in kept if each.startswith("lines"))
    numbers = [int(each) for each in kept if not each.startswith("lines")]
    assert len(numbers) + told == 60_000
    assert 100 <= len(numbers) <= 10 + 2 * 60 + 3
    assert numbers == sorted(numbers)
    assert numbers[-3:] == [59_997, 59_998, 59_999]


def test_large_lines_have_less_room():
    """Bytes count as lines do, first and last."""
    buffer = LogBuffer(Memory(), now=0)
    for number in range(10):
        buffer.add(line(number, size=30), now=0)
    buffer.close()
    assert messages(buffer) == ["0", "1", "2", "lines left out here: 6; the run logs more than is kept", "9"]


def test_all_buffers_share_one_memory():
    """When others use it up, lines are counted and not kept; what is taken makes room."""
    memory = Memory()
    memory.used = 1_000
    buffer = LogBuffer(memory, now=0)
    buffer.add(line(0), now=0)
    assert messages(buffer) == []
    memory.used = 0
    buffer.go_on(now=0)
    assert messages(buffer) == ["lines left out here: 1; the run logs more than is kept"]
    buffer.add(line(1), now=0)
    assert messages(buffer) == ["1"]
    assert memory.used == 0


def test_a_closed_buffer_holds_nothing_back():
    """Lines of a thread that outlived its run are kept while they are allowed, and never wait for an end."""
    buffer = LogBuffer(Memory(), now=0)
    for number in range(8):
        buffer.add(line(number), now=0)
    buffer.close()
    for number in range(8, 20):
        buffer.add(line(number), now=0)
    assert messages(buffer) == [*map(str, range(10))]
    assert not buffer.is_thinning
