"""The bars and indicators of the page are those that the strategy saw."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Strategy, run
from pipeline import indicators as ind
from pipeline.codes import interval_ns
from pipeline.config.session import SessionConfig
from pipeline.market.longer_bars import resample
from pipeline.market.time.time_manager import TimeManager
from pipeline.runner.lanes import make_lanes
from pipeline.runner.preparation import prepare
from pipeline.runner.reporting.prices import fitting_interval, intervals_from, read_prices
from pipeline.runner.reporting.series import Indicators, Longer, kept_bars
from pipeline.tape.feed import Feed
from tests.reference.processes import settings_of

SEEN: list[tuple[int, str, tuple[float, ...]]] = []
NAMES = ("average", "long_average", "strength", "mean")


class Onlooker(Strategy):
    """Writes down what it sees."""

    intervals = ("1m",)
    warmup = 0

    def indicators(self):
        return {
            "average": ind.sma(7),
            "long_average": ind.ema(5, interval="5m"),
            "strength": ind.rsi(14),
            "mean": ind.vwap(),
        }

    def on_bar(self, bar, ctx):
        SEEN.append((int(bar.ts), str(bar.symbol), tuple(getattr(bar, name) for name in NAMES)))


@pytest.fixture(scope="module")
def settings(sample: Path) -> SessionConfig:
    given = settings_of(
        "US_EQUITY", "2024-11-27", "2024-12-02", ["ALFA", "ECHO"], ["1m", "5m"], sample
    )
    given["strategy"] = {"name": "tests.runner.reporting.test_series:Onlooker"}
    return SessionConfig.load(given)


def test_indicators_are_what_the_strategy_saw(settings: SessionConfig, tmp_path: Path):
    SEEN.clear()
    run(settings, strategy=Onlooker, out=tmp_path, inline=True)
    preparation, lanes = prepare(settings), make_lanes(settings, Onlooker)
    prices = read_prices(preparation, lanes, 0, "1m", [0, 1])
    order = [NAMES.index(line.name) for line in prices.lines]
    assert sorted(order) == [0, 1, 2, 3]
    for place, bars in enumerate(prices.bars):
        seen = [one for one in SEEN if one[1] == str(place)]
        assert [ts for ts, *_ in seen] == bars.ts.tolist()
        values = np.array([values for *_, values in seen])[:, order].T
        np.testing.assert_array_equal(bars.lines, values.astype(np.float32))
    assert {line.name for line in prices.lines if line.pane} == {"strength"}


def test_longer_bars_have_what_was_known_at_their_close(settings: SessionConfig):
    preparation, lanes = prepare(settings), make_lanes(settings, Onlooker)
    (base,) = read_prices(preparation, lanes, 0, "1m", [1]).bars
    (longer,) = read_prices(preparation, lanes, 0, "15m", [1]).bars
    made = resample(base.ts, base.prices, "1m", "15m", preparation.sessions)
    np.testing.assert_array_equal(longer.ts, made.ts)
    np.testing.assert_array_equal(longer.prices, made.values)
    last = np.searchsorted(base.ts + interval_ns("1m"), made.close_ts, side="right") - 1
    np.testing.assert_array_equal(longer.lines, base.lines[:, last])


class _Reader:
    """Gives bars in pieces."""

    def __init__(self, ts, columns, cuts):
        edges = sorted({0, len(ts), *cuts})
        spans = [slice(a, b) for a, b in itertools.pairwise(edges)]
        self._blocks = [(ts[one], tuple(column[one] for column in columns)) for one in spans]

    def next_block(self):
        return self._blocks.pop(0) if self._blocks else None

    def close(self):
        pass


@given(
    st.lists(st.integers(1, 1169), max_size=5), st.integers(0, 2), st.sampled_from([None, "15m"])
)
def test_nothing_depends_on_how_bars_are_cut(cuts: list[int], split: int, target: str | None):
    sessions = TimeManager("US_EQUITY").session_table("2024-03-04", "2024-03-06")
    ts = np.concatenate(
        [
            np.arange(a, b, 60 * 10**9)
            for a, b in zip(sessions.open_ns, sessions.close_ns, strict=True)
        ]
    )
    rng = np.random.default_rng(3)
    close = 100 + np.cumsum(rng.normal(0, 0.1, len(ts)))
    columns = (close, close + 1, close - 1, close, rng.integers(1, 99, len(ts)).astype(float))
    kept = rng.random(len(ts)) < 0.9
    ts, columns = ts[kept], tuple(column[kept] for column in columns)
    cuts = [cut for cut in cuts if cut < len(ts)]
    lanes = _lanes_of_two_intervals()
    found = []
    for own in ([], cuts):
        splits = {split: 2.0} if split else {}
        feed = Feed(
            _Reader(ts, columns, own),
            "X",
            interval_ns("1m"),
            sessions,
            executor=None,
            ahead=0,
            timed=lambda load: load(),
            splits=splits,
        )
        longer = None if target is None else Longer(target, sessions)
        tables = [
            Indicators(lanes, interval, [5], sessions, derived=interval != "1m")
            for interval in ("1m", "5m")
        ]
        pieces = list(kept_bars(feed, splits, sessions, longer, tables))
        rows = np.concatenate([one.ts for one, _ in pieces])
        values = np.concatenate([one.values[:5] for one, _ in pieces], axis=1)
        found.append((rows, values, np.concatenate([lines for _, lines in pieces], axis=1)))
    for whole, cut in zip(*found, strict=True):
        np.testing.assert_array_equal(whole, cut)
    assert np.isfinite(found[0][2]).any()


def _lanes_of_two_intervals():
    from pipeline.market.indicators.plan import IndicatorPlan

    return IndicatorPlan.build([{"a": ind.sma(4), "b": ind.ema(3, interval="5m")}], ("1m", "5m"))


def test_intervals_are_multiples_of_the_base():
    assert intervals_from("1m") == ["1m", "5m", "15m", "30m", "1h", "4h", "1d"]
    assert intervals_from("45m") == ["45m", "1d"]
    assert intervals_from("1d") == ["1d"]


@pytest.mark.parametrize(
    ("base", "bars", "place"), [("1m", 100, 0), ("1m", 101, 1), ("1m", 10**9, 6), ("1d", 10**6, 0)]
)
def test_the_first_interval_with_few_enough_bars_is_taken(base: str, bars: int, place: int):
    assert fitting_interval(base, bars, 100) == place
