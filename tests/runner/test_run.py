"""`run` and the commands on it, with all processes: what goes in, and what comes out."""

import json
import re
from collections.abc import Iterator
from datetime import date, time
from itertools import pairwise
from pathlib import Path
from typing import Any

import empyrical
import numpy as np
import pyarrow as pa
import pytest

from pipeline import Progress, SessionConfig, Strategy, run
from pipeline import indicators as ind
from pipeline.config.examples import example_path
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import SYMBOLS
from pipeline.market.quality import quality_of
from pipeline.market.time.time_manager import TimeManager
from pipeline.results.digest import run_digest
from pipeline.runner.lanes import make_lanes
from pipeline.runner.preparation import shape_of
from pipeline.runner.run import Result
from tests.reference.own_process import python
from tests.reference.processes import assert_nothing_left, settings_of
from tests.reference.traders import Both, Crosser, Ranker, Tinkerer

FIRST, LAST = "2024-11-25", "2024-12-02"  # a holiday and a half-day between


def configuration(sample: Path) -> dict[str, Any]:
    settings = settings_of("US_EQUITY", FIRST, LAST, SYMBOLS[:2], ["1m", "5m"], sample)
    settings["strategy"] = {"name": "tests.reference.traders:Crosser", "parameters": {"fast": 3}}
    return settings


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    return configuration(sample)


