"""The Parquet files: types, values, and bytes that do not show how rows came."""

import errno
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import RunError
from pipeline.results import tables
from pipeline.results.table_kinds import EQUITY, FILLS, ORDERS, ROUND_TRIPS
from pipeline.results.tables import TableWriter, writing

WORD = pa.dictionary(pa.int32(), pa.string())
INSTANT = pa.timestamp("ns", tz="UTC")


def columns_of(structured):
    return [structured[name] for name in structured.dtype.names]


def written(folder, kind, symbols, pieces):
    writer = TableWriter(folder, kind, symbols)
    for lane, columns in pieces:
        writer.append(lane, columns)
    writer.close()
    return pq.ParquetFile(writer.path).read()


def test_fills_have_the_promised_columns_and_values(tmp_path, make_rows, symbols):
    fills = make_rows(300).fills
    table = written(tmp_path, FILLS, symbols, [(7, columns_of(fills))])
    assert [(f.name, f.type) for f in table.schema] == [
        ("ts", INSTANT),
        ("symbol", WORD),
        ("side", WORD),
        ("quantity", pa.float64()),
        ("price", pa.float64()),
        ("commission", pa.float64()),
        ("order_id", pa.int64()),
        ("lane", pa.int32()),
    ]
    assert table["ts"].cast(pa.int64()).to_pylist() == fills["ts"].tolist()
    assert table["symbol"].to_pylist() == [symbols[i] for i in fills["symbol"]]
    assert table["side"].to_pylist() == ["sell" if q < 0 else "buy" for q in fills["quantity"]]
    assert table["quantity"].to_pylist() == np.abs(fills["quantity"]).tolist()
    for name in ("price", "commission", "order_id"):
        assert table[name].to_pylist() == fills[name].tolist()
    assert set(table["lane"].to_pylist()) == {7}


def test_round_trips_have_no_exit_while_they_are_open(tmp_path, make_rows, symbols):
    trips = make_rows(300).trips
    table = written(tmp_path, ROUND_TRIPS, symbols, [(3, columns_of(trips))])
    assert table.column_names == [
        *("lane", "symbol", "side", "quantity", "entry_ts", "entry_price"),
        *("exit_ts", "exit_price", "profit", "commission", "max_adverse", "max_favourable"),
        "bars",
    ]
    still_open = (trips["exit_ts"] == 0).tolist()
    assert 0 < sum(still_open) < 300
    for name in ("exit_ts", "exit_price"):
        assert [value is None for value in table[name].to_pylist()] == still_open
    assert table["quantity"].to_pylist() == np.abs(trips["quantity"]).tolist()
    assert table["side"].to_pylist() == [
        "short" if quantity < 0 else "long" for quantity in trips["quantity"]
    ]
    for name in ("entry_price", "profit", "max_adverse", "max_favourable", "bars"):
        assert table[name].to_pylist() == trips[name].tolist()


def test_orders_say_their_state_and_null_where_nothing_is(tmp_path, make_rows, symbols):
    orders = make_rows(300).orders
    table = written(tmp_path, ORDERS, symbols, [(0, columns_of(orders))])
    names = ["order_id", "lane", "ts", "symbol", "side", "quantity", "filled", "price"]
    names += ["type", "state", "done_ts", "limit", "stop", "time_in_force", "reason", "parent"]
    names += ["found", "allowed"]
    assert table.column_names == names
    states = ["accepted", "triggered", "partly_filled", "filled", "cancelled", "expired"]
    states += ["rejected"]
    assert table["state"].to_pylist() == [states[i] for i in orders["state"]]
    assert set(table["type"].to_pylist()) == {"market"}
    in_force = {0: "gtc", -1: "day", -2: "ioc", -3: "fok", 7: "gtd"}
    assert table["time_in_force"].to_pylist() == [in_force[i] for i in orders["until"].tolist()]
    assert table["parent"].to_pylist() == [int(i) or None for i in orders["parent"]]
    for name in ("limit", "found"):
        assert table[name].to_pylist() == [None if np.isnan(p) else p for p in orders[name]]
    price = [None if np.isnan(p) else p for p in orders["price"]]
    assert table["price"].to_pylist() == price
    done = [int(ts) or None for ts in orders["done_ts"]]
    assert table["done_ts"].cast(pa.int64()).to_pylist() == done
    assert table["filled"].to_pylist() == np.abs(orders["filled"]).tolist()


