"""The result tables: the fields that arrive, the columns that are written, and their encoding."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import codes
from pipeline.results.rows import EQUITY_ROW, FILL_ROW, ORDER_ROW, TRIP_ROW

SIDES = ("buy", "sell")


def _in_order(words: Mapping[int, str]) -> tuple[str, ...]:
    """Return words in the order of their numbers 0, 1, ...; KeyError if a number has no word."""
    return tuple(words[number] for number in range(len(words)))


ORDER_TYPES = _in_order(codes.ORDER_KINDS)
ORDER_STATES = _in_order(codes.ORDER_STATES)
REASONS = _in_order(codes.REASONS)
#: Words by the number with its sign turned, and behind them the word for an order with a time.
TIMES_IN_FORCE = (
    *_in_order({-number: word for number, word in codes.TIMES_IN_FORCE.items()}),
    codes.GOOD_TILL_TIME,
)
_AT_A_TIME = len(codes.TIMES_IN_FORCE)

Column = NDArray[Any]
Columns = dict[str, Column]

_INSTANT = pa.timestamp("ns", tz="UTC")
_WORD = pa.dictionary(pa.int32(), pa.string())


def _numbers(values: Column, kind: pa.DataType, mask: Column | None = None) -> pa.Array:
    """Return `values` as an Arrow array over the same memory; true in `mask` means null."""
    if mask is not None:
        valid = pa.py_buffer(np.packbits(~mask, bitorder="little"))
        return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(values)])
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def _strings(words: Sequence[str]) -> pa.Array:
    """Return `words` as an Arrow array, without `pa.array`, which would import pandas in 0.3 s."""
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def _words(index: Column, words: Sequence[str], name: str) -> pa.Array:
    """Return `words[index]` as a dictionary array. ValueError if an index has no word."""
    if len(index) and not 0 <= index.min() <= index.max() < len(words):
        raise ValueError(f"{name} must be 0..{len(words) - 1}, was {index.min()}..{index.max()}")
    return pa.DictionaryArray.from_arrays(
        _numbers(index.astype(np.int32), pa.int32()), _strings(words)
    )


def _fills(rows: Columns, symbols: Sequence[str]) -> list[pa.Array]:
    return [
        _numbers(rows["ts"], _INSTANT),
        _words(rows["symbol"], symbols, "symbol"),
        _words((rows["quantity"] < 0).view(np.int8), SIDES, "side"),
        _numbers(np.abs(rows["quantity"]), pa.float64()),
        _numbers(rows["price"], pa.float64()),
        _numbers(rows["commission"], pa.float64()),
        _numbers(rows["order_id"], pa.int64()),
        _numbers(rows["lane"], pa.int32()),
    ]


def _orders(rows: Columns, symbols: Sequence[str]) -> list[pa.Array]:
    return [
        _numbers(rows["order_id"], pa.int64()),
        _numbers(rows["lane"], pa.int32()),
        _numbers(rows["ts"], _INSTANT),
        _words(rows["symbol"], symbols, "symbol"),
        _words((rows["quantity"] < 0).view(np.int8), SIDES, "side"),
        _numbers(np.abs(rows["quantity"]), pa.float64()),
        _numbers(np.abs(rows["filled"]), pa.float64()),
        _numbers(rows["price"], pa.float64(), np.isnan(rows["price"])),
        _words(rows["kind"], ORDER_TYPES, "kind"),
        _words(rows["state"], ORDER_STATES, "state"),
        _numbers(rows["done_ts"], _INSTANT, rows["done_ts"] == 0),
        _numbers(rows["limit"], pa.float64(), np.isnan(rows["limit"])),
        _numbers(rows["stop"], pa.float64(), np.isnan(rows["stop"])),
        _words(np.where(rows["until"] > 0, _AT_A_TIME, -rows["until"]), TIMES_IN_FORCE, "until"),
        _words(rows["reason"], REASONS, "reason"),
        _numbers(rows["parent"], pa.int64(), rows["parent"] == 0),
        _numbers(rows["found"], pa.float64(), np.isnan(rows["found"])),
        _numbers(rows["allowed"], pa.float64(), np.isnan(rows["allowed"])),
    ]


def _equity(rows: Columns, symbols: Sequence[str]) -> list[pa.Array]:
    return [
        _numbers(rows["ts"], _INSTANT),
        _numbers(rows["lane"], pa.int32()),
        _numbers(rows["equity"], pa.float64()),
        _numbers(rows["cash"], pa.float64()),
    ]


def _round_trips(rows: Columns, symbols: Sequence[str]) -> list[pa.Array]:
    still_open = rows["exit_ts"] == 0
    return [
        _numbers(rows["lane"], pa.int32()),
        _words(rows["symbol"], symbols, "symbol"),
        _words((rows["quantity"] < 0).view(np.int8), ("long", "short"), "side"),
        _numbers(np.abs(rows["quantity"]), pa.float64()),
        _numbers(rows["entry_ts"], _INSTANT),
        _numbers(rows["entry_price"], pa.float64()),
        _numbers(rows["exit_ts"], _INSTANT, still_open),
        _numbers(rows["exit_price"], pa.float64(), still_open),
        *(_numbers(rows[name], pa.float64()) for name in _OF_TRIP),
        _numbers(rows["bars"], pa.int64()),
    ]


def _sessions(rows: Columns, symbols: Sequence[str]) -> list[pa.Array]:
    days = (rows["date"] // codes.DAY_NS).astype(np.int32)
    return [
        _numbers(rows["lane"], pa.int32()),
        _numbers(days, pa.date32()),
        _numbers(rows["equity"], pa.float64()),
        _numbers(rows["return"], pa.float64(), np.isnan(rows["return"])),
        _numbers(rows["benchmark"], pa.float64(), np.isnan(rows["benchmark"])),
    ]


def _schema(nullable: Sequence[str] = (), **columns: pa.DataType) -> pa.Schema:
    return pa.schema(
        [pa.field(name, kind, nullable=name in nullable) for name, kind in columns.items()]
    )


# Encodings are chosen to take little processor time, which is scarce in a run. The times and prices
# of fills jump about, so they are written as streams of bytes: deltas under LZ4 take three times as
# long.


@dataclass(frozen=True)
class TableKind:
    """One of the result tables."""

    name: str
    """Name of the table; its file is ``<name>.parquet``."""
    received: np.dtype[Any]
    """The fields of the rows that arrive, in order, each of 8 bytes (`rows`)."""
    schema: pa.Schema
    """The columns that are written."""
    arrays: Callable[[Columns, Sequence[str]], list[pa.Array]] = field(repr=False)
    """Makes the columns of the schema from arrays by field name and the run's symbols."""
    parquet: dict[str, Any] = field(repr=False)
    """Keyword arguments of the Parquet writer: compression, encodings, statistics."""


