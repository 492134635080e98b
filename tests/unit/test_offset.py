"""The offset to the database's clock: which samples are believed."""

from datetime import timedelta

from service.domain.offset import OffsetFilter, OffsetSample


def sample(offset_ms: float, round_trip_ms: float) -> OffsetSample:
    return OffsetSample(timedelta(milliseconds=offset_ms), round_trip_ms / 1000)


def believed(*samples: OffsetSample) -> float:
    """What is believed after all these samples, in milliseconds."""
    offsets = OffsetFilter()
    return [offsets.add(each) for each in samples][-1] / timedelta(milliseconds=1)


def test_the_sample_with_the_shortest_round_trip_is_believed():
    """Its error is the smallest."""
    assert believed(sample(10, 20), sample(13, 2), sample(25, 40)) == 13


def test_a_sample_with_a_long_round_trip_says_too_little():
    """Over 100 ms it is dropped, however far off it is."""
    assert believed(sample(10, 20), sample(60_000, 101)) == 10


def test_a_rough_sample_is_better_than_none_until_a_good_one_comes():
    """A clock that is an hour wrong is worse than one that is 200 ms wrong."""
    hour = 3_600_000
    assert believed(sample(hour, 400)) == hour
    assert believed(sample(hour, 400), sample(hour + 90, 300), sample(hour - 80, 900)) == hour + 90
    assert believed(sample(hour, 400), sample(hour + 150, 50)) == hour + 150


def test_a_step_of_a_clock_is_followed_at_once():
    """No earlier sample agrees with it: they are forgotten, however good they were."""
    assert believed(sample(10, 1), sample(10, 1), sample(5_010, 60)) == 5_010
    assert believed(sample(10, 1), sample(5_010, 60), sample(5_012, 30)) == 5_012


def test_a_drift_is_followed_as_old_samples_leave():
    """The best sample is of the last eight."""
    assert believed(sample(0, 1), *(sample(offset, 5) for offset in range(1, 9))) == 1
