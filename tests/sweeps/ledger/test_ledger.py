import math
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LedgerError
from pipeline.sweeps.ledger.ledger import LaneRow, Ledger
from tests.sweeps.ledgers import dates, lane_row, recorded, returns, sweep_row


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger.open(tmp_path / "l") as ledger:
        ledger.begin(sweep_row())
        yield ledger


FINITE = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text("abcxyz_", min_size=1)
PLAIN = st.none() | st.booleans() | st.integers() | FINITE | st.text()
FIGURES = PLAIN | st.dictionaries(NAMES, PLAIN, max_size=2)
LANES = st.builds(
    LaneRow,
    key=st.text("0123456789abcdef", min_size=32, max_size=32),
    strategy=st.text(),
    universe=st.text(),
    parameters=st.dictionaries(NAMES, PLAIN),
    state=st.sampled_from(["done", "pruned", "failed"]),
    error=st.text(),
    digest=st.text(),
    statistics=st.dictionaries(
        NAMES, PLAIN | st.dictionaries(NAMES, PLAIN, max_size=2), max_size=5
    ),
    seconds=st.floats(0, 1e9),
)
ENCODABLE = st.lists(LANES, min_size=1, max_size=5, unique_by=lambda row: row.key)


@given(ENCODABLE, st.integers(0, 4), st.data())
def test_what_is_recorded_is_read_back(tmp_path_factory, rows, sessions, data):
    values = st.floats(-1e300, 1e300) | st.just(math.nan)
    row = st.lists(values, min_size=sessions, max_size=sessions)
    given_returns = np.array([data.draw(row) for _ in rows]).reshape(len(rows), sessions)
    folder = tmp_path_factory.mktemp("ledger")
    with Ledger.open(folder) as ledger:
        ledger.begin(sweep_row())
        ledger.record("demo", 3, rows, dates(sessions), given_returns)
    with Ledger.open(folder, create=False) as ledger:
        keys = [row.key for row in rows]
        assert ledger.lanes("demo") == ledger.lanes() == rows
        assert ledger.known([*keys, "absent"]) == {row.key: row for row in rows}
        found = ledger.returns([*keys, "absent"])
        assert list(found) == keys
        for place, key in enumerate(keys):
            np.testing.assert_array_equal(found[key][0], dates(sessions))
            np.testing.assert_array_equal(found[key][1], given_returns[place])


def test_what_is_no_finite_number_is_null(ledger):
    figures = {"a": math.nan, "b": math.inf, "c": np.float64(1.5), "d": {"e": np.nan}, "f": [1]}
    recorded(ledger, "demo", [1], statistics=figures)
    (row,) = ledger.lanes()
    assert row.statistics == {"a": None, "b": None, "c": 1.5, "d": {"e": None}, "f": [1]}


def test_a_lane_that_is_run_again_replaces_its_row_and_its_returns(ledger):
    recorded(ledger, "demo", [1, 2, 3])
    again = lane_row(2, state="failed", error="it raised")
    ledger.record("demo", [2], [again], dates(2), np.array([[7.0, 8.0]]))
    assert ledger.lanes("demo") == [lane_row(1), again, lane_row(3)]
    found = ledger.returns([again.key, lane_row(3).key])
    assert found[again.key][1].tolist() == [7.0, 8.0]
    assert found[lane_row(3).key][1].tolist() == returns([3])[0].tolist()


def test_lanes_that_are_known_can_belong_to_several_sweeps(ledger):
    recorded(ledger, "demo", [1, 2, 3])
    ledger.begin(sweep_row("other"))
    ledger.adopt("other", [9, 4], [lane_row(1).key, lane_row(3).key])
    recorded(ledger, "other", [5])
    assert [row.parameters["fast"] for row in ledger.lanes("other")] == [3, 5, 1]
    assert [row.parameters["fast"] for row in ledger.lanes()] == [1, 2, 3, 5]
    with pytest.raises(LedgerError, match="has no lane with the key absent"):
        ledger.adopt("other", [1, 2], [lane_row(2).key, "absent"])
    assert len(ledger.lanes("other")) == 3


def test_a_sweep_that_is_resumed_keeps_its_lanes(ledger):
    recorded(ledger, "demo", [1])
    ledger.finish("demo", "partial")
    assert [row.state for row in ledger.sweeps()] == ["partial"]
    ledger.begin(sweep_row(seed=8))
    assert ledger.sweeps() == [sweep_row(seed=8)]
    assert len(ledger.lanes("demo")) == 1


def test_sweeps_come_in_the_order_of_their_start(ledger):
    first = sweep_row("a", started="2023-01-01T00:00:00Z", scores=("-max_drawdown", "cagr"))
    ledger.begin(first)
    assert ledger.sweeps() == [first, sweep_row()]


def test_a_sweep_that_has_not_begun_is_refused_with_the_nearest(ledger):
    for call in (
        lambda: recorded(ledger, "dem", [1]),
        lambda: ledger.finish("dem", "done"),
        lambda: ledger.adopt("dem", [], []),
        lambda: ledger.lanes("dem"),
        lambda: ledger.compare(["dem"]),
    ):
        with pytest.raises(LedgerError, match=r"ledger.sqlite has no sweep dem; did you mean de"):
            call()
    assert ledger.lanes() == []
    assert not (ledger.folder / "returns").exists()


