import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LedgerError
from pipeline.sweeps.ledger.ledger import Ledger
from tests.sweeps.ledgers import dates, lane_row, returns, sweep_row

ROWS = [
    lane_row(1),
    lane_row(2, statistics={"sharpe_ratio": None, "on": True}),
    lane_row(3, state="failed", error="it's; DROP TABLE lanes", digest=""),
    lane_row(40, parameters={"fast": 40, "leader": "B B"}, universe="tech", seconds=9.0),
]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    with Ledger.open(tmp_path_factory.mktemp("ledger")) as ledger:
        ledger.begin(sweep_row())
        ledger.begin(sweep_row("empty"))
        ledger.record("demo", 0, ROWS, dates(), returns(range(4)))
        yield ledger


def fast(rows) -> list[int]:
    return [row.parameters["fast"] for row in rows]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("sharpe_ratio > 0.25", [3, 40]),
        ("sharpe_ratio>=0.25", [1, 3, 40]),
        ("  statistics.sharpe_ratio  <  1 ", [1, 3]),
        ("sharpe_ratio = null", [2]),
        ("sharpe_ratio != null", [1, 3, 40]),
        ("sharpe_ratio != 0.25", [3, 40]),
        ("sharpe_ratio = NaN", [2]),
        ("sharpe_ratio != none", []),
        ("parameters.fast < 20", [1, 2, 3]),
        ("parameters.fast == 40", [40]),
        ("parameters.fast < 99999999999999999999", [1, 2, 3, 40]),
        ("parameters.leader = AAA", [1, 2, 3]),
        ("parameters.leader = B B", [40]),
        ("parameters.leader = 'B B'", [40]),
        ('parameters.leader != "B B"', [1, 2, 3]),
        ("parameters.slow = 50", [1, 2, 3]),
        ("slow = 50", [1, 2, 3]),
        ("fast < 3", [1, 2]),
        ("on = true", [2]),
        ("state = done", [1, 2, 40]),
        ('error != ""', [3]),
        ("error = it's; DROP TABLE lanes", [3]),
        ("universe = ''", [1, 2, 3]),
        ("seconds > 1", [40]),
        ("deepest_drawdown.depth <= -3", [3, 40]),
        (["parameters.fast > 1", "state = done"], [2, 40]),
    ],
)
def test_a_filter_chooses_lanes(ledger, where, found):
    assert fast(ledger.lanes("demo", where=where)) == found
    assert fast(ledger.lanes(where=where)) == found
    assert ledger.lanes("empty", where=where) == []


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("sharpe_ratio", [1, 3, 40, 2]),
        ("-sharpe_ratio", [40, 3, 1, 2]),
        ("-parameters.fast", [40, 3, 2, 1]),
        ("-fast", [40, 3, 2, 1]),
        ("parameters.slow", [1, 2, 3, 40]),
        ("state", [1, 2, 40, 3]),
        ("-deepest_drawdown.depth", [1, 3, 40, 2]),
    ],
)
def test_lanes_are_sorted_with_nulls_last(ledger, order, found):
    assert fast(ledger.lanes("demo", order=order)) == found
    assert fast(ledger.lanes("demo", order=order, limit=2)) == found[:2]
    assert ledger.lanes(order=order, limit=0) == []


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("sharp_ratio > 1", "no lane has 'sharp_ratio'; did you mean sharpe_ratio?"),
        ("parameters.fats > 1", "no lane has 'parameters.fats'; did you mean parameters.fast?"),
        ("stat = done", "no lane has 'stat'; did you mean state?"),
        ("fast;x > 1", "no lane has 'fast;x'; did you mean"),
        ('a"b > 1', "no lane has 'a\"b'; did you mean"),
        ("sharpe_ratio", "'sharpe_ratio' is not a filter; expected a name, one of < <="),
        ("sharpe_ratio >", "'sharpe_ratio >' is not a filter"),
        ("sharpe_ratio > = 1", "'sharpe_ratio > = 1' is not a filter"),
        ("sharpe_ratio > 1,5", "'sharpe_ratio > 1,5': expected a number after >, was 1,5"),
        ("sharpe_ratio < null", "'sharpe_ratio < null': expected a number after <, was null"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(ledger, where, message):
    with pytest.raises(LedgerError) as caught:
        ledger.lanes(where=where)
    assert str(caught.value).startswith(message)


def test_a_figure_goes_before_a_parameter_of_its_name(tmp_path: Path):
    with Ledger.open(tmp_path) as ledger:
        ledger.begin(sweep_row())
        rows = [
            lane_row(n, parameters={"turnover": n}, statistics={"turnover": -n}) for n in (1, 2)
        ]
        ledger.record("demo", 0, rows, dates(), returns(range(2)))
        assert ledger.lanes(order="turnover") == rows[::-1]
        assert ledger.lanes(order="parameters.turnover") == rows
        assert ledger.lanes(where="turnover < 0") == rows


def test_an_order_by_what_no_lane_has_is_refused(ledger):
    with pytest.raises(LedgerError, match=r"no lane has 'cagr'; did you mean"):
        ledger.lanes(order="-cagr")


def test_without_lanes_any_name_finds_none(tmp_path: Path):
    with Ledger.open(tmp_path) as empty:
        assert empty.lanes(where="cagr > 1", order="-cagr") == []


@given(st.text(), st.sampled_from(["<", ">", "=", "!=", ""]), st.text())
def test_any_text_finds_lanes_or_is_refused_and_harms_nothing(ledger, name, sign, value):
    for text in (f"{name}{sign}{value}", f"state {sign} {value}", f"parameters.{name} {sign} 1"):
        with contextlib.suppress(LedgerError):
            ledger.lanes(where=text, order=name)
    assert ledger.lanes() == ROWS