@pytest.fixture(scope="module")
def plain(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The run of the configuration as it is, for tests that only look at its result."""
    return run(configuration(sample), out=tmp_path_factory.mktemp("plain"))


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert_nothing_left()


class Greedy(Strategy):
    """Places orders of which one limit or another rejects most."""

    size: float = 300.0

    def on_bar(self, bar, ctx):
        ctx.market(bar.symbol, self.size)
        ctx.limit(bar.symbol, 1.0, 0.99 * bar.close)
        ctx.market(bar.symbol, 50.0)


@pytest.mark.parametrize("lanes", [1, 2])
def test_rejected_orders_are_counted_by_their_reasons(config, tmp_path: Path, lanes: int):
    config["trading_config"] = {"max_per_trade": 30_000.0, "max_order_volume": 0.02}
    result = run(config, strategy=[Greedy(), Greedy(size=1e6)][:lanes], out=tmp_path)
    orders = result.to_pandas("orders")
    for lane, summary in enumerate(result.summary["lanes"]):
        own = orders[(orders.lane == lane) & (orders.state == "rejected")]
        found = summary["rejections"]
        assert found == dict(own.groupby("reason", observed=True).size())
        assert list(found.values()) == sorted(found.values(), reverse=True)
        assert sum(found.values()) == summary["orders_rejected"] > 0
    assert set(result.statistics["rejections"]) == {"max_per_trade", "max_order_volume"}


# --- what goes in --------------------------------------------------------------------------------


def test_a_dict_a_file_and_a_session_config_are_the_same_run(config, tmp_path: Path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    sources = (config, path, str(path), SessionConfig.load(config))
    digests = {run(source, out=tmp_path / "runs").digest for source in sources}
    assert len(digests) == 1


def test_a_class_a_strategy_and_the_configuration_are_the_same_lane(
    config, plain: Result, tmp_path: Path
):
    configured = plain
    del config["strategy"]
    given = run(config, strategy=Crosser(fast=3), out=tmp_path)
    overridden = run(
        config, strategy=Crosser, overrides=["strategy.0.parameters.fast=3"], out=tmp_path
    )
    assert configured.digest == given.digest == overridden.digest
    assert given.summary["lanes"][0]["parameters"] == {
        "fast": 3,
        "slow": 4,
        "quantity": 100.0,
        "minutes": 0,
    }


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_a_lane_of_some_symbols_trades_as_in_a_run_of_just_these(config, tmp_path: Path, mode: str):
    some, streams = list(SYMBOLS[1:3]), config["session_data_config"]["streams"]
    lanes = [Crosser(), Ranker(leader=some[0]), Both(minutes=5)]
    overrides = [f"strategy.{lane}.mode={mode}" for lane in range(len(lanes))]
    config["session_data_config"] = {"symbols": some, "streams": streams}
    alone = run(config, strategy=lanes, out=tmp_path, overrides=overrides)
    config["session_data_config"] = {"symbols": list(SYMBOLS[:4]), "streams": streams}
    overrides += [f"strategy.{lane}.symbols={json.dumps(some)}" for lane in range(len(lanes))]
    among = run(config, strategy=lanes, out=tmp_path, overrides=overrides)
    assert alone.fills.num_rows > 0
    for table in ("fills", "orders", "equity", "round_trips", "sessions"):
        # Symbols are encoded by the run's, so the values are compared.
        assert getattr(among, table).to_pylist() == getattr(alone, table).to_pylist(), table


def test_each_lane_comes_to_what_it_comes_to_alone(config, tmp_path: Path):
    strategies = [Tinkerer(), Crosser, Both(minutes=5), Ranker(leader=SYMBOLS[1])]
    together = run(config, strategy=strategies, out=tmp_path, overrides=["pipeline.engines=3"])
    alone = [run(config, strategy=one, out=tmp_path) for one in strategies]
    lanes = together.summary["lanes"]
    assert [lane["lane"] for lane in lanes] == [0, 1, 2, 3]
    for lane, one in zip(lanes, alone, strict=True):
        assert {**lane, "lane": 0} == one.summary["lanes"][0]
    assert together.digest == run_digest([lane["digest"] for lane in lanes])
    assert together.equity.num_rows == 4 * alone[0].equity.num_rows
    assert together.equity["lane"].to_pylist() == sorted(together.equity["lane"].to_pylist())


class SmaCross(Strategy):
    """Hold `quantity` while the fast average is above the slow one, else be short as much."""

    fast: int = 10
    slow: int = 30
    quantity: float = 100

    def indicators(self):
        return {"fast_avg": ind.sma(self.fast), "slow_avg": ind.sma(self.slow)}

    def on_bar(self, bar, ctx):
        side = 1.0 if bar.fast_avg > bar.slow_avg else -1.0
        ctx.target(bar.symbol, side * self.quantity)


PROGRAM = """
import json, sys
from pipeline import Strategy, indicators as ind
from pipeline import run

HELD = 100

{source}

result = run(json.loads(sys.argv[1]), strategy=SmaCross, out=sys.argv[2],
             overrides=["strategy.0.mode=" + sys.argv[3]])
print(json.dumps([result.digest, len(result.fills)]))
"""


@pytest.mark.parametrize(("how", "mode"), [("file", "compiled"), ("typed", "interpreted")])
def test_a_strategy_may_be_defined_in_main_with_the_run_below_it(
    config, tmp_path: Path, how: str, mode: str
):
    source = Path(__file__).read_text()
    begin = source.index("class SmaCross")
    body = source[begin : source.index("PROGRAM =", begin)].replace("= 100\n", "= HELD\n")
    program = PROGRAM.format(source=body)
    path = tmp_path / "program.py"
    path.write_text(program)
    config["pipeline"] = {"start_method": "spawn" if mode == "compiled" else "forkserver"}
    done = python(
        *(["-c", program] if how == "typed" else [path]),
        *(json.dumps(config), tmp_path / "runs", mode),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = run(config, strategy=SmaCross, out=tmp_path / "runs")
    assert json.loads(done.stdout) == [expected.digest, expected.fills.num_rows]


class Early(Strategy):
    lookback = 2

    def on_start(self, ctx):
        ctx.market(0, 1.0 + ctx.count(0) + len(ctx.window(1, "close", 2)) + ctx.position(0))


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
def test_before_the_first_bar_a_strategy_may_ask_and_nothing_is_known(
    config, tmp_path: Path, mode: str
):
    result = run(config, strategy=Early, overrides=[f"strategy.0.mode={mode}"], out=tmp_path)
    assert result.orders["quantity"].to_pylist() == [1.0]
    assert result.fills["ts"][0].as_py() == result.equity["ts"][0].as_py().replace(minute=30)


# --- what comes out ------------------------------------------------------------------------------


def test_the_tables_have_the_columns_that_users_were_told(plain: Result):
    result = plain
    instant, word = pa.timestamp("ns", "UTC"), pa.dictionary(pa.int32(), pa.string())
    expected = {"ts": instant, "symbol": word, "side": word, "quantity": pa.float64()}
    expected |= {"price": pa.float64(), "commission": pa.float64(), "order_id": pa.int64()}
    assert dict(zip(result.fills.schema.names, result.fills.schema.types, strict=True)) == {
        **expected,
        "lane": pa.int32(),
    }
    assert result.equity.schema.names == ["ts", "lane", "equity", "cash"]
    assert set(result.fills["side"].to_pylist()) == {"buy", "sell"}
    assert set(result.orders["state"].to_pylist()) <= {"filled", "accepted"}
    frame = result.to_pandas("fills")
    assert len(frame) == result.fills.num_rows == result.summary["fills"]
    with pytest.raises(ValueError, match="fills, orders, equity"):
        result.to_pandas("tradings")
    assert result.to_pandas("trades").equals(result.to_pandas("round_trips"))


def test_the_run_folder_holds_everything_and_gives_the_run_again(plain: Result, tmp_path: Path):
    result = plain
    assert sorted(path.name for path in result.run_dir.iterdir()) == [
        "config.json",
        "equity.parquet",
        "fills.parquet",
        "orders.parquet",
        "performance.txt",
        "round_trips.parquet",
        "sessions.parquet",
        "summary.json",
    ]
    assert json.loads((result.run_dir / "summary.json").read_text()) == result.summary
    told = (result.run_dir / "performance.txt").read_text()
    for words in ("backtest timings", "calendar queries", "session timings", "analysis engine"):
        assert words in told
    assert result.summary["performance"]["calendar"]["invalidations"] == result.summary["sessions"]
    again = run(result.run_dir / "config.json", out=tmp_path)
    assert again.run_dir.parent == tmp_path
    assert again.digest == result.digest
    for name in ("fills", "orders", "round_trips", "equity", "sessions"):
        one, other = (run_dir / f"{name}.parquet" for run_dir in (result.run_dir, again.run_dir))
        assert one.read_bytes() == other.read_bytes()


def test_returns_are_those_of_the_equity_at_each_close(config, tmp_path: Path):
    result = run(config, strategy=[Crosser(fast=3), Both(minutes=5)], out=tmp_path)
    sessions = TimeManager("US_EQUITY").session_table(FIRST, LAST)
    for number, lane in enumerate(result.summary["lanes"]):
        equity = result.to_pandas("equity").query(f"lane == {number}")
        at = np.searchsorted(equity["ts"].to_numpy("M8[ns]").view("i8"), sessions.close_ns, "right")
        closes = equity["equity"].to_numpy()[at - 1]
        returns = result.returns(number)
        assert returns.to_list() == pytest.approx(
            np.diff(closes, prepend=1e5) / [1e5, *closes[:-1]]
        )
        assert returns.index.tz is None
        assert returns.index.to_numpy("M8[ns]").view("i8").tolist() == sessions.date_ns.tolist()
        assert (1 + returns).prod() - 1 == pytest.approx(lane["total_return"], abs=1e-12)
        assert empyrical.sharpe_ratio(returns) == pytest.approx(lane["sharpe_ratio"])
    months = {"2024-11": 11, "2024-12": 12}
    assert [one["month"] for one in result.summary["monthly"]] == list(months)
    for one in result.summary["monthly"]:
        month = months[one["month"]]
        assert result.monthly().loc[2024, month] == one["return"]
        own = result.returns()
        assert (1 + own[own.index.month == month]).prod() - 1 == pytest.approx(one["return"])
    assert result.monthly().shape == (1, 12)
    assert result.monthly().notna().to_numpy().sum() == 2
    assert result.statistics == result.summary["lanes"][0]
    assert result.benchmark_returns().isna().all()
    with pytest.raises(ValueError, match="lane must be 0 to 1, was 2"):
        result.returns(2)


def test_the_summary_says_what_was_run(config, sample: Path, tmp_path: Path):
    result = run(config, out=tmp_path, overrides=["pipeline.processors=2"])
    summary = result.summary
    sessions = TimeManager("US_EQUITY").session_table(FIRST, LAST)
    present = 0
    for symbol in SYMBOLS[:2]:
        ts = Catalog(sample).load(symbol, "1m")["ts"].cast("int64").to_numpy()
        inside = np.searchsorted(sessions.open_ns, ts, "right") - 1
        inside = (inside >= 0) & (ts < sessions.close_ns[np.maximum(inside, 0)])
        present += int(inside.sum())
        quality = quality_of(ts[inside], "1m", sessions).percent
        assert summary["quality"][symbol] == pytest.approx(quality)
        assert 98.0 < quality <= 100.0
    assert summary["bars"] == present
    assert (summary["sessions"], len(sessions)) == (5, 5)
    assert summary["symbols"] == list(SYMBOLS[:2])
    assert (summary["sessions_per_year"], summary["calendar"]) == (252, "XNYS")
    assert [note.split(",")[0] for note in summary["notes"]] == ["The run has 5 of the 21 sessions"]
    assert (summary["lanes"][0]["annual_return"], summary["lanes"][0]["calmar_ratio"]) == (
        None,
    ) * 2
    assert summary["partial"] is False
    assert summary["bars_outside_sessions"] == 0
    assert summary["seconds"] > summary["run_seconds"] > 0
    assert summary["bars_per_second"] == pytest.approx(present / summary["run_seconds"])
    assert summary["final_equity"] == result.equity["equity"][-1].as_py()
    roles = ["coordinator", "processor 0", "processor 1", "engine 0"]
    members = [one for one in summary["processes"] if one["role"] in roles]
    assert [one["role"] for one in members] == roles
    assert len({one["pid"] for one in summary["processes"]}) == len(summary["processes"])
    assert all(one["peak_rss_bytes"] > 2**20 for one in summary["processes"])
    counters = summary["performance"]["counters"]
    assert counters["coordinator"]["bars"] == present


def test_progress_goes_from_the_first_session_to_the_last(config, tmp_path: Path):
    seen: list[Progress] = []
    config["backtest_config"]["start_date"] = "2024-10-22"
    config["pipeline"] = {"slot_rows": 1}
    result = run(
        config,
        out=tmp_path,
        overrides=["strategy.mode=interpreted"],
        progress=seen.append,
    )
    assert len(seen) > 2
    for before, after in pairwise(seen):
        assert (before.bars, before.sessions) <= (after.bars, after.sessions)
        assert before.seconds <= after.seconds
    assert {one.sessions_total for one in seen} == {29}
    assert seen[-1].bars == result.summary["bars"] == seen[-1].bars_total
    assert seen[-1].sessions == 29
    dates = [one.session_date for one in seen if one.session_date is not None]
    assert dates == sorted(dates)
    assert dates[-1] == date(2024, 12, 2)


def test_quality_of_the_running_session_changes_no_result(config, plain: Result, tmp_path: Path):
    graded = run(
        config,
        out=tmp_path,
        overrides=["session_data_config.gap_filler.enable_session_quality=true"],
    )
    assert graded.digest == plain.digest
    silent = run(
        config,
        out=tmp_path,
        overrides=["session_data_config.historical.enable_quality=false"],
    )
    assert silent.summary["quality"] == {}


def test_a_run_takes_what_there_is_of_shared_memory_and_says_so(
    config, plain: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = SessionConfig.load(config)
    slot = shape_of(settings, make_lanes(settings, None)).layout.size
    monkeypatch.setattr("shm.segment.available_shared_memory", lambda: 5 * slot // 2)
    result = run(config, out=tmp_path)
    assert result.digest == plain.digest
    (note,) = [one for one in result.summary["notes"] if "ring" in one]
    assert re.match("The ring has [12] slots? instead of 4, because shared memory had room", note)


def test_a_clock_changes_no_result_and_counts_what_was_late(config, tmp_path: Path):
    config["backtest_config"]["start_date"] = "2024-12-02"
    plain = run(config, out=tmp_path)
    paced = run(config, out=tmp_path, overrides=["backtest_config.speed_multiplier=1e9"])
    assert paced.digest == plain.digest
    assert paced.summary["performance"]["counters"]["coordinator"]["slots"] == 390


# --- the commands --------------------------------------------------------------------------------


def command(folder: Path, *arguments: str) -> dict[str, Any]:
    done = python("-m", "pipeline.cli", *arguments, "--json", check=False, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_demo_and_its_configuration_come_to_the_same(tmp_path: Path):
    demo = command(tmp_path, "demo")
    again = command(tmp_path, "run", str(example_path("demo.json")))
    assert demo["digest"] == again["digest"]
    assert (demo["sessions"], len(demo["symbols"]), demo["bars"]) == (30, 5, 57_393)
    wanted = {"bars", "seconds", "run_seconds", "bars_per_second", "sessions", "symbols"}
    wanted |= {"orders", "fills", "final_equity", "digest", "run_dir", "processes"}
    assert wanted <= set(demo)
    assert (tmp_path / demo["run_dir"] / "fills.parquet").is_file()
    assert demo["seconds"] > demo["run_seconds"]


def test_orders_outside_the_allowed_hours_are_rejected_with_both_instants(config, tmp_path):
    hours = 'trading_config.allowed_hours=["10:00", "15:30"]'
    result = run(config, strategy=Crosser(), overrides=[hours], out=tmp_path)
    rows = result.orders.to_pylist()
    outside = [row for row in rows if row["state"] == "rejected"]
    assert {row["reason"] for row in outside} == {"allowed_hours"}
    assert len(outside) == result.summary["lanes"][0]["orders_rejected"] > 0
    for row in rows:
        wall = row["ts"].tz_convert("America/New_York").time()
        assert (time(10, 0) <= wall <= time(15, 30)) == (row["state"] != "rejected")
