"""The benchmark: its returns by hand, and a run that is compared with one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, run
from pipeline.config.session import SessionConfig
from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.market.time.time_manager import TimeManager
from pipeline.runner.benchmark import read_benchmark
from tests.reference.market import Bars, Market
from tests.reference.processes import assert_nothing_left, settings_of

FIRST, LAST = "2024-11-25", "2024-12-02"  # a holiday and a half-day between
SESSIONS = TimeManager("US_EQUITY").session_table(FIRST, LAST)
MINUTE = 60_000_000_000


def returns_of(folder: Path, interval: str, bars: dict[int, tuple[float, float]]) -> list[float]:
    """Read the benchmark AAA, whose bars are opens and closes by time."""
    prices = np.array(list(bars.values()))
    high, low = prices.max(axis=1), prices.min(axis=1)
    values = np.array([prices[:, 0], high, low, prices[:, 1], np.ones(len(bars))])
    market = Market({"AAA": Bars(np.array(list(bars)), values)}, SESSIONS, (interval,))
    settings = settings_of("US_EQUITY", FIRST, LAST, ["BBB"], [interval], market.write(folder))
    settings |= {"benchmark": "AAA", "strategy": {"name": "a:B"}}
    found = read_benchmark(SessionConfig.load(settings), SESSIONS)
    assert found is not None
    assert found.symbol == "AAA"
    return found.returns.tolist()


def test_returns_go_from_close_to_close_and_begin_at_the_first_open(tmp_path: Path):
    opens, closes = SESSIONS.open_ns.tolist(), SESSIONS.close_ns.tolist()
    bars = {
        opens[0] - 30 * MINUTE: (1.0, 2.0),  # before the open: not of the session
        opens[0]: (100.0, 101.0),
        closes[0] - MINUTE: (101.0, 110.0),
        closes[0]: (3.0, 4.0),
        opens[1]: (120.0, 99.0),
        # The third session has no bar and no return; the fourth is the half-day.
        closes[3] - 1 * MINUTE: (99.0, 198.0),
        closes[3] + 5 * MINUTE: (5.0, 6.0),
        opens[4]: (200.0, 99.0),
    }
    expected = [0.1, -0.1, np.nan, 1.0, -0.5]
    assert returns_of(tmp_path, "1m", bars) == pytest.approx(expected, nan_ok=True)


def test_daily_bars_belong_to_their_dates(tmp_path: Path):
    bars = {int(date): (100.0, 100.0 + 10.0 * i) for i, date in enumerate(SESSIONS.date_ns)}
    expected = [0.0, 10 / 100, 10 / 110, 10 / 120, 10 / 130]
    assert returns_of(tmp_path, "1d", bars) == pytest.approx(expected)


def test_before_its_first_bar_and_after_its_last_it_has_no_returns(tmp_path: Path):
    bars = {int(SESSIONS.open_ns[3]): (100.0, 150.0)}
    expected = [np.nan, np.nan, np.nan, 0.5, np.nan]
    assert returns_of(tmp_path, "1m", bars) == pytest.approx(expected, nan_ok=True)


def test_a_benchmark_without_a_bar_in_the_sessions_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=f"benchmark: .* no 1m bars of AAA .* {FIRST} to {LAST}$"):
        returns_of(tmp_path, "1m", {int(SESSIONS.close_ns[0]): (1.0, 1.0)})


def test_the_blocks_of_a_catalog_make_no_difference(
    sample: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """The sample again, in row groups of 64 bars, which cut through the sessions."""
    settings = settings_of("US_EQUITY", FIRST, LAST, SYMBOLS[:1], ["1m"], sample)
    settings |= {"benchmark": SYMBOLS[0], "strategy": {"name": "a:B"}}
    whole = read_benchmark(SessionConfig.load(settings), SESSIONS)
    monkeypatch.setattr("pipeline.market.catalog.bar_file.ROW_GROUP_ROWS", 64)
    Catalog(tmp_path).write(SYMBOLS[0], "1m", Catalog(sample).load(SYMBOLS[0], "1m"), "test")
    settings["catalog"] = str(tmp_path)
    cut = read_benchmark(SessionConfig.load(settings), SESSIONS)
    assert whole is not None
    assert cut is not None
    assert cut.returns.tolist() == whole.returns.tolist()


class Holder(Strategy):
    """Buys at the first open and holds."""

    quantity: float = 1.0

    def on_start(self, ctx):
        ctx.market(0, self.quantity)


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    # The first symbol's bars decide when the lane can buy; the benchmark is that symbol.
    return settings_of("US_EQUITY", FIRST, LAST, SYMBOLS[:2], ["1m"], sample)


def test_a_lane_that_holds_the_benchmark_has_its_returns_and_a_beta_of_one(
    config, sample: Path, tmp_path: Path
):
    bars = Catalog(sample).load(SYMBOLS[0], "1m")
    first = np.searchsorted(bars["ts"].cast("int64").to_numpy(), SESSIONS.open_ns[0])
    whole = 100_000.0 / bars["open"][int(first)].as_py()
    lanes = [Holder(quantity=whole), Holder(quantity=whole / 2)]
    result = run({**config, "benchmark": SYMBOLS[0]}, strategy=lanes, out=tmp_path)
    one, half = result.summary["lanes"]
    assert one["beta"] == pytest.approx(1.0)
    assert one["correlation"] == pytest.approx(1.0)
    assert one["alpha"] is None  # five sessions are too few to compound to a year
    assert one["tracking_error"] == pytest.approx(0.0, abs=1e-9)
    assert half["beta"] == pytest.approx(0.5, abs=0.05)
    assert one["total_return"] == pytest.approx(result.summary["benchmark"]["total_return"])
    assert result.summary["benchmark"]["symbol"] == SYMBOLS[0]
    assert result.benchmark_returns().to_list() == pytest.approx(result.returns(0).to_list())
    assert_nothing_left()


def test_a_benchmark_changes_no_result_and_need_not_be_traded(config, tmp_path: Path):
    plain = run(config, strategy=Holder, out=tmp_path)
    compared = run({**config, "benchmark": SYMBOLS[4]}, strategy=Holder, out=tmp_path)
    assert compared.digest == plain.digest
    assert plain.summary["benchmark"] is None
    figures = set(compared.statistics) - set(plain.statistics)
    assert figures == {"alpha", "beta", "correlation", "tracking_error", "information_ratio"}
    assert {name: compared.statistics[name] for name in plain.statistics} == plain.statistics


def test_a_lane_is_compared_with_a_benchmark_only_where_that_has_bars(tmp_path: Path):
    """The lane holds what the benchmark is while it has bars, which end a session early."""
    dates = SESSIONS.date_ns

    def daily(closes: list[float]) -> Bars:
        prices = np.array(closes)
        opens = np.concatenate(([100.0], prices[:-1]))
        high, low = np.maximum(opens, prices), np.minimum(opens, prices)
        return Bars(
            dates[: len(prices)], np.array([opens, high, low, prices, np.ones(len(prices))])
        )

    closes = [110.0, 99.0, 108.0, 103.0]
    market = Market({"AAA": daily([*closes, 206.0]), "BBB": daily(closes)}, SESSIONS, ("1d",))
    settings = settings_of("US_EQUITY", FIRST, LAST, ["AAA"], ["1d"], market.write(tmp_path / "c"))
    result = run({**settings, "benchmark": "BBB"}, strategy=Holder(quantity=1_000.0), out=tmp_path)
    assert result.statistics["beta"] == pytest.approx(1.0)
    assert result.statistics["tracking_error"] == pytest.approx(0.0, abs=1e-9)
    assert result.summary["benchmark"]["total_return"] == pytest.approx(0.03)
    assert result.sessions["benchmark"].to_pylist()[-1] is None
    (note,) = [one for one in result.summary["notes"] if one.startswith("The benchmark")]
    assert note == (
        "The benchmark BBB has bars in 4 of the 5 sessions, from 2024-11-25 to 2024-11-29: alpha,"
        " beta, correlation, tracking error, information ratio and its own figures are of these"
        " alone, which are too few for alpha."
    )