def test_wrong_shapes_and_states_are_mistakes_of_the_caller(ledger):
    rows = [lane_row(1), lane_row(2)]
    with pytest.raises(ValueError, match=r"returns must be \(2, 5\), was \(1, 5\)"):
        ledger.record("demo", 0, rows, dates(), returns([1]))
    with pytest.raises(ValueError, match="as many numbers as lanes, 2, was 1"):
        ledger.record("demo", [0], rows, dates(), returns([1, 2]))
    with pytest.raises(ValueError, match="state must be one of done, pruned, failed, was 'odd'"):
        ledger.record("demo", 0, [replace(rows[0], state="odd")], dates(), returns([1]))
    with pytest.raises(ValueError, match="state must be one of running, done, partial, was 'odd'"):
        ledger.finish("demo", "odd")
    ledger.record("demo", 0, [], dates(), returns([]))
    assert ledger.lanes() == []


def test_counts_are_of_lanes_by_state_for_each_sweep_an_empty_one_too(ledger):
    ledger.begin(sweep_row("a"))
    ledger.begin(sweep_row("b"))
    ledger.begin(sweep_row("empty"))
    (lane, _) = recorded(ledger, "a", [0, 1])
    recorded(ledger, "a", [2], state="failed")
    ledger.adopt("b", 0, [lane.key])
    counts = {sweep: list(states.items()) for sweep, states in ledger.counts().items()}
    assert counts["a"] == [("done", 2), ("pruned", 0), ("failed", 1)]
    assert counts["b"] == [("done", 1), ("pruned", 0), ("failed", 0)]
    assert counts["empty"] == [("done", 0), ("pruned", 0), ("failed", 0)]


def test_costs_are_seconds_per_bar_of_finished_lanes_by_strategy_and_universe(ledger):
    recorded(ledger, "demo", [1], seconds=1.0)
    recorded(ledger, "demo", [2], seconds=3.0)
    recorded(ledger, "demo", [3], seconds=5.0, universe="tech")
    recorded(ledger, "demo", [4], seconds=50.0, state="pruned")
    ledger.begin(sweep_row("other", code_hash="another"))
    recorded(ledger, "other", [5], seconds=50.0)
    assert ledger.costs("c") == {("demo:Cross", ""): 0.002, ("demo:Cross", "tech"): 0.005}
    assert ledger.costs("unheard of") == {}


def test_comparing_shows_the_sets_that_all_sweeps_have_with_the_scores_of_any(ledger):
    ledger.begin(sweep_row("other", scores=("-max_drawdown",), data_hash="e"))
    recorded(ledger, "demo", [1, 2, 3])
    figures = {"sharpe_ratio": 9.0, "max_drawdown": 0.1}
    parameters = {"leader": "AAA", "stop": 0.5, "slow": 50, "fast": 2}
    row = lane_row(12, parameters=parameters, statistics=figures)
    ledger.record("other", 0, [row, lane_row(13)], dates(), returns([12, 13]))
    (found,) = ledger.compare(["demo", "other"])
    assert (found.strategy, found.universe, found.parameters) == ("demo:Cross", "", parameters)
    assert found.figures == (
        {"sharpe_ratio": 0.5, "max_drawdown": None},
        {"sharpe_ratio": 9.0, "max_drawdown": 0.1},
    )
    assert ledger.compare([]) == []


def test_a_file_of_returns_that_is_lost_or_of_others_is_named(ledger):
    recorded(ledger, "demo", [1])
    recorded(ledger, "demo", [2])
    first, second = sorted((ledger.folder / "returns").iterdir())
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    with pytest.raises(LedgerError, match=r"\.parquet is damaged: row 0 is of another lane"):
        ledger.returns([lane_row(1).key, lane_row(2).key])
    first.write_bytes(content[:100])
    with pytest.raises(LedgerError, match=r"\.parquet is damaged: "):
        ledger.returns([lane_row(1).key, lane_row(2).key])
    first.unlink()
    with pytest.raises(LedgerError, match=r"\.parquet is lost; .*ledger\.sqlite names it"):
        ledger.returns([lane_row(1).key, lane_row(2).key])


def test_returns_are_found_where_they_are_after_their_lane_was_run_again(ledger, monkeypatch):
    recorded(ledger, "demo", [1])
    (old,) = (ledger.folder / "returns").iterdir()
    places = Ledger._places
    key = lane_row(1).key

    def overtaken(self, keys):
        found = places(self, keys)
        monkeypatch.setattr(Ledger, "_places", places)
        recorded(ledger, "demo", [1])
        old.unlink()
        return found

    monkeypatch.setattr(Ledger, "_places", overtaken)
    assert ledger.returns([key])[key][1].tolist() == returns([1])[0].tolist()


def test_a_closed_ledger_can_be_closed_again_but_not_used(tmp_path: Path):
    ledger = Ledger.open(tmp_path)
    ledger.close()
    ledger.close()
    with pytest.raises(sqlite3.ProgrammingError):
        ledger.sweeps()
