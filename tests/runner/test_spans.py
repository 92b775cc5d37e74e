"""Symbols whose bars begin late or end early: the notes of runs and sweeps say so."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, run, sweep
from pipeline.market.time.time_manager import TimeManager
from pipeline.runner.spans import Span, on_spans, span_of
from tests.reference.market import Bars, Market
from tests.reference.processes import settings_of

FIRST, LAST = "2024-06-03", "2024-06-10"
SESSIONS = TimeManager("US_EQUITY").session_table(FIRST, LAST)
END = (
    " What is held of such a symbol counts in the equity with its last close to the end, and orders"
    " for it are not filled any more."
)


def flat(first: int, stop: int, price: float = 10.0) -> Bars:
    """Daily bars of one price, from session ``first`` to before session ``stop``."""
    dates = SESSIONS.date_ns[first:stop]
    return Bars(dates, np.array([*np.full((4, len(dates)), price), np.full(len(dates), 1e6)]))


def config_of(folder: Path, **bars: Bars) -> dict[str, Any]:
    catalog = Market(bars, SESSIONS, ("1d",)).write(folder / "c")
    return settings_of("US_EQUITY", FIRST, LAST, list(bars), ["1d"], catalog)


class Keeper(Strategy):
    """Buys `units` of the second symbol at once, and sells them on the last but one session."""

    units: float = 4_000.0

    def on_start(self, ctx):
        ctx.market(1, self.units)

    def on_bar(self, bar, ctx):
        if bar.symbol == 0 and ctx.count(0) == 5:
            ctx.target(1, 0.0)


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_what_is_held_of_a_symbol_whose_bars_have_ended_is_told(tmp_path: Path, mode: str):
    config = config_of(tmp_path, AAA=flat(0, 6), BBB=flat(0, 3), CCC=flat(0, 5))
    result = run(config, strategy=Keeper, out=tmp_path, mode=mode)
    assert result.statistics["at_rest"] == {"BBB": 1}
    assert result.summary["notes"][0] == (
        "The bars of 2 of the 3 symbols end before the run: BBB, last bar 2024-06-05, 3 sessions"
        " before the end, 4,000 units held since, worth 40,000.00 (40.00 % of the equity), 1 order"
        " waiting; CCC, last bar 2024-06-07, 1 session before the end." + END
    )


def test_a_sweep_and_many_strategies_are_told_without_what_they_hold(tmp_path: Path):
    config = config_of(tmp_path, AAA=flat(0, 6), BBB=flat(0, 3))
    told = (
        "The bars of 1 of the 2 symbols end before the run: BBB, last bar 2024-06-05, 3 sessions"
        " before the end." + END
    )
    many = run(config, strategy=[Keeper, Keeper(units=5.0)], out=tmp_path)
    assert many.summary["notes"][0] == told
    config["sweep"] = {"space": {"units": [1.0, 2.0]}, "score": "total_return", "best": 0}
    assert told in sweep(config, strategy=Keeper, out=tmp_path, engines=1).summary["notes"]


def test_symbols_that_begin_late_are_told_the_latest_first(tmp_path: Path):
    config = config_of(tmp_path, AAA=flat(0, 6), BBB=flat(1, 6), CCC=flat(2, 6))
    assert run(config, strategy=Keeper, out=tmp_path).summary["notes"][0] == (
        "The bars of 2 of the 3 symbols begin later than the run: CCC, first bar 2024-06-05, 2"
        " sessions after the start; BBB, first bar 2024-06-04, 1 session after the start. Until"
        " then nothing can be traded in them, and buy_and_hold buys them only then."
    )


def test_symbols_with_bars_from_the_first_session_to_the_last_are_not_told():
    spans = [span_of(np.array([1, 0, 2])), span_of(np.zeros(3, np.int64))]
    assert spans == [Span(0, 2), None]
    assert list(on_spans(["A", "B"], spans, SESSIONS.date_ns[:3], [{}])) == []


def test_a_ruined_account_is_told_no_share_and_of_many_symbols_the_first_are_named():
    spans = [Span(0, 0), Span(0, 1), Span(0, 1), Span(0, 0)]
    held = [{"symbol": "C", "units": -5.0, "value": -500.0}]
    lane = {"open": held, "final_equity": -20.0}
    (note,) = on_spans(["A", "B", "C", "D"], spans, SESSIONS.date_ns[:3], [lane])
    assert "C, last bar 2024-06-04, 1 session before the end, -5 units held since, worth" in note
    assert "worth -500.00; A, last" in note
    assert "2 sessions before the end and 1 more. What" in note
