import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.latencies import count_values
from shm.histogram import BUCKETS, bucket_of
from shm.stats_row import COUNT, FIRST_BUCKET, MAXIMUM, MINIMUM, TIMER_WORDS, TOTAL

nanoseconds = st.lists(st.integers(0, 2**50))


@given(st.lists(nanoseconds, max_size=3))
def test_values_are_counted_as_one_after_the_other_would_be(parts: list[list[int]]):
    words = np.zeros(TIMER_WORDS, np.int64)
    for part in parts:
        count_values(np.array(part, np.int64), words)
    whole = [value for part in parts for value in part]
    expected = np.zeros(BUCKETS, np.int64)
    for value in whole:
        expected[bucket_of(value)] += 1
    assert words[FIRST_BUCKET:].tolist() == expected.tolist()
    assert words[COUNT] == len(whole)
    assert words[TOTAL] == sum(whole)
    assert words[MINIMUM] == min(whole, default=0)
    assert words[MAXIMUM] == max(whole, default=0)
