"""Facts of a catalog: what is written, merged and refused."""

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.codes import is_symbol
from pipeline.errors import DataError
from pipeline.market.actions import Actions
from pipeline.market.catalog.bar_columns import BarColumns
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.merge import Series, WriteResult
from tests.market.catalogs import MINUTE, bars, tree


def test_what_is_written_is_read_back(tmp_path):
    table = bars(1000)
    result = Catalog(tmp_path / "c").write("SPY", "1m", table, "test")
    assert result == WriteResult(added=1000, unchanged=0, replaced=0, rows=1000)
    assert Catalog(tmp_path / "c").load("SPY", "1m").equals(table)


def test_entry_says_rows_range_source_and_hash(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("SPY", "1m", bars(10, start=MINUTE), "somewhere")
    entry = catalog.entry("SPY", "1m")
    assert (entry.rows, entry.first_ts, entry.last_ts) == (10, MINUTE, 10 * MINUTE)
    assert entry.sources == ("somewhere",)
    assert entry.sha256 == BarColumns.from_table(bars(10, start=MINUTE)).content_hash()
    assert (tmp_path / entry.file).is_file()


def test_writing_the_same_again_touches_no_file(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("SPY", "1m", bars(100), "first")
    before = {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.*")}
    contents = tree(tmp_path)
    result = catalog.write("SPY", "1m", bars(100), "second")
    assert result == WriteResult(added=0, unchanged=100, replaced=0, rows=100)
    assert {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.*")} == before
    assert tree(tmp_path) == contents


@settings(max_examples=25)
@given(data=st.data(), rows=st.integers(1, 60))
def test_any_partition_in_any_order_gives_the_bytes_of_the_whole(tmp_path_factory, data, rows):
    whole, parts = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("parts")
    table = bars(rows)
    Catalog(whole).write("SPY", "1m", table, "s")
    owner = np.array(data.draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)))
    for part in data.draw(st.permutations(sorted(set(owner.tolist())))):
        Catalog(parts).write("SPY", "1m", table.filter(pa.array(owner == part)), "s")
    assert tree(whole) == tree(parts)


def test_conflicts_are_refused_with_a_count_and_the_first_in_full(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("SPY", "1m", bars(10), "a")
    before = tree(tmp_path)
    other = bars(12).to_pydict()
    other["close"][3] = other["close"][3] + 0.01
    other["volume"][5] = 7.0
    with pytest.raises(DataError) as refusal:
        catalog.write("SPY", "1m", pa.table(other), "b")
    message = str(refusal.value)
    assert "SPY 1m from b: 2 of 12 bars conflict" in message
    assert "1970-01-01T00:03" in message
    assert f"new {other['close'][3]!r}" in message
    assert tree(tmp_path) == before


def test_replace_takes_the_new_values_and_keeps_the_rest(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("SPY", "1m", bars(10), "a")
    other = bars(12).slice(3, 9).to_pydict()
    other["volume"][0] = 7.0
    result = catalog.write("SPY", "1m", pa.table(other), "b", replace=True)
    assert result == WriteResult(added=2, unchanged=6, replaced=1, rows=12)
    volume = catalog.load("SPY", "1m")["volume"].to_pylist()
    expected = bars(12)["volume"].to_pylist()
    assert volume == [*expected[:3], 7.0, *expected[4:]]
    assert catalog.entry("SPY", "1m").sources == ("a", "b")


def test_overwrite_makes_a_series_exactly_what_is_given(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("SPY", "1m", bars(10), "a")
    catalog.write_all([Series("SPY", "1m", bars(4), "b")], overwrite=True)
    assert catalog.load("SPY", "1m").equals(bars(4))
    assert catalog.entry("SPY", "1m").sources == ("b",)


def test_negative_zero_is_zero(tmp_path):
    table = bars(3).to_pydict()
    table["volume"] = [0.0, -0.0, 0.0]
    catalog = Catalog(tmp_path)
    catalog.write("X", "1m", pa.table(table), "a")
    table["volume"] = [-0.0, 0.0, 0.0]
    assert catalog.write("X", "1m", pa.table(table), "a").unchanged == 3


@pytest.mark.parametrize(
    ("column", "row", "value", "words"),
    [
        ("close", 4, float("nan"), "row 4 .*close must be a finite number, was nan"),
        ("open", 2, -1.0, "row 2 .*open must be above zero, was -1.0"),
        ("high", 3, 1.0, "row 3 .*high must not be below low"),
        ("ts", 5, 3 * MINUTE, "row 5 .*ts must ascend"),
        ("ts", 5, 4 * MINUTE, "row 5 .*ts must ascend"),
    ],
)
def test_bad_bars_leave_no_folder_behind(tmp_path, column, row, value, words):
    table = bars(10).to_pydict()
    table["ts"] = list(range(0, 10 * MINUTE, MINUTE))
    table[column][row] = value
    with pytest.raises(DataError, match=words):
        Catalog(tmp_path / "new").write("SPY", "1m", pa.table(table), "file.csv")
    assert not (tmp_path / "new").exists()


def test_one_bad_series_keeps_all_others_out(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(5), "s")
    before = tree(tmp_path)
    broken = bars(5).set_column(4, "close", pa.array([1.0] * 5))
    with pytest.raises(DataError):
        catalog.write_all([Series("A", "1m", bars(9), "s"), Series("B", "1m", broken, "s")])
    assert tree(tmp_path) == before


def test_missing_and_empty_columns_are_named(tmp_path):
    with pytest.raises(DataError, match="missing: low, volume"):
        Catalog(tmp_path).write("A", "1m", bars(3).drop_columns(["low", "volume"]), "s")
    hole = bars(3).to_pydict()
    hole["low"][1] = None
    with pytest.raises(DataError, match="column low has 1 empty values, first in row 1"):
        Catalog(tmp_path).write("A", "1m", pa.table(hole), "s")
    with pytest.raises(DataError, match="there are no bars"):
        Catalog(tmp_path).write("A", "1m", bars(3).slice(0, 0), "s")


@settings(max_examples=25)
@given(symbol=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(is_symbol))
def test_any_symbol_is_one_safe_file_name(tmp_path_factory, symbol):
    folder = tmp_path_factory.mktemp("c")
    catalog = Catalog(folder)
    catalog.write(symbol, "1m", bars(2), "s")
    file = catalog.entry(symbol, "1m").file
    assert (folder / file).resolve().parent == (folder / "1m").resolve()
    assert all(c.isascii() and (c.isalnum() or c in "%-._~/") for c in file)
    assert catalog.load(symbol, "1m").num_rows == 2


@pytest.mark.parametrize(
    "symbol",
    ["", " ", "A ", "x\ny", "\x1b[31mRED", "A\x85", "A\u202eB", "A" * 129, "A" * 5_000],
    ids=lambda symbol: ascii(symbol[:8]),
)
def test_a_symbol_that_no_run_could_name_is_refused_before_anything_is_written(tmp_path, symbol):
    with pytest.raises(DataError) as caught:
        Catalog(tmp_path).write(symbol, "1m", bars(2), "s")
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith("a symbol has 1 to 128 printable characters, no space at either end")
    assert len(message) < 400
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("last", ["市", "场", "A"])
def test_a_long_symbol_has_a_file_of_its_own(tmp_path, last):
    catalog = Catalog(tmp_path)
    symbols = ["市" * 127 + last, "市" * 22, "市" * 23, "A" * 127 + last, "/" * 67, "0" * 128]
    for symbol in symbols:
        catalog.write(symbol, "1m", bars(2), "s")
    names = {path.name for path in (tmp_path / "1m").iterdir()}
    assert len(names) == len(symbols)
    assert max(map(len, names)) == 200 + len(".parquet")
    for symbol in symbols:
        assert catalog.load(symbol, "1m").num_rows == 2


def test_symbols_have_readable_names_that_all_systems_take(tmp_path):
    catalog = Catalog(tmp_path)
    for symbol in ("BTC/USD", "BRK-A", "^VIX", "..", "PRN", "con.X", "COM10"):
        catalog.write(symbol, "1m", bars(2), "s")
    assert sorted(p.name for p in (tmp_path / "1m").iterdir()) == [
        "%2E..parquet",
        "%50RN.parquet",
        "%5EVIX.parquet",
        "%63on.X.parquet",
        "BRK-A.parquet",
        "BTC%2FUSD.parquet",
        "COM10.parquet",
    ]


def test_symbols_that_differ_only_in_case_are_refused(tmp_path):
    Catalog(tmp_path).write("SPY", "1m", bars(2), "s")
    with pytest.raises(DataError, match="'spy' differs only in case from 'SPY'"):
        Catalog(tmp_path).write("spy", "1m", bars(2), "s")


def test_a_symbol_that_is_far_from_all_others_is_answered_with_those_that_are_there(tmp_path):
    catalog = Catalog(tmp_path)
    for symbol in ("GLD", "XLY"):
        catalog.write(symbol, "1m", bars(2), "s")
    for symbol in ("XYZ", "GOOGL"):
        with pytest.raises(DataError, match=rf"{symbol} is not in .* at 1m; there are: GLD, XLY"):
            catalog.reader(symbol, "1m")


def test_what_is_not_there_is_answered_with_what_is_near(tmp_path):
    catalog = Catalog(tmp_path)
    for symbol in ("AAPL", "MSFT", "GOOG"):
        catalog.write(symbol, "1m", bars(2), "s")
    catalog.write("AAPL", "1h", bars([0, 60]), "s")
    with pytest.raises(DataError, match=r"APPL is not in .* at 1m; did you mean AAPL\?"):
        catalog.reader("APPL", "1m")
    with pytest.raises(DataError, match='did you mean 2 symbols, "AAPL", "GOOG"'):
        catalog.reader("AAPL, GOOG", "1m")
    for interval, way in (
        ("5m", '; a run makes 5m of 1m: write the streams ["1m","5m"]'),
        ("4h", '; a run makes 4h of 1h: write the streams ["1h","4h"]'),
        ("30s", ""),
    ):
        with pytest.raises(DataError) as caught:
            catalog.entry("AAPL", interval)
        assert str(caught.value).endswith(f" at {interval}, only at 1m, 1h{way}")
    assert [(e.interval, e.symbol) for e in catalog.entries()] == [
        *(("1m", "AAPL"), ("1m", "GOOG"), ("1m", "MSFT"), ("1h", "AAPL")),
    ]


def test_contents_are_the_hashes_of_the_manifest(tmp_path):
    catalog = Catalog(tmp_path)
    for symbol in ("AAPL", "MSFT"):
        catalog.write(symbol, "1m", bars(2), "s")
    catalog.write_actions({"AAPL": Actions.of([("2024-07-03", 2.0, 0.0)])}, "s")
    (entry,) = catalog.action_entries()
    found = catalog.contents(("AAPL", "MSFT", "NONE"), "60s")
    assert found.bars == {f"{s} 1m": catalog.entry(s, "1m").sha256 for s in ("AAPL", "MSFT")}
    assert found.actions == {"AAPL": entry.sha256, "MSFT": None, "NONE": None}


def test_a_missing_catalog_is_named_and_not_made(tmp_path):
    with pytest.raises(DataError, match=r"no catalog at .*nowhere: the folder does not exist"):
        Catalog(tmp_path / "nowhere").entries()
    with pytest.raises(DataError, match="has no manifest"):
        Catalog(tmp_path).entry("A", "1m")
    assert list(tmp_path.iterdir()) == []


def test_of_a_folder_that_is_none_the_catalogs_in_it_or_beside_it_are_named(tmp_path):
    Catalog(tmp_path / "catalog" / "mine").write("A", "1m", bars([0, 1, 2]), "test")
    mine = str(tmp_path / "catalog" / "mine")
    for path, fault in (
        (tmp_path / "catalog", "has no manifest.json"),
        (tmp_path / "catalog" / "mne", "does not exist"),
    ):
        with pytest.raises(DataError) as caught:
            Catalog(path).entries()
        assert (
            str(caught.value) == f"no catalog at {path}: the folder {fault}; did you mean {mine}?"
        )


@pytest.mark.parametrize("damage", ["cut", "gone", "rewritten", "longer", "swapped"])
def test_a_file_changed_behind_the_manifest_is_refused_by_name(tmp_path, damage):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(50), "s")
    catalog.write("B", "1m", bars(50, seed=2), "s")
    file = tmp_path / catalog.entry("A", "1m").file
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-40])
    elif damage == "gone":
        file.unlink()
    elif damage == "rewritten":
        pq.write_table(pq.read_table(file).replace_schema_metadata(None), file)
    elif damage == "longer":
        pq.write_table(bars(51), file)
    else:
        file.write_bytes((tmp_path / catalog.entry("B", "1m").file).read_bytes())
    with pytest.raises(DataError, match=r"A\.parquet .*import it again with --replace"):
        catalog.reader("A", "1m")
    with pytest.raises(DataError, match=r"A\.parquet"):
        catalog.write("A", "1m", bars(60), "s")
    assert catalog.write("A", "1m", bars(60), "s", replace=True).rows == 60
    assert catalog.load("A", "1m").num_rows == 60


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
@pytest.mark.parametrize("name", ["1m/A.parquet", "manifest.json"])
@pytest.mark.parametrize("device", [False, True])
def test_what_is_no_file_is_refused_and_holds_nobody_up(tmp_path, name, device):
    Catalog(tmp_path).write("A", "1m", bars(5), "s")
    (tmp_path / name).unlink()
    if device:
        (tmp_path / name).symlink_to("/dev/zero")
    else:
        os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=rf"{Path(name).name}.*it is no regular file"):
        Catalog(tmp_path).reader("A", "1m")


def test_changed_values_under_an_intact_footer_are_found_by_their_hash(tmp_path):
    catalog = Catalog(tmp_path)
    catalog.write("A", "1m", bars(50), "s")
    file = tmp_path / catalog.entry("A", "1m").file
    table = pq.read_table(file)
    table = table.set_column(4, table.schema.field(4), pa.array(table["close"].to_numpy() + 0.01))
    pq.write_table(table, file)
    with pytest.raises(DataError, match="its content has the hash"):
        catalog.load("A", "1m")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 1}', '{"version": 1, "series": [1]}']
)
def test_a_damaged_manifest_is_refused_by_name(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(DataError, match=r"manifest\.json is damaged"):
        Catalog(tmp_path).entries()


@pytest.mark.parametrize(
    ("name", "value"),
    [("rows", "390"), ("first_ts", None), ("sources", "s"), ("sha256", 5), ("coverage", [1, 2])],
)
def test_a_manifest_with_a_value_of_another_type_is_refused_with_its_place(tmp_path, name, value):
    Catalog(tmp_path).write("A", "1m", bars(2), "s")
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    document["series"][0][name] = value
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=rf"manifest\.json is damaged \(series\.0\.{name}.* is "):
        Catalog(tmp_path).entries()


def test_a_manifest_of_another_version_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 99, "series": []}))
    with pytest.raises(DataError, match="has format version 99, expected 1"):
        Catalog(tmp_path).entries()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "c").write_text("x")
    with pytest.raises(DataError, match="does not exist"):
        Catalog(tmp_path / "c").entries()
    with pytest.raises(DataError, match="cannot make the folder"):
        Catalog(tmp_path / "c").write("A", "1m", bars(2), "s")
