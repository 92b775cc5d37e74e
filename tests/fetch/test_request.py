from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.fetch.request import Request, begin_ns, day_of

NOW = begin_ns(date(2024, 6, 20)) + 12 * 3600 * 10**9


def test_without_an_end_it_ends_before_today():
    request = Request.of(["A", "B", "A"], "60m", "2024-06-01", None, NOW)
    assert request == Request(("A", "B"), "1h", date(2024, 6, 1), date(2024, 6, 20))
    assert (request.days, request.step_ns) == (19, 3600 * 10**9)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"symbols": []}, "needs at least one symbol"),
        ({"symbols": ["A", " B"]}, "no space at either end, was ' B'"),
        ({"interval": "1x"}, "interval must be a whole number with s, m, h or d"),
        ({"start": "2024-02-30"}, "start must be a day such as 2024-01-31, was '2024-02-30'"),
        ({"end": 5}, "end must be a day such as 2024-01-31, was 5"),
        ({"end": "2024-01-01"}, "start must be before end .* was 2024-01-01, with 2024-01-01 as"),
        ({"start": "1960-01-01"}, "from 1970-01-01 on, was 1960-01-01"),
        ({"start": "2025-01-01", "end": "2025-02-01"}, "must not be in the future, was 2025-01-01"),
    ],
)
def test_a_request_that_cannot_be_is_refused(change, told):
    asked = {"symbols": ["A"], "interval": "1m", "start": "2024-01-01", "end": None}
    with pytest.raises(ConfigError, match=told):
        Request.of(**(asked | change), now_ns=NOW)


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.integers(1, 400), st.integers(1, 90))
def test_windows_have_each_day_once(start, days, longest):
    request = Request(("A",), "1m", start, start + timedelta(days))
    found = request.windows(longest)
    assert [start, *(end for _, end in found)] == [*(first for first, _ in found), request.end]
    assert all(0 < (end - first).days <= longest for first, end in found)
    assert day_of(begin_ns(start)) == start
