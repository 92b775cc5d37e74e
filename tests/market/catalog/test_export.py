"""What is exported is imported again as it was."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codes import is_symbol
from pipeline.errors import DataError
from pipeline.market.catalog import bar_file
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.export import COLUMNS, FORMS, export_series
from pipeline.market.importers import import_bars
from tests.market.catalogs import MINUTE, bars

prices = st.floats(1e-300, 1e300) | st.sampled_from([0.1, 1 / 3, 4512.25, 1e22, 123456789.000001])
symbols = (
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
    | st.sampled_from(["NA", "TRUE", "1E5", "0005", 'A"B', "A,B", "A;B\t|", "-", "=1+1", "A:1m"])
).filter(is_symbol)


@settings(max_examples=40)
@given(symbol=symbols, form=st.sampled_from(FORMS), data=st.data())
def test_any_series_comes_back_with_its_hash(tmp_path_factory, symbol, form, data):
    folder = tmp_path_factory.mktemp("c")
    rows = data.draw(st.integers(2, 9))
    price = np.array(data.draw(st.lists(prices, min_size=rows, max_size=rows)))
    volume = np.array(data.draw(st.lists(st.just(0.0) | prices, min_size=rows, max_size=rows)))
    start = data.draw(st.integers(-(10**9), 4 * 10**9)) * 1_000_000_000
    ts = start + np.arange(rows) * MINUTE
    catalog = Catalog(folder / "there")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bar_file, "ROW_GROUP_ROWS", 4)
        catalog.write(symbol, "1m", BarColumns(ts, (price,) * 4 + (volume,)), "s")
    entry = catalog.entry(symbol, "1m")
    done = export_series(catalog, entry, folder / "out", form)
    assert (done.symbol, done.interval, done.rows) == (symbol, "1m", rows)
    import_bars([folder / "out"], Catalog(folder / "again"))
    assert Catalog(folder / "again").entry(symbol, "1m").sha256 == entry.sha256


def test_a_text_file_says_all_in_its_columns(tmp_path):
    catalog = Catalog(tmp_path / "c")
    catalog.write("BTC/USD", "1m", bars(2), "s")
    done = export_series(catalog, catalog.entry("BTC/USD", "1m"), tmp_path / "out", "csv")
    assert done.file == tmp_path / "out" / "BTC%2FUSD_1m.csv"
    assert done.file.read_text().splitlines() == [
        "symbol,interval,ts,open,high,low,close,volume",
        "BTC/USD,1m,1970-01-01 00:00:00Z,100.31,100.33,100.29,100.31,1",
        "BTC/USD,1m,1970-01-01 00:01:00Z,103.5,103.52,103.48,103.5,730",
    ]


def test_fractions_of_a_second_are_kept(tmp_path):
    catalog = Catalog(tmp_path / "c")
    catalog.write("A", "1m", bars(3, start=1), "s")
    done = export_series(catalog, catalog.entry("A", "1m"), tmp_path / "out", "csv")
    assert "00:02:00.000000001Z" in done.file.read_text()


def test_a_parquet_file_has_the_same_columns(tmp_path):
    catalog = Catalog(tmp_path / "c")
    catalog.write("A", "1m", bars(200), "s")
    done = export_series(catalog, catalog.entry("A", "1m"), tmp_path / "out", "parquet")
    table = pq.read_table(done.file)
    assert tuple(table.column_names) == COLUMNS
    assert set(table["interval"].to_pylist()) == {"1m"}
    assert table.select(COLUMNS[2:]).to_pydict() == bars(200).to_pydict()


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_read_leaves_the_file_of_before(tmp_path: Path, form):
    catalog = Catalog(tmp_path / "c")
    catalog.write("A", "1m", bars(20), "s")
    entry = catalog.entry("A", "1m")
    file = export_series(catalog, entry, tmp_path / "out", form).file
    before = file.read_bytes()
    (tmp_path / "c" / entry.file).write_bytes(b"")
    with pytest.raises(DataError, match=r"A\.parquet is damaged"):
        export_series(catalog, entry, tmp_path / "out", form)
    assert [path.read_bytes() for path in (tmp_path / "out").iterdir()] == [before]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    catalog = Catalog(tmp_path / "c")
    catalog.write("A", "1m", bars(2), "s")
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write .*file.A_1m.csv"):
        export_series(catalog, catalog.entry("A", "1m"), tmp_path / "file", "csv")
