"""Percentiles of durations, from counts per bucket as `job_execution_stats` keeps them."""

from collections.abc import Sequence
from math import ceil

# Bucket i counts what took longer than the bound before it and no longer than bound i; the last has no end.
# They are the schema's (duration_bucket in schema/004_runs.sql).
BUCKET_BOUNDS_MS = (
    *(100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000),
    *(120_000, 300_000, 600_000, 1_800_000, 3_600_000, 10_800_000),
)


def duration_percentile_ms(counts: Sequence[int], percent: int, sum_ms: int) -> int | None:
    """Return which duration `percent` of all do not exceed; None without any. `sum_ms`: of all together.

    It lies in the bucket in which the exact one (by nearest rank) lies, so it is off by less than that
    bucket's width; inside, durations count as spread evenly by their logarithm, as the bounds are. In the
    last bucket, which has no end, it is the mean of what must lie there.
    """
    rank = sum(counts) * percent / 100
    lower, before = 0, 0
    for count, upper in zip(counts, BUCKET_BOUNDS_MS, strict=False):
        if count and before + count >= rank:
            share = (rank - before) / count
            return ceil(lower * (upper / lower) ** share if lower else upper * share)
        lower, before = upper, before + count
    if not any(counts):
        return None
    others = sum(
        count * (low + high) / 2
        for count, low, high in zip(counts, (0, *BUCKET_BOUNDS_MS), BUCKET_BOUNDS_MS, strict=False)
    )
    return max(lower + 1, ceil((sum_ms - others) / counts[-1]))
