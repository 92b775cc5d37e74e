"""Commission, funding and the quality of fills in whole runs: what is refused, and what is told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, run
from pipeline.errors import StrategyError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.market.quality import expected_of, present_of
from pipeline.market.time.time_manager import TimeManager
from tests.reference.processes import settings_of

FIRST, LAST = "2024-11-25", "2024-12-02"

FEES = """\
CUT = 0.0005


def fee(order):
    # Less for those who wait.
    owed = CUT * (order.value - 0.5 * order.maker_value)
    if order.traded > 3e4:
        {trouble}
    return owed
"""


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    settings = settings_of("US_EQUITY", FIRST, LAST, SYMBOLS[:2], ["1m", "5m"], sample)
    settings["strategy"] = {
        "name": "tests.reference.traders:Desk",
        "parameters": {"minutes": 5, "size": 20.0},
    }
    return settings


def fees(folder: Path, trouble: str) -> str:
    (folder / "fees.py").write_text(FEES.format(trouble=trouble))
    return f"{folder}/fees.py:fee"


def test_a_function_of_ones_own_charges_compiled_and_interpreted_strategies_alike(
    config, tmp_path: Path
):
    config["execution"] = {"commission": fees(tmp_path, "owed *= 0.5")}
    ways = [
        [f"strategy.mode={mode}", f"pipeline.slot_rows={rows}"]
        for mode, rows in (("compiled", 390), ("interpreted", 7))
    ]
    compiled, interpreted = (run(config, overrides=way, out=tmp_path / "runs") for way in ways)
    assert compiled.digest == interpreted.digest
    lane, assumed = compiled.statistics, compiled.summary["assumptions"]
    costs = compiled.fills["commission"].to_numpy()
    assert lane["commission"] == pytest.approx(costs.sum())
    assert lane["commission_as_maker"] + lane["commission_as_taker"] == pytest.approx(costs.sum())
    assert 0 < lane["commission_as_maker"] < lane["commission"]
    assert 0 < lane["fills_as_maker"] == assumed["fills_as_maker"] < lane["fills"]
    value = compiled.fills["quantity"].to_numpy() * compiled.fills["price"].to_numpy()
    assert np.unique(np.round(costs / value, 9)).tolist() == [0.000125, 0.00025, 0.0005]
    # The code is told by its hash.
    assert assumed["commission"] == config["execution"]["commission"]
    codes = compiled.summary["made_from"]["code"]
    assert assumed["commission_code"] == codes[assumed["commission"]]


def test_a_function_whose_file_is_edited_meanwhile_is_the_one_of_the_start(config, tmp_path: Path):
    """The summary neither reads the file again, nor tells of another function."""
    config["execution"] = {"commission": fees(tmp_path, "owed *= 0.5")}
    file = tmp_path / "fees.py"
    ways: dict[str, Any] = {"out": tmp_path / "runs", "inline": True}
    before = run(config, **ways)
    after = run(config, progress=lambda _progress: file.unlink(missing_ok=True), **ways)
    assert not file.exists()
    codes = [one.summary["assumptions"]["commission_code"] for one in (before, after)]
    assert codes[0] == codes[1] is not None


def test_a_function_that_fails_ends_the_run_at_its_line(config, tmp_path: Path):
    config["execution"] = {"commission": fees(tmp_path, "raise ValueError('too much')")}
    with pytest.raises(StrategyError) as caught:
        run(config, out=tmp_path / "runs")
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/fees.py:8: fee raised ValueError: too much (for ")
    assert "\n" not in message


def test_a_function_that_is_not_there_is_refused_before_anything_begins(config, tmp_path: Path):
    config["execution"] = {"commission": "tests.reference.costs:by_valu"}
    with pytest.raises(StrategyError, match=r"by_valu is not there; .* has by_value: did you"):
        run(config, out=tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


class Holder(Strategy):
    """Holds so many units of each symbol from the first bar on."""

    units: float = 10.0

    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, self.units)


def test_funding_is_paid_for_the_hours_that_pass(config, tmp_path: Path):
    config["instruments"] = {
        "ALFA": {"funding_rate": 0.001},
        "BRVO": {"funding_rate": -0.002, "funding_hours": [15]},
    }
    del config["strategy"]
    result = run(config, strategy=Holder, out=tmp_path)
    bars = {symbol: Catalog(config["catalog"]).load(symbol, "1m") for symbol in ("ALFA", "BRVO")}

    def close_at(symbol: str, hour: np.datetime64) -> float:
        ends = bars[symbol]["ts"].cast("int64").to_numpy() + 60 * 10**9
        last = np.searchsorted(ends, hour.astype("M8[ns]").view("i8"), "right") - 1
        return float(bars[symbol]["close"][int(last)].as_py())

    # Held from 25 November 14:31 to 2 December 21:00.
    paid = 0.0
    for hour in np.arange("2024-11-25T15", "2024-12-02T21", dtype="M8[h]"):
        of_day = hour.astype(int) % 24
        paid += 0.001 * 10 * close_at("ALFA", hour) * (of_day in (0, 8, 16))
        paid -= 0.002 * 10 * close_at("BRVO", hour) * (of_day == 15)
    assert result.statistics["funding"] == pytest.approx(paid)
    spent = result.fills["quantity"].to_numpy() @ result.fills["price"].to_numpy()
    assert result.statistics["final_cash"] == pytest.approx(1e5 - spent - paid)


def test_fills_in_sessions_with_missing_bars_are_counted(config, tmp_path: Path):
    config["execution"] = {"poor_quality_below": 100}
    result = run(config, overrides=["pipeline.slot_rows=100"], out=tmp_path)
    sessions = TimeManager("US_EQUITY").session_table(FIRST, LAST)
    poor = {}
    for symbol in SYMBOLS[:2]:
        ts = Catalog(config["catalog"]).load(symbol, "1m")["ts"].cast("int64").to_numpy()
        present = 100.0 * present_of(ts, "1m", sessions)
        poor[symbol] = present < 100.0 * expected_of("1m", sessions)
    fills = result.to_pandas("fills")
    session = np.searchsorted(sessions.open_ns, fills["ts"].to_numpy("M8[ns]").view("i8"), "right")
    found = [poor[symbol][k - 1] for symbol, k in zip(fills["symbol"], session, strict=True)]
    assumed = result.summary["assumptions"]
    assert assumed["fills_on_poor_quality"] == sum(found)
    assert assumed["share_of_fills_on_poor_quality"] == sum(found) / len(found)
    assert 0 < sum(found) < len(found)


def test_nothing_is_said_of_quality_that_nobody_asked_for(config, tmp_path: Path):
    off = "session_data_config.historical.enable_quality=false"
    result = run(config, overrides=[off], out=tmp_path)
    told = json.loads((result.run_dir / "summary.json").read_text())
    for name in ("fills_on_poor_quality", "share_of_fills_on_poor_quality"):
        assert told["assumptions"][name] is None
    assert told["lanes"][0]["fills_on_poor_quality"] is None
