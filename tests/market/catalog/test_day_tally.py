"""Days and hours of bars that come block by block."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market.catalog.day_tally import DayTally

HOUR = 3_600_000_000_000


@given(
    st.lists(st.integers(-(10**16), 10**16), min_size=1, max_size=60).map(sorted),
    st.lists(st.integers(0, 60), max_size=5).map(sorted),
)
def test_the_blocks_do_not_matter(times, cuts):
    ts = np.array(times, np.int64) // HOUR * HOUR // 3
    tally = DayTally()
    for block in np.split(ts, cuts):
        tally.look_at(block)
    days, bars = np.unique(ts // (24 * HOUR), return_counts=True)
    assert tally.hours.tolist() == np.unique(ts // HOUR).tolist()
    assert tally.days.number.tolist() == days.tolist()
    assert tally.days.bars.tolist() == bars.tolist()
    assert (tally.rows, tally.first_ts, tally.last_ts) == (len(ts), ts[0], ts[-1])
    weekdays = [np.datetime64(int(day), "D").astype(object).weekday() for day in days]
    assert tally.days.weekday.tolist() == weekdays


def test_no_bars_have_no_days():
    assert len(DayTally().days.number) == len(DayTally().hours) == 0
