"""The Pareto front, against its definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sweeps.front import front_of, pareto_front
from tests.sweeps.report_lanes import lane


@given(st.integers(1, 4).flatmap(lambda k: st.lists(st.tuples(*[st.integers(0, 4)] * k))))
def test_the_front_is_of_those_that_none_beats(rows: list[tuple[int, ...]]):
    values = np.array(rows, np.float64).reshape(len(rows), len(rows[0]) if rows else 1)
    beaten = {
        at
        for at, one in enumerate(values)
        if any((other >= one).all() and (other > one).any() for other in values)
    }
    assert front_of(values).tolist() == [at for at in range(len(rows)) if at not in beaten]


def test_signs_turn_scores_round_and_lanes_without_a_rank_do_not_count():
    def scored(number: int, sharpe: float | None, depth: float, trips: int = 9):
        figures = {"sharpe_ratio": sharpe, "max_drawdown": depth, "round_trips": trips}
        return lane(number, statistics=figures)

    lanes = [
        *(scored(0, 1.0, 0.1), scored(1, 2.0, 0.2), scored(2, 1.0, 0.2), scored(3, None, 0.0)),
        *(scored(4, 9.0, 0.0, trips=1), scored(5, 9.0, 1.5), lane(6, 9.0, state="failed")),
    ]
    front = pareto_front(lanes, ("sharpe_ratio", "-max_drawdown"), 5)
    assert [one.parameters["number"] for one in front] == [1, 0]
