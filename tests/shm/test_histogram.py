import math

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from shm.histogram import BUCKETS, RELATIVE_ERROR, Distribution, bounds_of, bucket_of, buckets_of

GREATEST = 2**63 - 1
values = st.one_of(
    st.integers(0, 100),
    st.integers(0, 10**9),
    st.integers(0, GREATEST),
    st.integers(0, 62).map(lambda bit: 1 << bit),
    st.integers(0, 62).map(lambda bit: (1 << bit) - 1),
)


def of(recorded: list[int]) -> Distribution:
    counts = np.zeros(BUCKETS, np.int64)
    for value in recorded:
        counts[bucket_of(value)] += 1
    return Distribution(
        len(recorded), sum(recorded), min(recorded, default=0), max(recorded, default=0), counts
    )


@given(values)
def test_a_bucket_holds_its_values_and_is_a_128th_wide_at_most(value: int) -> None:
    bucket = bucket_of(value)
    low, high = bounds_of(bucket)
    assert low <= value <= high
    assert (high - low + 1) * 128 <= low or high == low
    assert 0 <= bucket < BUCKETS
    assert bucket_of(high) == bucket
    if high < GREATEST:
        assert bucket_of(high + 1) == bucket + 1


@given(st.lists(values, min_size=1))
def test_arrays_and_single_values_go_into_the_same_buckets(recorded: list[int]) -> None:
    assert buckets_of(np.array(recorded, np.int64)).tolist() == [bucket_of(v) for v in recorded]


def test_the_greatest_value_is_in_the_last_bucket() -> None:
    assert bucket_of(GREATEST) == BUCKETS - 1


@given(st.lists(values, min_size=1), st.floats(0, 1))
def test_a_quantile_is_within_its_documented_error(recorded: list[int], q: float) -> None:
    true = sorted(recorded)[max(1, math.ceil(q * len(recorded))) - 1]
    found = of(recorded).quantile(q)
    assert abs(found - true) <= RELATIVE_ERROR * true
    assert float(min(recorded)) <= found <= float(max(recorded))


@given(st.lists(values, min_size=1))
def test_the_mean_is_exact(recorded: list[int]) -> None:
    assert of(recorded).mean == sum(recorded) / len(recorded)


@given(st.lists(st.lists(values)))
def test_merging_parts_gives_the_distribution_of_the_whole(parts: list[list[int]]) -> None:
    merged = Distribution.merge(of(part) for part in parts)
    whole = of([value for part in parts for value in part])
    for name in ("count", "total", "minimum", "maximum"):
        assert getattr(merged, name) == getattr(whole, name)
    assert (merged.counts == whole.counts).all()


def test_no_values_have_no_mean_and_no_quantile() -> None:
    nothing = of([])
    assert math.isnan(nothing.mean)
    assert math.isnan(nothing.p50)
    assert math.isnan(nothing.p99)


@pytest.mark.parametrize("q", [-0.1, 1.1, math.nan])
def test_a_share_outside_0_to_1_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="q must be 0 to 1"):
        of([1]).quantile(q)


def test_quantiles_are_those_of_hdrhistogram() -> None:
    """A million latencies, of 1 us to some seconds: within 1 % up to the 99.99th percentile."""
    recorded = np.random.default_rng(5).lognormal(13.0, 1.5, 1_000_000).astype(np.int64)
    oracle = HdrHistogram(1, 10**12, 3)
    for value in recorded.tolist():
        oracle.record_value(value)
    counts = np.bincount(buckets_of(recorded), minlength=BUCKETS)
    found = Distribution(
        len(recorded), int(recorded.sum()), int(recorded.min()), int(recorded.max()), counts
    )
    for percent in (1, 10, 50, 90, 99, 99.9, 99.99):
        expected = oracle.get_value_at_percentile(percent)
        assert abs(found.quantile(percent / 100) / expected - 1) < 0.01


@given(st.lists(values), st.lists(values))
def test_what_came_since_is_the_difference(before: list[int], after: list[int]) -> None:
    since = of(before + after).since(of(before))
    assert since.count == len(after)
    assert since.total == sum(after)
    assert (since.counts == of(after).counts).all()
