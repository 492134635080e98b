"""Percentiles of durations from buckets, against the exact ones."""

import random
from bisect import bisect_left
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.durations import BUCKET_BOUNDS_MS, duration_percentile_ms

HOUR_MS = 3_600_000
# How far off the percentile of a smooth and wide spread of durations may be.
TOLERANCE = 0.3


def bucket_of(duration_ms: int) -> int:
    """The number of a duration's bucket, from 0."""
    return bisect_left(BUCKET_BOUNDS_MS, duration_ms)


def counts_of(durations: list[int]) -> list[int]:
    """How many durations lie in each bucket."""
    counts = [0] * (len(BUCKET_BOUNDS_MS) + 1)
    for duration in durations:
        counts[bucket_of(duration)] += 1
    return counts


def exact(durations: list[int], percent: int) -> int:
    """The percentile by nearest rank."""
    return sorted(durations)[max(0, ceil(len(durations) * percent / 100) - 1)]


@given(st.lists(st.integers(1, 5 * HOUR_MS), min_size=1, max_size=60), st.sampled_from((50, 95)))
def test_a_percentile_lies_in_the_bucket_of_the_exact_one(durations: list[int], percent: int):
    """Whatever the durations: it is never off by more than the width of that bucket."""
    found = duration_percentile_ms(counts_of(durations), percent, sum(durations))
    assert found is not None
    assert bucket_of(found) == bucket_of(exact(durations, percent))


@pytest.mark.parametrize("typical_ms", [300, 800, 3_000, 20_000, 90_000, 400_000, 1_000_000])
@pytest.mark.parametrize("percent", [50, 95])
def test_the_percentile_of_a_smooth_spread_is_about_right(typical_ms: int, percent: int):
    """As durations are: many near the typical one, some a few times as long."""
    of_chance = random.Random(7)
    durations = [ceil(typical_ms * of_chance.lognormvariate(0, 1)) for _ in range(5_000)]
    found = duration_percentile_ms(counts_of(durations), percent, sum(durations))
    assert found == pytest.approx(exact(durations, percent), rel=TOLERANCE)


def test_beyond_the_last_bound_it_is_the_mean_of_what_lies_there():
    """The bucket has no end to draw a line to."""
    durations = [4 * HOUR_MS] * 10 + [6 * HOUR_MS] * 10
    assert duration_percentile_ms(counts_of(durations), 50, sum(durations)) == 5 * HOUR_MS
    assert duration_percentile_ms(counts_of([*durations, 60_000]), 95, sum(durations) + 60_000) in range(
        5 * HOUR_MS, 5 * HOUR_MS + 60_000
    )


def test_without_any_duration_there_is_no_percentile():
    """Nor is there one where nobody counted."""
    assert duration_percentile_ms([0] * 16, 50, 0) is None
    assert duration_percentile_ms([], 95, 0) is None
