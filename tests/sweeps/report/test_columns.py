import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.report.html.markup import script_json
from pipeline.sweeps.report.columns import (
    FAILED_SHOWN,
    LONGEST_ERROR,
    EquityCurve,
    figure_label,
    report_columns,
)
from tests.sweeps.report_lanes import DAY_NS, HOSTILE, lane


def columns(*lanes, scores=("sharpe_ratio",), fewest=0, best=(), benchmark=None):
    return report_columns(scores, fewest, lanes, best, benchmark)


def lanes_of(name, *values):
    return [lane(i, parameters={} if v is ... else {name: v}) for i, v in enumerate(values)]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.just(HOSTILE),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_in_a_script_says_the_same_and_cannot_end_it(value):
    text = script_json(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set("<>&\n") & set(text)


def test_numbers_stay_numbers_and_what_is_missing_is_none():
    (found,) = columns(*lanes_of("stop", 1, 2.5, ..., 0.1 + 0.2))["dimensions"]
    assert found == {"name": "stop", "kind": "number", "values": [1, 2.5, None, 0.3]}


def test_bools_are_texts():
    (found,) = columns(*lanes_of("flip", True, False, True))["dimensions"]
    assert found == {
        "name": "flip",
        "kind": "text",
        "levels": ["false", "true"],
        "values": [1, 0, 1],
    }


@pytest.mark.parametrize("odd", ["ten", True, math.inf, 2**53 + 1])
def test_numbers_among_what_javascript_cannot_draw_are_texts(odd):
    (found,) = columns(*lanes_of("mixed", 10, 9, odd))["dimensions"]
    assert found["kind"] == "text"
    assert found["levels"][:2] == ["9", "10"]
    assert len(found["levels"]) == 3


def test_a_parameter_of_one_value_is_fixed():
    found = columns(
        *(lane(i, parameters={"fast": i, "quantity": 100.0, "on": True}) for i in range(3))
    )
    assert [one["name"] for one in found["dimensions"]] == ["fast"]
    assert found["fixed"] == [("strategy", "Cross"), ("quantity", "100"), ("on", "true")]


def test_strategies_that_differ_are_a_dimension_by_their_shortest_names():
    found = columns(lane(strategy="a:One"), lane(strategy="b:Two"))
    assert found["dimensions"][0]["levels"] == ["One", "Two"]
    found = columns(lane(strategy="a:One"), lane(strategy="b:One"))
    assert found["dimensions"][0]["levels"] == ["a:One", "b:One"]


def test_a_parameter_may_be_called_universe():
    lanes = [
        lane(i, universe=name, parameters={"universe": i}) for i, name in enumerate(("all", "tech"))
    ]
    assert [one["name"] for one in columns(*lanes)["dimensions"]] == ["universe", "universe"]


def test_only_lanes_that_are_done_are_drawn():
    found = columns(lane(1), lane(2, state="pruned"), lane(3, state="failed", error="no"), lane(4))
    assert found["dimensions"][0]["values"] == [1, 4]
    assert len(found["keys"]) == 2
    assert [len(one["values"]) for one in found["figures"]] == [2] * len(found["figures"])


def test_lanes_with_too_few_round_trips_have_no_rank():
    lanes = [lane(trips, statistics={"round_trips": trips}) for trips in (9, 10, 11)]
    assert columns(*lanes, fewest=10)["ranked"] == [False, True, True]
    assert columns(*lanes)["ranked"] == [True] * 3


def test_scores_come_first_and_say_which_way_is_better():
    found = columns(lane(), scores=("-max_drawdown", "sharpe_ratio"))
    assert [one["name"] for one in found["figures"][:2]] == ["max_drawdown", "sharpe_ratio"]
    assert found["scores"] == [{"figure": 0, "minimise": True}, {"figure": 1, "minimise": False}]


def test_a_figure_that_nobody_knows_is_left_out_unless_it_is_a_score():
    assert columns(lane(score=None))["figures"][0]["values"] == [None]
    names = [one["name"] for one in columns(lane(score=None))["figures"]]
    assert names == ["sharpe_ratio", "max_drawdown", "round_trips"]


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "1", True, [1.0]])
def test_a_figure_that_is_no_finite_number_is_unknown(value):
    assert columns(lane(score=1.0, statistics={"sharpe_ratio": value}))["figures"][0]["values"] == [
        None
    ]


def test_figures_are_rounded_to_what_can_be_seen():
    statistics = {"sharpe_ratio": 1 / 3, "round_trips": 123_456_789, "final_equity": 1e6 + 1e-4}
    found = {one["name"]: one for one in columns(lane(statistics=statistics))["figures"]}
    assert found["sharpe_ratio"]["values"] == [0.3333333]
    assert found["round_trips"]["values"] == [123_456_789]
    assert json.dumps(found["final_equity"]["values"]) == "[1000000]"


def test_of_failed_lanes_only_the_first_are_told_and_of_their_errors_the_beginning():
    lanes = [lane(i, state="failed", error="x" * 9_999) for i in range(FAILED_SHOWN + 5)]
    found = columns(*lanes)["failed"]
    assert found["lanes"] == FAILED_SHOWN + 5
    assert len(found["rows"]) == FAILED_SHOWN
    assert found["rows"][3] == ["module:Cross(number=3)", "x" * LONGEST_ERROR, "3" + "0" * 11]


def test_a_curve_goes_below_zero_and_leaves_out_what_is_not_known():
    days = np.array([10, 11, 12, 13], dtype=np.int64)
    given_ = EquityCurve("SPY", days * DAY_NS, np.array([1.0, np.nan, -0.2, 0.8]))
    assert columns(best=[given_], benchmark=given_)["curves"] == [
        {"label": "SPY", "benchmark": benchmark, "days": [10, 12, 13], "growth": [1, -0.2, 0.8]}
        for benchmark in (False, True)
    ]


def test_no_lanes_give_empty_columns():
    found = columns()
    assert found["dimensions"] == found["fixed"] == found["keys"] == []
    assert found["figures"][0]["values"] == []


def test_labels_read_like_headings():
    assert figure_label("sharpe_ratio") == "Sharpe ratio"
