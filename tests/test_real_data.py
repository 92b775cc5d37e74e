"""Real records end to end: vendors' files through import, replay and results.

Results are held against the reference, longer bars against pandas. Each set brings something that
generated data does not: clocks that change, months that are missing, sessions that cross midnight
or pause at noon, hours that begin before the open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import MINUTE, run
from pipeline.codes import PRICE_COLUMNS
from pipeline.lane.spec import Instrument, Terms
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from pipeline.market.time.time_manager import SessionTable, TimeManager
from pipeline.results.digest import run_digest
from tests.reference.in_process import assert_same, bars_on_the_tape
from tests.reference.market import Bars, Market
from tests.reference.processes import assert_nothing_left, outcomes, settings_of
from tests.reference.replay import all_bars, replay
from tests.reference.traders import Crosser, Tinkerer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@dataclass(frozen=True)
class Record:
    """Files of the shared data, what of them is replayed, and what is known to be there."""

    sources: tuple[str, ...]
    symbols: tuple[str, ...]
    group: str
    first: str
    last: str
    streams: tuple[str, ...]
    hours: str = "regular"
    symbol: str | None = None


RECORDS = {
    # Clocks go forward on 13 March; February is missing.
    "SPY in the winter of 2011": Record(
        ("open/pyalgotrade_spy_1m_2011.parquet",),
        ("SPY",),
        "US_EQUITY",
        "2011-01-03",
        "2011-03-31",
        ("1m", "5m", "1d"),
    ),
    # The vendor's own file, stamped by the bars' ends, with the hours before and after.
    "SPY by NinjaTrader": Record(
        ("raw/pyalgotrade/nt-spy-minute-2011-03.csv",),
        ("SPY",),
        "US_EQUITY",
        "2011-03-10",
        "2011-03-18",
        ("1m", "15m"),
        "extended",
    ),
    "EURUSD and others over three weekends": Record(
        ("open/lean_fx_oanda_1m.parquet",),
        ("EURUSD", "XAUUSD"),
        "FX",
        "2014-05-05",
        "2014-05-13",
        ("1m", "1h"),
    ),
    # Sessions cross midnight; New York's clocks go back in between; one contract ends.
    "ES futures": Record(
        ("open/lean_futures_es_1m.parquet",),
        ("ES201312", "ES201403"),
        "CME",
        "2013-10-07",
        "2013-12-20",
        ("1m", "30m", "1d"),
    ),
    # A break at noon and holidays; the vendor's own file.
    "SSE Composite": Record(
        ("raw/hikyuu/test_min_data.csv.gz",),
        ("SH000001",),
        "XSHG",
        "2017-03-03",
        "2017-05-31",
        ("1m", "30m"),
        symbol="SH000001",
    ),
    # No closed hour between sessions; most days of the range are missing.
    "coins around the clock": Record(
        ("open/lean_crypto_coinbase_1m.parquet",),
        ("BTCEUR", "BTCUSD"),
        "CRYPTO",
        "2016-10-07",
        "2018-04-06",
        ("1m", "4h"),
    ),
    # Clock hours: the first of a session begins half an hour before it.
    "SPY and IBM by the hour": Record(
        ("open/lean_us_equity_1h.parquet",),
        ("IBM", "SPY"),
        "US_EQUITY",
        "2000-06-01",
        "2002-01-31",
        ("1h", "1d"),
    ),
    "LEAN's daily zips": Record(
        ("raw/lean/Data/equity/usa/daily",),
        ("AAPL", "FB", "SPY"),
        "US_EQUITY",
        "2007-01-01",
        "2013-12-31",
        ("1d",),
    ),
}


@pytest.fixture(scope="module", params=RECORDS)
def record(request: pytest.FixtureRequest) -> Record:
    return RECORDS[request.param]


@pytest.fixture(scope="module")
def catalog_folder(tmp_path_factory: pytest.TempPathFactory, record: Record) -> Path:
    """The folder of a catalog for one record."""
    return tmp_path_factory.mktemp("real") / "catalog"


@pytest.fixture(scope="module")
def market(record: Record, shared_data: Path, catalog_folder: Path) -> Market:
    """What an import made of the files, read back from the catalog; nobody changes it."""
    catalog = Catalog(catalog_folder)
    sources = [shared_data / source for source in record.sources]
    import_bars(sources, catalog, symbol=record.symbol)
    bars = {}
    for symbol in record.symbols:
        table = catalog.load(symbol, record.streams[0])
        values = np.array([table[name].to_numpy() for name in PRICE_COLUMNS])
        bars[symbol] = Bars(table["ts"].cast("int64").to_numpy(), values)
    manager = TimeManager(record.group, record.hours)  # type: ignore[arg-type]
    return Market(bars, manager.session_table(record.first, record.last), record.streams)


def test_a_run_over_real_records_gives_what_the_reference_gives(
    record: Record, market: Market, catalog_folder: Path, tmp_path: Path
):
    config = settings_of(
        record.group,
        record.first,
        record.last,
        record.symbols,
        record.streams,
        catalog_folder,
    )
    config["session_data_config"]["trading_hours"] = record.hours
    config["execution"] = {"commission_per_share": 0.005, "commission_bps": 1.0}
    if "BTCEUR" in record.symbols:
        config["instruments"] = {"BTCEUR": {"currency": "USD"}}
    longer = [length // MINUTE for length in market.intervals[-2:]]
    lanes = [Crosser(fast=5, slow=20, minutes=longer[0]), Tinkerer(span=20, minutes=longer[-1])]
    result = run(config, strategy=lanes, out=tmp_path / "runs")
    bars = sum(map(len, all_bars(market)[0]))
    assert (result.summary["bars"], result.summary["sessions"]) == (bars, len(market.sessions))
    expected = [
        replay(market, lane, Terms(100_000.0, per_share=0.005, basis_points=1.0, poor_below=95.0))
        for lane in lanes
    ]
    assert min(len(one.fills) for one in expected) > 0
    for got, want in zip(outcomes(result, market.symbols), expected, strict=True):
        assert_same(replace(got, session_equity=want.session_equity), want)
    assert result.digest == run_digest([one.digest for one in expected])
    assert_nothing_left()


def by_pandas(bars: Bars, rule: str, sessions: SessionTable) -> pd.DataFrame:
    """Resample session by session from each open; a bar is where it closes, cut at the close."""
    step = int(np.diff(bars.ts).min())
    frame = pd.DataFrame(bars.values.T, columns=list(PRICE_COLUMNS))
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    parts = []
    for opened, closed in zip(sessions.open_ns, sessions.close_ns, strict=True):
        begin, end = np.searchsorted(bars.ts, [opened - step + 1, closed])
        rows = frame.iloc[begin:end]
        if len(rows):
            closes = np.minimum(bars.ts[begin:end] + step, closed)
            rows = rows.set_axis(pd.DatetimeIndex(closes - 1), axis=0)
            whole = pd.Timedelta(closed - opened) if rule == "1d" else pd.Timedelta(rule)
            made = rows.resample(whole, origin=pd.Timestamp(opened))
            parts.append(made.agg(how)[made["close"].count() > 0])
    return pd.concat(parts)


@pytest.mark.parametrize("slot_rows", [997, 16_384])
def test_the_longer_bars_on_the_tape_are_those_of_pandas(
    record: Record, market: Market, slot_rows: int
):
    on_the_tape: Sequence[Sequence[Bars]] = bars_on_the_tape(market, slot_rows)
    for name, of_interval in zip(market.streams[1:], on_the_tape[1:], strict=True):
        for symbol, made in zip(market.symbols, of_interval, strict=True):
            expected = by_pandas(market.bars[symbol], name, market.sessions)
            np.testing.assert_array_equal(made.ts, expected.index.asi8)
            values = expected.to_numpy().T
            np.testing.assert_array_equal(made.values[:4], values[:4])
            # pandas adds with compensation, which shows in volumes that are no whole numbers.
            np.testing.assert_allclose(made.values[4], values[4], rtol=1e-12)


def test_real_pairs_convert_what_is_quoted_in_dollars_for_an_account_in_euros(
    shared_data: Path, tmp_path: Path
):
    """Gold is paid with converted euros, EURUSD held on credit; both by one by EURUSD's close."""
    record = RECORDS["EURUSD and others over three weekends"]
    catalog = Catalog(tmp_path / "catalog")
    import_bars([shared_data / source for source in record.sources], catalog)
    config = settings_of(
        record.group, record.first, record.last, record.symbols, ("1m",), tmp_path / "catalog"
    )
    config["trading_config"] = {"currency": "EUR"}
    config["execution"] = {"commission_bps": 0.2, "latency_ms": 250}
    config["instruments"] = {
        "EURUSD": {"base": "EUR", "currency": "USD", "converted": "profit"},
        "XAUUSD": {"currency": "USD"},
    }
    result = run(config, strategy=Crosser(fast=5, slow=20), out=tmp_path / "runs")
    tables = [catalog.load(symbol, "1m") for symbol in record.symbols]
    bars = {
        symbol: Bars(
            table["ts"].cast("int64").to_numpy(),
            np.array([table[name].to_numpy() for name in PRICE_COLUMNS]),
        )
        for symbol, table in zip(record.symbols, tables, strict=True)
    }
    sessions = TimeManager(record.group).session_table(record.first, record.last)
    instruments = (Instrument(pair=-1, credit=1), Instrument(pair=-1))
    late = {"latency": 250_000_000, "poor_below": 95.0}
    terms = Terms(100_000.0, instruments, basis_points=0.2, **late)
    expected = replay(Market(bars, sessions, ("1m",)), Crosser(fast=5, slow=20), terms)
    assert {fill[1] for fill in expected.fills} == {0, 1}
    (found,) = outcomes(result, record.symbols)
    assert_same(replace(found, session_equity=expected.session_equity), expected)
    assert result.summary["currency"] == "EUR"
    shown = result.summary["assumptions"]["conversions"]
    assert {symbol: one["converted"] for symbol, one in shown.items()} == {
        "EURUSD": "profit",
        "XAUUSD": "value",
    }
    assert {one["pair"] for one in shown.values()} == {"EURUSD"}
    assert_nothing_left()
