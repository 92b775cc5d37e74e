"""Which part of the week bars are said to cover."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.day_tally import DayTally
from pipeline.market.catalog.trading_week import trading_week
from pipeline.market.time.time_manager import TimeManager
from tests.market.catalogs import MINUTE, bars
from tests.market.real_bars import load

DAY = 1440 * MINUTE
START = 1_704_672_000_000_000_000  # a Monday


@pytest.mark.parametrize(
    ("group", "week"),
    [
        ("US_EQUITY", "exchange hours"),
        ("XHKG", "exchange hours"),
        ("FX", "FX week"),
        ("CME", "FX week"),
        ("CRYPTO", "24/7"),
    ],
)
def test_bars_of_sessions_cover_the_week_of_their_market(group: str, week: str):
    table = TimeManager(group).session_table("2024-01-08", "2024-03-01")
    spans = zip(table.open_ns.tolist(), table.close_ns.tolist(), strict=True)
    ts = np.concatenate([np.arange(begin, end, 60 * MINUTE) for begin, end in spans])
    assert trading_week(DayTally.of(ts), "1h") == week


@pytest.mark.parametrize(
    ("weekdays", "week"), [("01234", "weekdays"), ("012346", "FX week"), ("0123456", "24/7")]
)
def test_days_cover_the_week_of_their_weekdays(weekdays: str, week: str):
    days = [day for day in range(60) if str(day % 7) in weekdays]
    assert trading_week(DayTally.of(START + DAY * np.array(days)), "1d") == week
    assert trading_week(DayTally.of(START + DAY * np.array(days[:6])), "1d") is None


@pytest.mark.parametrize(
    ("name", "symbol", "interval", "week"),
    [
        ("lean_fx_oanda_1h", "EURUSD", "1h", "FX week"),
        ("ejtrader_fx_1h", "USDJPY", "1h", "FX week"),
        ("lean_crypto_coinbase_1m", "BTCUSD", "1m", "24/7"),
        ("stockind_daily_1d", "BTCUSD", "1d", "24/7"),
        ("lean_futures_es_1m", "ES201312", "1m", "FX week"),
        ("pyalgotrade_spy_1m_2011", "SPY", "1m", "exchange hours"),
        ("hikyuu_sse_index_1m_2017", "SH000001", "1m", "exchange hours"),
        ("lean_us_equity_1d", "AAPL", "1d", "weekdays"),
    ],
)
def test_real_series(shared_data: Path, name: str, symbol: str, interval: str, week: str):
    assert trading_week(DayTally.of(load(shared_data, name, symbol)[0]), interval) == week


def test_a_manifest_keeps_it_and_one_without_it_is_read(tmp_path: Path):
    catalog = Catalog(tmp_path)
    catalog.write("AAA", "1m", bars(8 * 1440), "test")
    assert catalog.entry("AAA", "1m").week == "24/7"
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    del document["series"][0]["week"]
    path.write_text(json.dumps(document))
    old = Catalog(tmp_path)
    assert old.entry("AAA", "1m").week is None
    assert old.load("AAA", "1m").num_rows == 8 * 1440
    old.write("AAA", "1m", bars([8 * 1440]), "test")
    assert old.entry("AAA", "1m").week == "24/7"
