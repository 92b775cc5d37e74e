import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.importers.times.date_order import DateOrder


@given(pairs=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=20))
def test_a_number_above_12_is_a_day(pairs: list[tuple[int, int]]) -> None:
    order = DateOrder()
    for first, second in pairs:
        order.see(np.array([first]), np.array([second]))
    mdy = any(1 <= first <= 12 < second <= 31 for first, second in pairs)
    dmy = any(1 <= second <= 12 < first <= 31 for first, second in pairs)
    expected = {(True, True): "both", (True, False): "mdy", (False, True): "dmy"}
    assert order.verdict == expected.get((mdy, dmy), "unknown")


@pytest.mark.parametrize(
    ("dates", "verdict"),
    [
        ([(18, 1, 2)], "unknown"),
        ([(18, 1, 2), (18, 1, 30)], "unknown"),
        ([(18, 1, 2), (31, 1, 2)], "dmy"),
        ([(18, 1, 98)], "dmy"),
        ([(1, 18, 2)], "mdy"),
    ],
)
def test_a_date_of_short_numbers_may_begin_with_its_year(
    dates: list[tuple[int, int, int]], verdict: str
) -> None:
    order = DateOrder()
    order.see(*np.array(dates).T)
    assert order.verdict == verdict


@pytest.mark.parametrize(("first", "second"), [([], []), ([13], [13]), ([0], [13]), ([40], [1])])
def test_impossible_dates_show_nothing(first: list[int], second: list[int]) -> None:
    order = DateOrder()
    order.see(np.array(first, dtype=np.int64), np.array(second, dtype=np.int64))
    assert order.verdict == "unknown"
