import math

from pipeline.sweeps.ranking import best_rows, figure, is_ranked, merit, scores_of, set_said
from tests.sweeps.ledgers import lane_row


def rows(*values: float | None, state: str = "done") -> list:
    return [
        lane_row(number, state=state, statistics={"x": value})
        for number, value in enumerate(values)
    ]


def test_more_is_better_and_with_a_minus_less():
    found = rows(1.0, 3.0, 2.0)
    assert [row.statistics["x"] for row in best_rows(found, "x", 0, 2)] == [3.0, 2.0]
    assert [row.statistics["x"] for row in best_rows(found, "-x", 0, 2)] == [1.0, 2.0]
    assert (merit(found[1], "x", 0), merit(found[1], "-x", 0), figure(found[1], "-x")) == (
        3.0,
        -3.0,
        3.0,
    )


def test_equal_ones_stay_in_their_order():
    assert best_rows(rows(1.0, 1.0, 1.0), "x", 0, 3) == rows(1.0, 1.0, 1.0)


def test_what_is_not_defined_or_not_done_is_never_the_best():
    assert best_rows(rows(None, math.nan), "x", 0, 2) == []
    assert best_rows(rows(5.0, state="pruned"), "x", 0, 1) == []
    assert figure(lane_row(1, statistics={}), "x") is None


def test_what_made_too_few_round_trips_has_no_rank_and_no_score():
    found = [
        lane_row(trips, statistics={"x": 10.0 - trips, "round_trips": trips}) for trips in range(4)
    ]
    assert best_rows(found, "x", 0, 1) == [found[0]]
    assert best_rows(found, "x", 2, 9) == [found[2], found[3]]
    assert (merit(found[1], "x", 2), scores_of(found[1], ("x",), 2)) == (-math.inf, None)
    assert [is_ranked(row, 2) for row in found] == [False, False, True, True]


def test_a_ruined_lane_ranks_behind_all_others_also_where_it_came_back():
    found = [
        lane_row(number, statistics={"total_return": value, "max_drawdown": fall})
        for number, (value, fall) in enumerate([(0.1, 0.2), (4.0, 1.3), (-1.0, 1.0)])
    ]
    assert best_rows(found, "total_return", 0, 3) == [found[0], found[1], found[2]]
    assert best_rows(found, "-max_drawdown", 0, 3) == [found[0], found[2], found[1]]
    assert best_rows(found, "total_return", 0, 1) == [found[0]]
    assert merit(found[1], "total_return", 0) == -math.inf
    assert scores_of(found[1], ("total_return",), 0) is None


def test_scores_are_figures_as_they_are_with_nan_for_what_is_not_defined():
    (row,) = rows(2.0)
    first, second = scores_of(row, ("-x", "y"), 0) or ()
    assert first == 2.0
    assert math.isnan(second)
    assert scores_of(rows(2.0, state="failed")[0], ("x",), 0) is None


def test_sets_are_said_in_few_digits():
    assert set_said({"x": -0.0, "y": -1e-9}) == "x 0, y -1e-09"
    assert (
        set_said({"fast": 3, "stop": 0.123456789, "on": True}) == "fast 3, stop 0.123457, on True"
    )
