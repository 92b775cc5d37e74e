from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.checks.stress import market
from pipeline.checks.stress.market import enlarged
from pipeline.codes import interval_ns
from pipeline.config.session import SessionConfig
from pipeline.market.catalog.catalog import Catalog
from pipeline.runner.terms import time_manager


@pytest.fixture
def settings(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SessionConfig:
    """Two symbols of eight sessions, among them a short one; what is made goes into a folder."""
    monkeypatch.setattr(market, "cache_folder", lambda: tmp_path)
    return SessionConfig.load(
        {
            "session_name": "short",
            "backtest_config": {"start_date": "2024-11-21", "end_date": "2024-12-03"},
            "session_data_config": {"symbols": ["ALFA", "ECHO"]},
            "strategy": {"name": "pipeline.strategy.examples:SmaCross"},
            "catalog": str(sample),
        }
    )


def test_a_market_that_is_long_enough_is_left_as_it_is(settings: SessionConfig):
    found = enlarged(settings, 1_000)
    assert (found.settings, found.laps) == (settings, 1)


def test_laps_have_the_bars_of_the_run_at_the_same_distance_from_the_open(settings: SessionConfig):
    found = enlarged(settings, 40_000)
    assert found.bars >= 40_000 * 0.98  # short sessions cut some
    assert found.laps > 1
    dates = found.settings.backtest_config
    sessions = time_manager(settings).session_table(dates.start_date, dates.end_date)
    own = time_manager(settings).session_table("2024-11-21", "2024-12-03")
    assert len(sessions) == found.laps * len(own)
    for symbol in ("ALFA", "ECHO"):
        source = Catalog(settings.catalog).load(symbol, "1m")
        made = Catalog(found.settings.catalog).load(symbol, "1m")
        ts = np.array(times_of(made))
        assert (np.diff(ts) > 0).all()
        session = np.searchsorted(sessions.open_ns, ts, side="right") - 1
        assert (ts + interval_ns("1m") <= sessions.close_ns[session]).all()
        prices = dict(zip(times_of(source), source["close"].to_pylist(), strict=True))
        origin = ts - sessions.open_ns[session] + own.open_ns[session % len(own)]
        assert [prices[one] for one in origin.tolist()] == made["close"].to_pylist()


def times_of(bars: pa.Table) -> list[int]:
    return bars["ts"].cast(pa.int64()).to_pylist()


def test_a_market_is_made_once(settings: SessionConfig, monkeypatch: pytest.MonkeyPatch):
    first = enlarged(settings, 20_000)
    monkeypatch.setattr(Catalog, "write_all", None)
    assert enlarged(settings, 20_000) == first


def test_half_a_market_is_made_anew(settings: SessionConfig, tmp_path: Path):
    first = enlarged(settings, 20_000)
    place = Path(first.settings.catalog)
    place.rename(place.with_name(f"{place.name}.half"))
    assert enlarged(settings, 20_000).bars == first.bars
    assert [path.name for path in (tmp_path / "stress").glob("*.half")] == []
