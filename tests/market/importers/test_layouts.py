"""Each layout reads a small file in the form of its vendor, and is known by signs of its own."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.importers import import_bars
from pipeline.market.importers.layouts import LAYOUTS
from pipeline.market.importers.options import Options
from pipeline.market.importers.recognition import recognise, text_of
from pipeline.market.importers.registry.choice import read_source
from pipeline.market.importers.registry.own import own_names
from pipeline.market.importers.registry.plugins import Plugins
from pipeline.market.importers.rows import Spool
from pipeline.market.importers.source import Source, find_sources
from tests.market.importers.vendor_files import FILES
from tests.market.importers.vendor_form import FORMS

ROOT = Path(__file__).parents[3]


def only_source(path):
    (source,) = find_sources(path)
    return source


def recognised(path, layout=None):
    source, options = only_source(path), Options(layout=layout)
    text = text_of(source, source.begin(1 << 16), options)
    return recognise(source, text.first_lines, options)[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.layout}-{file.name}")
def test_a_file_in_the_form_of_its_vendor_is_read(tmp_path, file):
    catalog = Catalog(tmp_path / "catalog")
    (tmp_path / "in").mkdir()
    results = import_bars([file.write(tmp_path / "in")], catalog, **file.options)
    assert {result.account.layout for result in results} == {file.layout}
    left = {name.removeprefix("column ") for result in results for name in result.account.left}
    assert file.layout == "lean" or left == {name or "1" for name in file.left}
    for result in results:
        if file.stamped is not None and result.interval != "1d":
            assert result.account.stamped[:2] == (file.stamped, "layout")
    found = {(result.symbol, result.interval): result.rows for result in results}
    assert found == {(one.symbol, one.interval): one.rows for one in file.series}
    for one in file.series:
        table = catalog.load(one.symbol, one.interval)
        times = table["ts"].cast(pa.int64()).to_numpy()
        for row, (time, *values) in ((0, one.first), (-1, one.last)):
            assert str(np.datetime64(int(times[row]), "ns"))[:16] == time
            assert [table[name][row].as_py() for name in PRICE_COLUMNS] == pytest.approx(values)


DELIMITED = [file for file in FILES if file.layout != "lean"]


@pytest.mark.parametrize("file", DELIMITED, ids=lambda file: f"{file.layout}-{file.name}")
def test_a_layout_says_clock_stamp_and_adjustment_of_its_files(tmp_path, file):
    layout = recognised(file.write(tmp_path), file.options.get("layout"))
    assert layout.name == file.layout
    assert layout.adjusted == file.adjusted
    if file.clock is not None:
        assert layout.stamped == file.stamped
    if file.ground == "layout" and file.clock is not None:
        assert str(layout.zone) == file.clock


def test_each_of_the_layouts_has_a_file_and_a_known_form():
    own = {
        "csv",
        "google",
        "hikyuu",
        "ringtape",
        "semicolons",
    }  # no vendor's, or tested with real files
    assert {layout.name for layout in LAYOUTS} - own == {file.layout for file in DELIMITED}
    assert {file.layout for file in FILES} <= set(FORMS)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_table_in_the_readme_has_the_signs_of_each_layout(layout):
    page = (ROOT / "pipeline/market/README.md").read_text().replace("`", "")
    assert f"| {layout.name} |" in page
    assert f"| {layout.signs} |" in page or f"| {layout.signs}, or the first bytes of" in page


CELLS = st.sampled_from(
    sorted({cell for file in FILES for line in file.lines for cell in line.split(",")})
)
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=13).map(",".join), min_size=1, max_size=5)


@given(name=st.sampled_from(sorted({file.name for file in FILES})), lines=LINES)
def test_whatever_the_first_lines_are_no_layout_fails_on_them(name, lines):
    text = "\n".join(lines).encode()
    source = Source(name, name, Path(name), name, lambda: io.BytesIO(text))
    with contextlib.suppress(DataError), Spool() as spool:
        read_source(source, Options(), spool, Plugins(own_names()))


MINUTE = "2024-03-08 09:30:00,1,1,1,1,5"
SEMICOLONS = "20120309 165900;1.3119;1.3120;1.3118;1.3119;0"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("SPY.csv", ("time,open,high,low,close,tick_volume", MINUTE)),
        ("SPY.csv", ("date,open,high,low,close,amount,count", MINUTE + ",5")),
        ("SPY.csv", ("Timestamp,Open,High,Low,Close,Volume", MINUTE)),
        ("SPY.csv", ("time,open,high,low,close,Volume", MINUTE)),
        ("SPY.csv", ("unix,date,symbol,open,high,low,close,volume", "1709908200,2024-03-08,A")),
    ],
)
def test_one_sign_alone_is_no_layout_that_implies_a_clock(tmp_path, name, lines):
    (tmp_path / name).write_text("\n".join(lines))
    layout = recognised(tmp_path / name)
    assert layout.name == "csv"
    assert layout.zone is None


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("XBTUSD_1.csv", "1709908200;1;1;1;1;1;1"),
        ("XBTUSD_7.csv", "1709908200,1,1,1,1,1,1"),
        ("MSFT.csv", "03/08/2024,09:30,1,1,1,1,5"),
        ("SPY_5min.txt", "03/08/2024 09:30,1,1,1,1,5"),
        ("DAT_ASCII_EURUSD_T_202403.csv", "20240308 165900123,1.1,1.2,0"),
    ],
)
def test_rows_without_a_header_and_without_a_known_name_are_no_layout(tmp_path, name, line):
    (tmp_path / name).write_text(line)
    with pytest.raises(DataError, match="has no header and no known layout"):
        recognised(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "lines", "words"),
    [
        ("EURUSD.csv", (SEMICOLONS,), r"NinjaTrader's \(--tz UTC --end-stamped\) or HistData's"),
        (
            "EURUSD_M1.csv",
            ("time,open,high,low,close,tick_volume,spread,real_volume", MINUTE + ",0,0"),
            "MetaTrader 5 writes times on its server's clock",
        ),
        (
            "aapl.us.txt",
            (
                "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
                "AAPL.US,5,20240308,153000,1,1,1,1,1,0",
            ),
            "UTC or Europe/Warsaw",
        ),
        ("BTC_full_1min.txt", (MINUTE,), "in UTC for coins, in New York's time for all else"),
    ],
)
def test_a_layout_that_leaves_the_clock_open_asks_for_it(tmp_path, name, lines, words):
    (tmp_path / name).write_text("\n".join(lines))
    with pytest.raises(DataError, match=rf"line \d: .*{words}.*give the (zone|clock) .*--tz"):
        import_bars([tmp_path / name], Catalog(tmp_path / "c"), interval="1m")
    assert not (tmp_path / "c").exists()


def test_rows_of_semicolons_are_read_as_the_user_says(tmp_path):
    (tmp_path / "EURUSD.csv").write_text(SEMICOLONS)
    as_histdata, as_ninjatrader = (
        import_bars(
            [tmp_path / "EURUSD.csv"],
            Catalog(tmp_path / zone.replace("/", "-")),
            interval="1m",
            tz=zone,
            stamped=stamped,
        )[0].first_ts
        for zone, stamped in (("Etc/GMT+5", None), ("UTC", "close"))
    )
    assert str(np.datetime64(as_histdata, "ns"))[:16] == "2012-03-09T21:59"
    assert str(np.datetime64(as_ninjatrader, "ns"))[:16] == "2012-03-09T16:58"


@pytest.mark.parametrize(
    ("name", "symbol", "interval"),
    [
        ("GBPUSD_Daily_202401010000_202406280000.csv", "GBPUSD", "1d"),
        ("EURUSD.a_M15_202401020000_202406282345.csv", "EURUSD.a", "15m"),
        ("US500_cash_H1_202401020000_202406282345.csv", "US500_cash", "1h"),
        ("EURUSD_Weekly_202401010000_202406280000.csv", "EURUSD", None),
        ("EURUSDh1.csv", "EURUSD", "1h"),
    ],
)
def test_names_of_metatraders_exports_tell_symbol_and_interval(name, symbol, interval):
    (layout,) = (layout for layout in LAYOUTS if layout.name == "mt5")
    assert (layout.symbol(name), layout.interval(name)) == (symbol, interval)


def test_a_download_of_several_tickers_leaves_each_its_own_columns(tmp_path):
    rows = [f"2024-01-0{day},0,0,10,20,11,21,9,19,10,20,5,6" for day in (2, 3, 4)]
    names = ["Dividends", "Open", "High", "Low", "Close", "Volume"]
    lines = [
        ",".join(["Price", *(name for name in names for _ in "AB")]),
        ",".join(["Ticker", *"AB" * len(names)]),
        "Date" + "," * 2 * len(names),
    ]
    (tmp_path / "two.csv").write_text("\n".join(lines + rows))
    results = import_bars(tmp_path / "two.csv", Catalog(tmp_path / "c"))
    left = {one.symbol: one.account.left for one in results}
    assert left == {"A": ("Dividends A",), "B": ("Dividends B",)}
