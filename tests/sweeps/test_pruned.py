"""The sets that halving has ended."""

import numpy as np
import pytest

from pipeline.sweeps.pruned import MOST_CURVES, chosen_pruned, pruned_sets
from tests.sweeps.report_lanes import DAY_NS, lane


def ended(number: int, sessions: int):
    return lane(number, state="pruned", statistics={"sessions": sessions})


def test_each_curve_goes_up_to_where_the_set_was_ended():
    rows = [ended(0, 4), ended(1, 2), ended(2, 2), lane(3)]
    dates = 19_724 * DAY_NS + DAY_NS * np.arange(4)
    returns = {
        one.key: (dates[: one.statistics["sessions"]], np.full(one.statistics["sessions"], 0.1))
        for one in rows[:3]
    }
    found = pruned_sets(rows, returns)
    assert [(one.sessions, one.ended) for one in found.rungs] == [(2, 2), (4, 1)]
    assert [len(one.growth) for one in found.curves] == [2, 2, 4]
    assert found.curves[2].growth[-1] == pytest.approx(1.1**4)
    assert found.curves[2].dates[-1] == dates[-1]


def test_of_very_many_sets_some_of_each_rung_are_drawn():
    rows = [ended(at, 2) for at in range(5_000)] + [ended(5_000, 4), ended(5_001, 6)]
    chosen = chosen_pruned(rows)
    assert MOST_CURVES - 4 <= len(chosen) <= MOST_CURVES
    assert {one.statistics["sessions"] for one in chosen} == {2, 4, 6}