FILLS = TableKind(
    "fills",
    FILL_ROW,
    _schema(
        ts=_INSTANT,
        symbol=_WORD,
        side=_WORD,
        quantity=pa.float64(),
        price=pa.float64(),
        commission=pa.float64(),
        order_id=pa.int64(),
        lane=pa.int32(),
    ),
    _fills,
    {
        "compression": "lz4",
        "use_dictionary": ["symbol", "side"],
        "column_encoding": {
            "ts": "BYTE_STREAM_SPLIT",
            "price": "BYTE_STREAM_SPLIT",
            "order_id": "DELTA_BINARY_PACKED",
        },
        "write_statistics": ["ts", "lane"],
    },
)

ORDERS = TableKind(
    "orders",
    ORDER_ROW,
    _schema(
        ("price", "done_ts", "limit", "stop", "parent", "found", "allowed"),
        order_id=pa.int64(),
        lane=pa.int32(),
        ts=_INSTANT,
        symbol=_WORD,
        side=_WORD,
        quantity=pa.float64(),
        filled=pa.float64(),
        price=pa.float64(),
        type=_WORD,
        state=_WORD,
        done_ts=_INSTANT,
        limit=pa.float64(),
        stop=pa.float64(),
        time_in_force=_WORD,
        reason=_WORD,
        parent=pa.int64(),
        found=pa.float64(),
        allowed=pa.float64(),
    ),
    _orders,
    {
        "compression": "lz4",
        "use_dictionary": ["symbol", "side", "type", "state", "time_in_force", "reason"],
        "column_encoding": {
            "ts": "BYTE_STREAM_SPLIT",
            "done_ts": "BYTE_STREAM_SPLIT",
            "price": "BYTE_STREAM_SPLIT",
            "order_id": "DELTA_BINARY_PACKED",
        },
        "write_statistics": ["ts", "lane"],
    },
)

EQUITY = TableKind(
    "equity",
    EQUITY_ROW,
    _schema(ts=_INSTANT, lane=pa.int32(), equity=pa.float64(), cash=pa.float64()),
    _equity,
    # This table has the most rows. Times as deltas and the rest in LZ4 take less time than all
    # plain, because fewer bytes are written: lane and cash rarely change, and equity, cut into
    # streams of bytes, loses a third. A dictionary of lanes would cost a seventh of the whole.
    {
        "compression": {"ts": "none", "lane": "lz4", "equity": "lz4", "cash": "lz4"},
        "use_dictionary": False,
        "column_encoding": {"ts": "DELTA_BINARY_PACKED", "equity": "BYTE_STREAM_SPLIT"},
        "write_statistics": False,
    },
)

_OF_TRIP = ("profit", "commission", "max_adverse", "max_favourable")

ROUND_TRIPS = TableKind(
    "round_trips",
    TRIP_ROW,
    _schema(
        ("exit_ts", "exit_price"),
        lane=pa.int32(),
        symbol=_WORD,
        side=_WORD,
        quantity=pa.float64(),
        entry_ts=_INSTANT,
        entry_price=pa.float64(),
        exit_ts=_INSTANT,
        exit_price=pa.float64(),
        **dict.fromkeys(_OF_TRIP, pa.float64()),
        bars=pa.int64(),
    ),
    _round_trips,
    {
        "compression": "lz4",
        "use_dictionary": ["symbol", "side"],
        "column_encoding": dict.fromkeys(
            ("entry_ts", "entry_price", "exit_ts", "exit_price", *_OF_TRIP), "BYTE_STREAM_SPLIT"
        ),
        "write_statistics": ["lane"],
    },
)

# The tables that the engines record during the run.
TABLES = (FILLS, ORDERS, EQUITY, ROUND_TRIPS)

# The table that the supervisor makes at the end: one row per lane and session.
SESSIONS = TableKind(
    "sessions",
    np.dtype([("date", "<i8"), ("equity", "<f8"), ("return", "<f8"), ("benchmark", "<f8")]),
    pa.schema(
        [
            pa.field("lane", pa.int32(), nullable=False),
            pa.field("date", pa.date32(), nullable=False),
            pa.field("equity", pa.float64(), nullable=False),
            pa.field("return", pa.float64()),
            pa.field("benchmark", pa.float64()),
        ]
    ),
    _sessions,
    {"compression": "lz4", "use_dictionary": ["lane", "date"], "write_statistics": ["lane"]},
)
