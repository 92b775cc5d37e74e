"""Accounts whose figures are easily wrong: below zero, still invested, without scatter."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipeline import Result, Strategy, run, state, sweep
from pipeline.codes import DAY_NS
from pipeline.market.catalog.catalog import Catalog
from pipeline.results.report.page import format_summary
from tests.reference.processes import settings_of


class Trader(Strategy):
    """Buy or sell so many units at each bar, by number."""

    first: float = 0.0
    even: float = 0.0
    odd: float = 0.0
    until: int = 1
    n: int = state(0)

    def on_bar(self, bar: Any, ctx: Any) -> None:
        self.n += 1
        if self.n > self.until:
            return
        quantity = self.first if self.n == 1 else self.odd if self.n % 2 else self.even
        if quantity != 0.0:
            ctx.market(bar.symbol, quantity)


def market(folder: Path, closes: list[float], **trading: float) -> dict[str, Any]:
    """Return the configuration of daily bars of a 24/7 market, which opens at the close before."""
    close = np.array(closes)
    opened = np.append(close[:1], close[:-1])
    ts = np.datetime64("2024-01-01", "ns").astype(np.int64) + np.arange(len(closes)) * DAY_NS
    bars = {
        "ts": pa.array(ts, pa.timestamp("ns", "UTC")),
        "open": opened,
        "high": np.maximum(opened, close),
        "low": np.minimum(opened, close),
        "close": close,
        "volume": np.full(len(close), 1e9),
    }
    Catalog(folder / "catalog").write("A", "1d", pa.table(bars), "test")
    last = str(ts[-1].astype("M8[ns]").astype("M8[D]"))
    config = settings_of("CRYPTO", "2024-01-01", last, ["A"], ["1d"], folder / "catalog")
    config["trading_config"] = trading
    return config


def traded(folder: Path, closes: list[float], *strategies: Strategy, **trading: float) -> Result:
    return run(market(folder, closes, **trading), strategy=list(strategies), out=folder)


def test_an_account_that_goes_below_zero_and_back(tmp_path: Path):
    """Short 100 at 10 with 500: equity 500, 500, -100, 300, 400."""
    result = traded(tmp_path, [10, 10, 16, 12, 11], Trader(first=-100.0), initial_cash=500.0)
    lane = result.statistics
    assert result.sessions["equity"].to_pylist() == [500, 500, -100, 300, 400]
    assert (lane["total_return"], lane["max_drawdown"]) == (pytest.approx(-0.2), pytest.approx(1.2))
    undefined = ("volatility", "sharpe_ratio", "sortino_ratio", "omega_ratio", "value_at_risk")
    assert [lane[name] for name in (*undefined, "best_session")] == [None] * 6
    assert [note for note in result.summary["notes"] if "zero or below" in note]
    assert result.returns().dropna().tolist() == [0.0, 0.0, pytest.approx(-1.2)]


def test_an_account_that_is_ruined_at_the_end_does_not_look_good(tmp_path: Path):
    """On a loan of as much as its cash it rises for 39 sessions, and is below zero after one."""
    closes = [100.0 * 1.1**day for day in range(40)]
    config = market(tmp_path, [*closes, 1.0], initial_cash=100.0)
    config["benchmark"] = "A"
    result = run(config, strategy=[Trader(first=2.0), Trader()], out=tmp_path)
    ruined, _ = result.summary["lanes"]
    assert ruined["total_return"] == pytest.approx(-1.98)
    names = ("sharpe_ratio", "sortino_ratio", "calmar_ratio", "omega_ratio", "best_session")
    against = ("alpha", "beta", "correlation", "tracking_error", "information_ratio")
    assert [ruined[name] for name in (*names, *against)] == [None] * 10
    assert ruined["annual_return"] == -1.0
    (note,) = [note for note in result.summary["notes"] if "ruined" in note]
    assert note.startswith("1 of 2 accounts were ruined")


def test_an_account_that_the_last_fill_ruins_is_ruined_for_all(tmp_path: Path):
    """A fill at the last close costs 1,000 of 500."""
    config = market(tmp_path, [10, 10, 10], initial_cash=500.0)
    config["execution"] = {"fill": "this_close", "commission_per_order": 1_000.0}
    result = run(config, strategy=[Trader(odd=1.0, until=3), Trader()], out=tmp_path)
    lanes = result.summary["lanes"]
    assert [lane["final_equity"] for lane in lanes] == [-500.0, 500.0]
    assert [lane["max_drawdown"] for lane in lanes] == [2.0, 0.0]
    (note,) = [note for note in result.summary["notes"] if "ruined" in note]
    assert note.startswith("1 of 2 accounts were ruined")
    config["strategy"] = {"name": "tests.runner.test_odd_accounts:Trader"}
    space = {"odd": [1.0, 0.0], "until": [3]}
    config["sweep"] = {"space": space, "score": "-total_return", "best": 2}
    swept = sweep(config, out=tmp_path, engines=1)
    assert [one["parameters"]["odd"] for one in swept.summary["ranked"]] == [0.0, 1.0]
    assert [note for note in swept.summary["notes"] if "1 of 2 accounts were ruined" in note]


def test_what_is_still_held_stands_beside_what_was_closed(tmp_path: Path):
    """Five trips lose 1 each, and a sixth gains 20 and goes on. Fills are at the close before."""
    closes = [*[10, 9] * 5, 10, 30]
    result = traded(tmp_path, closes, Trader(first=1.0, odd=1.0, even=-1.0, until=11))
    lane = result.statistics
    assert (lane["round_trips"], lane["win_rate"], lane["profit_factor"]) == (5, 0.0, 0.0)
    day = 86_400.0
    assert lane["trips"] == {
        "best": -1.0,
        "worst": -1.0,
        "mean_seconds": day,
        "longest_seconds": day,
    }
    assert lane["open"] == [{"symbol": "A", "units": 1.0, "value": 30.0, "profit": 20.0}]
    assert (lane["open_positions"], lane["open_value"], lane["open_profit"]) == (1, 30.0, 20.0)
    assert lane["gross_profit"] - lane["gross_loss"] + lane["open_profit"] == 15.0
    assert lane["final_equity"] == 100_015.0
    text = format_summary(result.summary)
    assert "round trips     5, 0.00 % won, profit factor 0.00; profit -5.00" in text
    assert "still open      1 A worth 30.00; profit +20.00" in text


def test_returns_that_do_not_scatter_have_no_ratios_and_interest_has_none(tmp_path: Path):
    """An account that does nothing, one that trades; both earn interest on a rising market."""
    closes = [100.0 * 1.001**day for day in range(40)]
    result = traded(
        tmp_path,
        closes,
        Trader(),
        Trader(first=1.0, even=1.0, odd=1.0, until=99),
        initial_cash=100_000.0,
        interest_on_cash=0.0365,
    )
    idle, trader = result.summary["lanes"]
    assert idle["interest"] > 300
    assert (idle["sharpe_ratio"], idle["sortino_ratio"]) == (None, None)
    assert trader["sharpe_ratio"] > 0
    assert (result.summary["sessions_per_year"], result.summary["riskless_rate"]) == (365, 0.0365)
    invested = traded(tmp_path / "all", closes, Trader(first=1000.0)).statistics
    assert invested["sharpe_ratio"] is not None  # cash in the first two sessions, then all in


def test_one_session_is_not_extrapolated(tmp_path: Path):
    summary = traded(tmp_path, [150.0], Trader()).summary
    (lane,) = summary["lanes"]
    unknown = ("annual_return", "calmar_ratio", "turnover_per_year", "volatility", "sharpe_ratio")
    assert [lane[name] for name in unknown] == [None] * 5
    text = format_summary(summary)
    assert "annual return   -\nvolatility      -\nSharpe ratio    -\n" in text
    assert len(summary["notes"]) == 2


def test_a_sweep_of_such_accounts_ranks_only_what_traded_and_draws_what_was(tmp_path: Path):
    """Sets that never trade, go below zero and back, and end two round trips."""
    config = market(tmp_path, [10, 10, 16, 12, 11], initial_cash=500.0)
    config["strategy"] = {"name": "tests.runner.test_odd_accounts:Trader"}
    config["sweep"] = {"space": {"first": [0.0, -100.0]}, "score": "-max_drawdown", "best": 2}
    plain = sweep(config, out=tmp_path, engines=1)
    assert [one["parameters"]["first"] for one in plain.summary["ranked"]] == [0.0, -100.0]
    told = [note.split(" ruined")[0] for note in plain.summary["notes"]]
    assert {"1 of 2 accounts were", "Sets whose account was"} <= set(told)
    assert [note for note in told if "traded nothing" in note]
    page = Path(plain.summary["report"]).read_text()
    columns = json.loads(page.split('id="columns">')[1].split("</script>")[0])
    assert [one["growth"] for one in columns["curves"]] == [[1] * 5, [1, 1, -0.2, 0.6, 0.8]]
    assert columns["ranked"] == [True, True]

    closing = {"first": [0.0, -1.0], "even": [1.0], "odd": [-1.0], "until": [4]}
    config["sweep"] |= {"space": closing, "min_round_trips": 2}
    asked = sweep(config, out=tmp_path, engines=1)
    assert [one["parameters"]["first"] for one in asked.summary["ranked"]] == [-1.0]
    assert (asked.summary["min_round_trips"], asked.summary["unranked"]) == (2, 1)
    (note,) = [note for note in asked.summary["notes"] if "min_round_trips" in note]
    assert note.startswith("1 of 2 sets made fewer than 2 round trips")
