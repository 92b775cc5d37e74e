"""The symbols of the rows of a source, and their intervals."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import DataError
from pipeline.market.importers import import_bars
from pipeline.market.importers.symbols import group_rows
from tests.market.importers.written import GOOD, HEADER, imported, minutes, write


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int8(), pa.string())])
def test_blanks_around_a_symbol_are_no_part_of_it(kind: pa.DataType):
    column = pa.array(["A ", "B", " A", "A"], pa.string()).cast(kind)
    found = {name: rows.tolist() for name, rows in group_rows(column, str)}
    assert found == {"A": [0, 2, 3], "B": [1]}


def test_a_symbol_that_is_missing_is_named_by_its_place():
    for rows in (["A", None], ["A", " "], [None]):
        for kind in (pa.string(), pa.dictionary(pa.int8(), pa.string())):
            with pytest.raises(DataError, match=f"row {len(rows) - 1}: no symbol"):
                list(group_rows(pa.array(rows, pa.string()).cast(kind), "row {}".format))
    nothing = pa.DictionaryArray.from_arrays(np.array([0, 1], np.int8), pa.array(["A", None]))
    with pytest.raises(DataError, match="row 1: no symbol"):
        list(group_rows(nothing, "row {}".format))


def test_symbols_with_blanks_are_imported_and_renamed_as_one(tmp_path: Path):
    clock = ("09:30", "09:31", "09:32")
    rows = [f"{name},{row}" for row, name in zip(minutes(*clock), ("A ", "A", " A"), strict=True)]
    path = write(tmp_path / "all.csv", rows, f"symbol,{HEADER}")
    assert imported(path)[1].rows == 3
    _, result = imported(path, symbol="X")
    assert (result.symbol, result.rows) == ("X", 3)


def test_an_impossible_symbol_is_refused_with_its_place(tmp_path: Path):
    rows = [f"A,{minutes('09:30')[0]}", f"{'B' * 200},{minutes('09:31')[0]}"]
    path = write(tmp_path / "all.csv", rows, f"symbol,{HEADER}")
    with pytest.raises(DataError, match=r"all\.csv, line 3: a symbol has 1 to 128 printable"):
        imported(path)


def two_intervals(path: Path, *, symbol: str = "") -> Path:
    """Hours and minutes in one file, with a column that tells them apart."""
    rows = [f"2024-01-02 {hour:02}:00,{GOOD},1h,{symbol}" for hour in range(20)]
    rows += [f"2024-01-02 09:{minute:02},{GOOD}, 1m,{symbol}" for minute in range(40)]
    return write(path, rows, f"{HEADER},length,{'symbol' if symbol else 'note'}")


@pytest.mark.parametrize("options", [{}, {"symbol": "X"}])
@pytest.mark.parametrize("symbol", ["", "S"])
def test_a_column_of_intervals_counts_whatever_tells_the_symbol(
    tmp_path: Path, options, symbol: str
):
    path = two_intervals(tmp_path / "SPY.csv", symbol=symbol)
    columns = {"interval": "length"}
    results = import_bars(path, tmp_path / "catalog", columns=columns, tz="UTC", **options)
    name = options.get("symbol") or symbol or "SPY"
    found = [(one.symbol, one.interval, one.rows) for one in results]
    assert found == [(name, "1h", 20), (name, "1m", 40)]


def test_a_column_of_intervals_counts_in_parquet_too(tmp_path: Path):
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), [1.0] * 4)
    stamps = pa.array([0, 3600, 3660, 3720], pa.timestamp("s", "UTC"))
    lengths = pa.array(["1h", "1m", "1m", "1m"])
    table = pa.table({"ts": stamps, **prices, "length": lengths})
    pq.write_table(table, tmp_path / "SPY.parquet")
    results = import_bars(
        tmp_path / "SPY.parquet", tmp_path / "catalog", columns={"interval": "length"}
    )
    assert [(one.interval, one.rows) for one in results] == [("1h", 1), ("1m", 3)]


def test_a_text_that_is_no_interval_is_refused_with_its_place(tmp_path: Path):
    rows = [
        f"{row},{text}"
        for row, text in zip(minutes("09:30", "09:31"), ("1m", "daily"), strict=True)
    ]
    path = write(tmp_path / "SPY.csv", rows, f"{HEADER},length")
    with pytest.raises(DataError, match=r"SPY\.csv, line 3: interval must be .* was 'daily'"):
        imported(path, columns={"interval": "length"})
