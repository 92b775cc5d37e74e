"""The account of the page: the worst drawdowns, however the equity is cut, and what is kept."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results.drawdown import max_drawdown
from pipeline.results.folder import RunFolder
from pipeline.results.report.html.content import Fall
from pipeline.results.year import Year
from pipeline.runner.reporting.account import FALLS, _Falls, read_equity, read_returns
from pipeline.runner.reporting.account import session_dates as dates_of

equities = st.lists(st.integers(1, 12), min_size=1, max_size=40)


def by_hand(equity: list[int]) -> list[Fall]:
    """The drawdowns of an equity at the times 0, 1, ..., the deepest first."""
    found, peak, at = [], equity[0], 0
    lowest = None
    for ts, value in enumerate(equity):
        if value >= peak:
            if lowest is not None:
                found.append(Fall(1.0 - equity[lowest] / peak, at, lowest, ts))
            peak, at, lowest = value, ts, None
        elif lowest is None or value < equity[lowest]:
            lowest = ts
    if lowest is not None:
        found.append(Fall(1.0 - equity[lowest] / peak, at, lowest, None))
    return sorted(found, key=lambda one: (-one.depth, one.peak))[:FALLS]


@given(equities, st.lists(st.integers(1, 39), max_size=4))
def test_the_worst_drawdowns_do_not_depend_on_how_the_equity_is_cut(
    equity: list[int], cuts: list[int]
):
    values, ts = np.array(equity, np.float64), np.arange(len(equity))
    falls = _Falls()
    edges = sorted({0, len(equity), *(cut for cut in cuts if cut < len(equity))})
    depths = [falls.absorb(ts[a:b], values[a:b]) for a, b in itertools.pairwise(edges)]
    found = falls.finish()
    assert found == by_hand(equity)
    assert max(np.concatenate(depths)) == max_drawdown(values)


def test_the_deepest_drawdown_is_that_of_the_summary(reported_folder: RunFolder):
    for lane, figures in enumerate(reported_folder.summary["lanes"]):
        equity = read_equity(reported_folder, lane)
        assert equity.falls[0].depth == figures["max_drawdown"]
        assert max(equity.drawdown) == figures["max_drawdown"]
        assert equity.equity[-1] == figures["final_equity"]


def test_extremes_of_the_equity_are_kept(reported_folder: RunFolder):
    table = reported_folder.table("equity").to_pandas()
    own = table[table.lane == 1]
    kept = read_equity(reported_folder, 1)
    assert len(kept.ts) < len(own)
    assert (kept.equity.min(), kept.equity.max()) == (own.equity.min(), own.equity.max())
    assert np.all(np.diff(kept.ts) > 0)


def test_rolling_ratios_are_those_of_the_last_sessions(reported_folder: RunFolder):
    dates = dates_of(reported_folder, 0)
    found = read_returns(reported_folder, 0, dates, Year(252.0))
    last = found.returns[-found.window :]
    assert found.window == 5
    assert np.isnan(found.sharpe[: found.window - 1]).all()
    assert found.volatility[-1] == np.std(last, ddof=1) * np.sqrt(252)
    assert np.isclose(found.sharpe[-1], np.mean(last) / np.std(last, ddof=1) * np.sqrt(252))