def test_equity_keeps_every_bit(tmp_path, symbols):
    ts = np.array([1, 2, 3, 4], np.int64)
    equity = np.array([0.0, -0.0, np.nan, np.inf])
    table = written(tmp_path, EQUITY, symbols, [(3, [ts, equity, equity[::-1]])])
    assert [(f.name, f.type) for f in table.schema] == [
        ("ts", INSTANT),
        ("lane", pa.int32()),
        ("equity", pa.float64()),
        ("cash", pa.float64()),
    ]
    assert table["equity"].to_numpy().tobytes() == equity.tobytes()
    assert table["cash"].to_numpy().tobytes() == equity[::-1].tobytes()


@pytest.mark.parametrize("kind", [FILLS, ORDERS, EQUITY], ids=lambda kind: kind.name)
def test_an_empty_table_has_its_columns(tmp_path, symbols, kind):
    table = written(tmp_path, kind, symbols, [])
    assert table.num_rows == 0
    assert table.schema.equals(kind.schema)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 60),
    st.lists(st.integers(0, 30), max_size=6),
    st.sampled_from(["fills", "orders", "trips", "equity"]),
)
def test_the_bytes_do_not_show_how_rows_were_cut(make_rows, symbols, count, sizes, name):
    rows = make_rows(count)
    kind = {"fills": FILLS, "orders": ORDERS, "trips": ROUND_TRIPS, "equity": EQUITY}[name]
    whole = [rows.ts, rows.equity, rows.cash]
    if name != "equity":
        whole = columns_of(getattr(rows, name))
    bounds = sorted({min(sum(sizes[:i]), count) for i in range(1, len(sizes) + 1)})
    pieces = list(zip(*(np.split(column, bounds) for column in whole), strict=True))
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(tables, "GROUP_ROWS", 16)
        path = Path(folder) / f"{kind.name}.parquet"
        written(Path(folder), kind, symbols, [(2, whole)])
        at_once = path.read_bytes()
        written(Path(folder), kind, symbols, [(2, piece) for piece in pieces])
        assert path.read_bytes() == at_once
        groups = pq.read_metadata(path)
        sizes = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
        assert sizes == [16] * (count // 16) + ([count % 16] if count % 16 else [])


def test_the_file_appears_when_it_is_closed(tmp_path, symbols, make_rows):
    rows = make_rows(10)
    writer = TableWriter(tmp_path, EQUITY, symbols)
    writer.append(0, [rows.ts, rows.equity, rows.cash])
    assert not writer.path.exists()
    writer.close()
    writer.close()
    writer.abort()
    assert [path.name for path in tmp_path.iterdir()] == ["equity.parquet"]


def test_abort_leaves_nothing(tmp_path, symbols):
    writer = TableWriter(tmp_path, EQUITY, symbols)
    writer.abort()
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_index_is_refused_by_name(tmp_path, symbols, make_rows):
    fills = make_rows(3).fills.copy()
    fills["symbol"][1] = 9
    writer = TableWriter(tmp_path, FILLS, symbols)
    writer.append(0, columns_of(fills))
    with pytest.raises(ValueError, match=r"symbol must be 0\.\.2, was .*9"):
        writer.close()
    writer.abort()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_named_and_leaves_no_file(tmp_path, symbols, make_rows):
    """Every write to /dev/full ends with ENOSPC, as on a full disk."""
    (tmp_path / "equity.parquet.part").symlink_to("/dev/full")
    rows = make_rows(100)

    def write_all():
        writer = TableWriter(tmp_path, EQUITY, symbols)
        writer.append(0, [rows.ts, rows.equity, rows.cash])
        writer.close()

    with pytest.raises(RunError, match=r"equity\.parquet: the disk is full \(.* bytes free\)"):
        write_all()
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_the_system_are_named_too(tmp_path):
    with (
        pytest.raises(RunError, match=r"cannot write .*x: Input/output error"),
        writing(tmp_path / "x", 1),
    ):
        raise OSError(errno.EIO, "Input/output error")
