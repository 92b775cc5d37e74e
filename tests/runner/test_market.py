"""What the market did: to who holds it, and which notes on it runs and sweeps have."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, run, sweep
from pipeline.cli.sweeping import _text
from pipeline.config.session import SessionConfig
from pipeline.market.actions import Action
from pipeline.market.time.time_manager import TimeManager
from pipeline.results.report.page import format_summary
from pipeline.runner.market import market_entries, read_market
from pipeline.runner.preparation import prepare
from pipeline.tape.holding import Holding
from tests.reference.market import Bars, Market
from tests.reference.processes import settings_of

FIRST, LAST = "2024-06-03", "2024-06-10"
SESSIONS = TimeManager("US_EQUITY").session_table(FIRST, LAST)
#: A dividend, then a split of two for one, then a dividend on the new shares.
ACTIONS = (Action(1, 0, 1.0, 4.0), Action(2, 0, 2.0, 0.0), Action(4, 0, 1.0, 3.0))
AAA = [(100.0, 100.0), (100.0, 96.0), (48.0, 50.0), (50.0, 52.0), (49.0, 49.0), (49.0, 55.0)]
BBB = [(10.0, 10.0), (10.0, 12.0), (12.0, 11.0), (11.0, 9.0), (9.0, 9.0), (9.0, 8.0)]


class Holder(Strategy):
    """Buys at the first open and never sells."""

    quantity: float = 1_000.0

    def on_start(self, ctx):
        ctx.market(0, self.quantity)


def bars(prices: list[tuple[float, float]], first: int = 0) -> Bars:
    """Daily bars of these opens and closes, from a session on."""
    opens, closes = np.array(prices).T
    high, low = np.maximum(opens, closes), np.minimum(opens, closes)
    values = np.array([opens, high, low, closes, np.full(len(opens), 1e9)])
    return Bars(SESSIONS.date_ns[first : first + len(opens)], values)


def settings(folder: Path, *actions: Action, **prices: Bars) -> dict[str, Any]:
    catalog = Market(prices, SESSIONS, ("1d",)).write(folder / "c", actions)
    return settings_of("US_EQUITY", FIRST, LAST, list(prices), ["1d"], catalog)


def test_it_is_what_a_lane_that_holds_with_all_its_cash_comes_to(tmp_path: Path):
    """4 + 2 x 55 + 2 x 3 for 100."""
    result = run(settings(tmp_path, *ACTIONS, AAA=bars(AAA)), strategy=Holder, out=tmp_path)
    assert result.summary["buy_and_hold"] == pytest.approx(0.2)
    assert result.statistics["total_return"] == pytest.approx(0.2)


def test_of_several_symbols_it_is_the_mean_from_each_ones_first_bar(tmp_path: Path):
    """BBB, which begins after all of AAA's actions but one, loses a fifth."""
    found = settings(tmp_path, *ACTIONS, AAA=bars(AAA), BBB=bars(BBB[:5], 1))
    preparation = prepare(SessionConfig(**{**found, "strategy": {"name": "a:B"}}))
    market = read_market(preparation)
    assert market.holdings == (Holding(0, 100.0, 55.0), Holding(1, 10.0, 9.0))
    assert market_entries(preparation, market)["buy_and_hold"] == pytest.approx((0.2 - 0.1) / 2)


def test_actions_before_the_first_bar_of_a_symbol_do_not_count(tmp_path: Path):
    found = settings(tmp_path, *ACTIONS, AAA=bars(AAA[2:], 2), BBB=bars(BBB))
    preparation = prepare(SessionConfig(**{**found, "strategy": {"name": "a:B"}}))
    held = (55.0 + 3.0) / 48.0 - 1.0
    found = market_entries(preparation, read_market(preparation))["buy_and_hold"]
    assert found == pytest.approx((held - 0.2) / 2)


def test_a_symbol_without_a_bar_in_the_run_is_bought_by_nobody(tmp_path: Path):
    """BBB has one bar, on the day after the run."""
    found = settings(tmp_path, AAA=bars(AAA), BBB=bars(BBB[5:], 5))
    found["backtest_config"]["end_date"] = "2024-06-07"
    one = run(found, strategy=Holder, out=tmp_path)
    assert one.summary["buy_and_hold"] == pytest.approx(-0.51)
    assert one.summary["buy_and_hold_symbols"] == 1
    text = " ".join(format_summary(one.summary).split())
    assert "buy and hold -51.00 %, 1 of 2 symbols; no other has a bar to buy" in text
    assert "note 1 of the 2 symbols without a bar in the sessions of the run: BBB" in text


def test_runs_and_sweeps_say_the_same_of_one_market(tmp_path: Path):
    """Also a sweep that replays nothing, because the ledger knows all its sets."""
    found = settings(tmp_path, AAA=bars(AAA), BBB=bars(BBB))
    one = run(found, strategy=Holder, out=tmp_path)
    (note,) = [note for note in one.summary["notes"] if "as at splits" in note]
    assert "AAA 2024-06-05 from 96 to 48" in note
    assert "buy and hold    -32.50 %, 2 symbols in equal parts" in format_summary(one.summary)
    found["sweep"] = {"space": {"quantity": [1.0, 2.0]}, "score": "total_return", "best": 0}
    for resume in (False, True):
        swept = sweep(found, strategy=Holder, out=tmp_path, engines=1, resume=resume)
        assert swept.summary["resumed"] == (2 if resume else 0)
        assert note in swept.summary["notes"]
        about = (
            "buy_and_hold",
            "buy_and_hold_symbols",
            "bars_outside_sessions",
            "sessions_without_bars",
            "sessions_cut",
        )
        assert [swept.summary[name] for name in about] == [one.summary[name] for name in about]
        assert "buy and hold  -32.50 %\n" in _text(swept.summary, swept.rows)
        assert "-32.50 %" in Path(swept.summary["report"]).read_text()
