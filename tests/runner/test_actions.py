"""Splits and dividends in whole runs: raw against adjusted, by hand, and with real records."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline import Strategy, run, tif
from pipeline.config.session import SessionConfig
from pipeline.errors import DataError
from pipeline.market.actions import Action, Actions
from pipeline.market.adjustment import scale_of
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers.actions import import_actions, lean_factors
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.runner.actions import read_actions
from tests.reference.market import Bars, Market, random_walk
from tests.reference.processes import assert_nothing_left, settings_of
from tests.reference.traders import Both, Historian

GROUP, FIRST, LAST = "US_EQUITY", "2024-06-03", "2024-06-28"
SESSIONS = TimeManager(GROUP).session_table(FIRST, LAST)
FACTORS = "raw/lean/Data/equity/usa/factor_files"


class Holder(Strategy):
    """Buys at the first open and never sells."""

    quantity: float = 10.0

    def on_start(self, ctx):
        ctx.market(0, self.quantity)


class Waiter(Strategy):
    """Writes down what it sees when a session opens, as prices of orders that never fill."""

    lookback = 2

    def on_session_open(self, session, ctx):
        if session.index < 2:
            return
        ctx.limit(0, 1.0, 0.001 * ctx.last_price(0), tif.DAY)
        for close in ctx.window(0, "close", 2):
            ctx.limit(0, 2.0, 0.001 * close, tif.DAY)


class Reader(Waiter):
    """The same from `ctx.data`, which interpreted strategies have."""

    def on_session_open(self, session, ctx):
        if session.index < 2:
            return
        ctx.limit(0, 1.0, 0.001 * ctx.data.latest_bar("AAA").close, tif.DAY)
        for close in ctx.data.get_bars("AAA", 2).close:
            ctx.limit(0, 2.0, 0.001 * float(close), tif.DAY)


def settings(catalog: Path, symbols: tuple[str, ...] = ("AAA",), **more: Any) -> dict[str, Any]:
    found = settings_of(GROUP, FIRST, LAST, symbols, ["1d"], catalog)
    found["session_data_config"] |= more
    return found


def daily(closes: list[float] | np.ndarray, sessions: SessionTable = SESSIONS) -> Bars:
    """A bar per session whose four prices are its close."""
    close = np.asarray(closes, np.float64)
    return Bars(
        sessions.date_ns[: len(close)], np.array([*[close] * 4, np.full(len(close), 100.0)])
    )


def market(*actions: Action, seed: int = 1) -> Market:
    """Daily bars that walk, as they are traded with the actions."""
    walk = {"AAA": random_walk(SESSIONS.date_ns, seed)}
    return Market(walk, SESSIONS, ("1d",)).split(actions)


SPLITS = (Action(5, 0, 7.0, 0.0), Action(11, 0, 0.5, 0.0))


def test_a_split_shows_nowhere_in_the_equity_of_a_holder(tmp_path: Path):
    """Bars of 4 and 2 as divisors: the scaled prices are exact, and so is the equity."""
    exact = (Action(5, 0, 4.0, 0.0), Action(11, 0, 0.5, 0.0))
    catalog = market(*exact).write(tmp_path / "c", exact)
    raw = run(settings(catalog), strategy=Holder(), out=tmp_path)
    adjusted = run(
        settings(catalog, prices="adjusted"), strategy=Holder(quantity=20.0), out=tmp_path
    )
    assert raw.equity["equity"].to_pylist() == adjusted.equity["equity"].to_pylist()
    found = raw.summary["assumptions"]
    assert (found["prices"], found["corporate_actions"], found["positions_split"]) == ("raw", 2, 2)
    found = adjusted.summary["assumptions"]
    assert (found["prices"], found["corporate_actions"], found["positions_split"]) == (
        "adjusted",
        2,
        0,
    )
    assert_nothing_left()


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_adjusted_bars_are_those_that_a_catalog_of_adjusted_bars_has(tmp_path: Path, mode: str):
    """To the bit, with indicators and windows; whatever comes after the run."""
    traded = market(*SPLITS)
    bars = traded.bars["AAA"]
    actions = (*SPLITS, Action(8, 0, 1.0, 0.5))
    catalog = traded.write(tmp_path / "c", actions)
    later = Actions.of([("2024-07-01", 3.0, 5.0)])
    Catalog(catalog).write_actions({"AAA": later}, "later")
    scale = scale_of(sorted(actions), bars.values[3])
    scaled = scale.adjusted(tuple(bars.values), np.arange(len(SESSIONS)))
    there = replace(traded, bars={"AAA": Bars(bars.ts, np.array(scaled))}).write(tmp_path / "d")
    modes = [f"strategy.{lane}.mode={mode}" for lane in range(2)]
    results = [
        run(
            settings(folder, prices=prices),
            strategy=[Historian(), Both()],
            out=tmp_path,
            overrides=[*modes, *more],
        )
        for folder, prices, more in (
            (catalog, "adjusted", []),
            (catalog, "adjusted", ["pipeline.slot_rows=1", "pipeline.processors=2"]),
            (there, "raw", []),
        )
    ]
    for lanes in zip(*(result.summary["lanes"] for result in results), strict=True):
        assert len({lane["digest"] for lane in lanes}) == 1
        assert lanes[0]["fills"] > 0


@pytest.mark.parametrize(
    ("strategy", "mode"),
    [(Waiter(), "compiled"), (Waiter(), "interpreted"), (Reader(), "interpreted")],
)
def test_when_a_session_opens_with_a_split_all_of_the_past_is_split(
    tmp_path: Path, strategy: Strategy, mode: str
):
    closes = [70.0] * 5 + [10.0] * (len(SESSIONS) - 5)
    catalog = Market({"AAA": daily(closes)}, SESSIONS, ("1d",)).write(tmp_path / "c", SPLITS[:1])
    modes = [f"strategy.0.mode={mode}"]
    result = run(settings(catalog), strategy=[strategy], overrides=modes, out=tmp_path)
    limits = result.to_pandas("orders").groupby("ts", sort=True)["limit"].apply(list).tolist()
    assert limits[2] == pytest.approx([0.07] * 3)  # of session 4
    assert limits[3] == pytest.approx([0.01] * 3)
    assert limits[5] == pytest.approx([0.01] * 3)


def test_a_holder_has_the_dividends_in_cash(tmp_path: Path):
    """n shares over a split of s and dividends d: n (s P - P0) + what each paid on its shares."""
    actions = (Action(3, 0, 1.0, 0.5), Action(5, 0, 2.0, 0.25), Action(9, 0, 1.0, 0.125))
    closes = [50.0] * 5 + [26.0] * (len(SESSIONS) - 5)
    catalog = Market({"AAA": daily(closes)}, SESSIONS, ("1d",)).write(tmp_path / "c", actions)
    result = run(settings(catalog), strategy=Holder(), out=tmp_path)
    lane = result.summary["lanes"][0]
    assert lane["dividends"] == 10 * (0.5 + 0.25) + 20 * 0.125
    assert lane["final_equity"] == 100_000.0 + 20 * 26.0 - 10 * 50.0 + lane["dividends"]
    assert result.summary["assumptions"]["dividends_booked"] == 3
    adjusted = run(settings(catalog, prices="adjusted"), strategy=Holder(), out=tmp_path)
    first, last = adjusted.fills["price"][0].as_py(), closes[-1]
    grown = 2 * 26.0 / 50.0 / ((1 - 0.5 / 50.0) * (1 - 0.25 / 50.0) * (1 - 0.125 / 26.0))
    assert last / first == pytest.approx(grown, rel=1e-12)


def test_the_benchmark_returns_what_a_holder_of_it_gets(tmp_path: Path):
    actions = (Action(3, 0, 1.0, 0.5), Action(5, 0, 2.0, 0.25))
    closes = [50.0] * 5 + [26.0] * (len(SESSIONS) - 5)
    catalog = Market({"AAA": daily(closes)}, SESSIONS, ("1d",)).write(tmp_path / "c", actions)
    result = run(
        settings(catalog) | {"benchmark": "AAA"}, strategy=Holder(quantity=2000.0), out=tmp_path
    )
    returns = result.benchmark_returns().tolist()
    assert returns[3] == pytest.approx(0.5 / 50.0)
    assert returns[5] == pytest.approx((2 * 26.0 + 0.25) / 50.0 - 1.0)
    assert [r for k, r in enumerate(returns) if k not in (3, 5)] == [0.0] * (len(SESSIONS) - 2)
    # All in: the same but for the dividend of session 3, which the account has in cash since then.
    own = result.returns().tolist()
    assert own[3] == pytest.approx(returns[3])
    assert own[5] == pytest.approx(returns[5] * 50.0 / 50.5)


def of(catalog: Path, **more: Any) -> SessionConfig:
    strategy = {"name": "a:B"}
    return SessionConfig.load(settings(catalog, **more) | {"strategy": strategy})


def test_a_dividend_of_the_whole_price_can_be_booked_but_not_adjusted_for(tmp_path: Path):
    actions = (Action(3, 0, 1.0, 50.0),)
    catalog = Market({"AAA": daily([50.0] * 19)}, SESSIONS, ("1d",)).write(tmp_path, actions)
    assert read_actions(of(catalog), SESSIONS).events == actions
    with pytest.raises(DataError, match=r"AAA: a dividend of 50 is not below the close of 50"):
        read_actions(of(catalog, prices="adjusted"), SESSIONS)


# ------------------------------------------------------------------------------- real records


def closes_of(shared_data: Path, name: str, symbol: str) -> pd.DataFrame:
    table = pd.read_parquet(shared_data / "open" / f"{name}.parquet")
    found = table[table.symbol == symbol].reset_index(drop=True)
    return found.assign(ts=found.timestamp.astype("datetime64[ns, UTC]").astype("int64"))


def factor_rows(shared_data: Path, symbol: str) -> list[tuple[str, float, float]]:
    path = shared_data / FACTORS / f"{symbol.lower()}.csv"
    return lean_factors.read(path.read_text(), path, path.name)[symbol]


@pytest.mark.parametrize(("symbol", "actions"), [("AAPL", 5), ("IBM", 52)])
def test_actions_from_leans_factors_make_the_adjusted_closes_of_quandl(
    shared_data: Path, symbol: str, actions: int
):
    """WIKI divides by 1 + dividend / close of the ex-date; we take 1 - dividend / close before it.

    With its rule for dividends the adjusted closes agree to rounding, so splits and amounts are
    equal; with ours they differ by at most what the two rules do.
    """
    bars = closes_of(shared_data, "wiki_us_equity_1d", symbol)
    close, theirs = bars.close.to_numpy(float), bars.adj_close.to_numpy(float)
    found = list(Actions.of(factor_rows(shared_data, symbol)).effects(bars.ts.to_numpy()))
    assert len(found) == actions
    factor, most = np.ones(len(close)), 0.0
    for action in found:
        paid = action.dividend / close[action.session]
        factor[: action.session] /= action.split * (1.0 + paid)
        most += paid * abs(close[action.session] / close[action.session - 1] * action.split - 1.0)
    ratio = close * factor / theirs
    np.testing.assert_allclose(ratio, ratio[-1], rtol=1e-12)
    ratio = close / scale_of(found, close).price / theirs
    np.testing.assert_allclose(ratio, ratio[-1], rtol=2.0 * most + 1e-12)
    for action in found:
        if action.dividend == 0.0:
            before, after = ratio[action.session - 1], ratio[action.session]
            assert before == pytest.approx(after, rel=1e-12)


def test_dividends_make_the_adjusted_closes_of_yahoo(shared_data: Path):
    """Its closes are adjusted for splits, so are its dividends; six decimals, hence 1e-6."""
    bars = closes_of(shared_data, "stocknet_us_equity_1d", "AAPL")
    last = str(bars.timestamp.iloc[-1].date())
    rows = [row for row in factor_rows(shared_data, "AAPL") if row[0] <= last]
    paid = [
        (day, 1.0, dividend / np.prod([split for later, split, _ in rows if later > day]))
        for day, _, dividend in rows
        if dividend
    ]
    close = bars.close.to_numpy(float)
    found = list(Actions.of(paid).effects(bars.ts.to_numpy()))
    assert len(found) == 20
    ratio = close / scale_of(found, close).price / bars.adj_close.to_numpy(float)
    np.testing.assert_allclose(ratio, ratio[-1], rtol=1e-6)


def test_a_split_of_microsoft_is_that_of_quandl(shared_data: Path):
    bars = closes_of(shared_data, "wiki_us_equity_1d", "MSFT")
    around = bars[(bars.ts // 86_400_000_000_000).between(12_000, 12_101)]  # before any dividend
    close = around.close.to_numpy(float)
    found = Actions.of([("2003-02-18", 2.0, 0.0)]).effects(around.ts.to_numpy())
    ratio = close / scale_of(list(found), close).price / around.adj_close.to_numpy(float)
    np.testing.assert_allclose(ratio, ratio[-1], rtol=1e-12)


@pytest.mark.parametrize(
    ("symbol", "first", "last", "split"),
    [
        ("AAPL", "2014-06-02", "2014-06-30", 7.0),
        ("AAPL", "2020-08-17", "2020-09-15", 4.0),
        ("USO", "2020-04-20", "2020-05-08", 0.125),
    ],
)
def test_equity_goes_on_over_a_real_split(
    shared_data: Path, tmp_path: Path, symbol: str, first: str, last: str, split: float
):
    bars = closes_of(shared_data, "lean_us_equity_1d", symbol)
    prices = {n: bars[n].to_numpy(float) for n in ("open", "high", "low", "close", "volume")}
    ts = pa.array(bars.ts.to_numpy()).cast(pa.timestamp("ns", "UTC"))
    catalog = Catalog(tmp_path / "c")
    catalog.write(symbol, "1d", pa.table({"ts": ts, **prices}), "lean")
    import_actions([shared_data / FACTORS / f"{symbol.lower()}.csv"], catalog)
    config = settings_of(GROUP, first, last, (symbol,), ["1d"], catalog.path)
    config["instruments"] = {symbol: {"lot_size": 1}}
    units = 800.0
    raw = run(config, strategy=Holder(quantity=units), out=tmp_path)
    inside = bars[(bars.timestamp >= first) & (bars.timestamp <= last)]
    opened, closed = float(inside.open.iloc[0]), float(inside.close.iloc[-1])
    lane = raw.summary["lanes"][0]
    assert raw.summary["assumptions"]["positions_split"] == 1
    expected = units * split * closed - units * opened + lane["dividends"]
    assert lane["final_equity"] - 100_000.0 == pytest.approx(expected, rel=1e-9)
    config["session_data_config"]["prices"] = "adjusted"
    config["instruments"] = {}
    adjusted = run(config, strategy=Holder(quantity=units * split), out=tmp_path)
    assert raw.equity["equity"].to_pylist() == pytest.approx(
        adjusted.equity["equity"].to_pylist(), rel=1e-12
    )
