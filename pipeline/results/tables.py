"""The result tables: their columns, and writing them as Parquet.

A table arrives in pieces, as arrays of 8-byte values of one lane, and is written in row groups of
exactly `GROUP_ROWS` rows (the last one may be shorter). The bytes of a file therefore depend on
its rows only, not on how they were cut into pieces.
"""

import contextlib
import errno
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.errors import RunError

GROUP_ROWS = 65_536
_AHEAD = 2  # groups a caller may be ahead of the encoder

SIDES = ("buy", "sell")
ORDER_TYPES = (
    *("market", "limit", "stop", "stop_limit", "trailing_stop"),
    *("market_on_open", "market_on_close"),
)
ORDER_STATES = (
    *("accepted", "triggered", "partly_filled", "filled", "cancelled", "expired", "rejected"),
)
TIMES_IN_FORCE = ("gtc", "day", "ioc", "fok", "gtd")
REASONS = (
    *("none", "cancelled_by_strategy", "other_filled", "entry_ended", "no_position"),
    *("out_of_time", "not_at_once", "lot", "no_price", "max_buying_power", "max_per_trade"),
    *("max_per_symbol", "max_open_positions", "max_order_volume", "allowed_hours", "cash"),
    *("short_sale", "leverage", "liquidation", "split"),
)

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
    """Return `words` as an Arrow array. `pa.array` would import pandas, which takes 0.3 s."""
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def _words(index: Column, words: Sequence[str], name: str) -> pa.Array:
    """Return `words[index]` as a dictionary array."""
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
        _words(np.where(rows["until"] > 0, 4, -rows["until"]), TIMES_IN_FORCE, "until"),
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


def _sessions(rows: Columns, symbols: Sequence[str]) -> list[pa.Array]:
    days = (rows["date"] // 86_400_000_000_000).astype(np.int32)
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


# Encodings are chosen by the processor time they take, a run's scarcest good. What jumps about (the
# times and prices of fills) goes as streams of bytes: deltas under LZ4 take three times as long.


@dataclass(frozen=True)
class TableKind:
    """One of the result tables: what arrives, what is written, and how."""

    name: str
    received: np.dtype[Any]  # fields in order, all of 8 bytes
    schema: pa.Schema
    arrays: Callable[[Columns, Sequence[str]], list[pa.Array]] = field(repr=False)
    parquet: dict[str, Any] = field(repr=False)


def _fields(**kinds: str) -> np.dtype[Any]:
    return np.dtype([(name, f"<{kind}") for name, kind in kinds.items()])


FILLS = TableKind(
    "fills",
    _fields(ts="i8", symbol="i8", quantity="f8", price="f8", commission="f8", order_id="i8"),
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
    _fields(
        order_id="i8",
        ts="i8",
        symbol="i8",
        quantity="f8",
        filled="f8",
        price="f8",
        kind="i8",
        state="i8",
        done_ts="i8",
        limit="f8",
        stop="f8",
        until="i8",
        reason="i8",
        parent="i8",
        found="f8",
        allowed="f8",
    ),
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
    _fields(ts="i8", equity="f8", cash="f8"),
    _schema(ts=_INSTANT, lane=pa.int32(), equity=pa.float64(), cash=pa.float64()),
    _equity,
    # The hot table. Times in deltas and the rest in LZ4 (lane and cash stand still, for long or
    # between fills; of equity, cut into streams of bytes, a third goes) cost less than writing all
    # plain, because fewer bytes go out; a dictionary of lanes would cost a seventh of the whole.
    {
        "compression": {"ts": "none", "lane": "lz4", "equity": "lz4", "cash": "lz4"},
        "use_dictionary": False,
        "column_encoding": {"ts": "DELTA_BINARY_PACKED", "equity": "BYTE_STREAM_SPLIT"},
        "write_statistics": False,
    },
)

# What the engines record as they go.
TABLES = (FILLS, ORDERS, EQUITY)

# What the supervisor makes of them in the end: one row per lane and session.
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


@contextlib.contextmanager
def writing(path: Path, needed: int | None = None) -> Iterator[None]:
    """Turn an OSError while writing `path` into a RunError that names it.

    For a full disk it says how many bytes were `needed` (if known, about) and how many are free.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno == errno.ENOSPC:
            free = shutil.disk_usage(next(p for p in path.parents if p.exists())).free
            wanted = "" if needed is None else f"{needed:,} bytes needed, "
            reason = f"the disk is full ({wanted}{free:,} bytes free)"
        raise RunError(f"cannot write {path}: {reason}") from error


class TableWriter:
    """Writes one table to `folder/<name>.parquet`, which appears when `close` succeeds.

    Until then the file is `<name>.parquet.part`; `abort`, and any failure, removes it.
    Full groups are encoded by a thread of its own while the caller fills the next: the caller is
    the run's slowest stage, and its compiled loop lets go of the interpreter's lock meanwhile.
    """

    def __init__(self, folder: Path, kind: TableKind, symbols: Sequence[str]) -> None:
        self.path = folder / f"{kind.name}.parquet"
        self._part = folder / f"{kind.name}.parquet.part"
        self._kind = kind
        self._symbols = list(symbols)
        self._names: tuple[str, ...] = kind.received.names or ()
        self._buffer = self._make_buffer()
        self._spare = [self._make_buffer() for _ in range(_AHEAD)]
        self._used = 0
        self._encoder = ThreadPoolExecutor(1, f"encode {kind.name}")
        self._encoding: deque[Future[None]] = deque()
        with writing(self.path):
            self._sink = pa.OSFile(str(self._part), "wb")
        self._open = True
        self._parquet: Any = None
        with self._aborted_on_error(), writing(self.path):
            # A whole group at once: the default of 1,024 values a call costs a tenth more.
            self._parquet = pq.ParquetWriter(
                self._sink, kind.schema, write_batch_size=GROUP_ROWS, **kind.parquet
            )

    def _make_buffer(self) -> Columns:
        buffer: Columns = {
            name: np.empty(GROUP_ROWS, self._kind.received[name]) for name in self._names
        }
        buffer["lane"] = np.empty(GROUP_ROWS, np.int32)
        return buffer

    def append(self, lane: int, columns: Sequence[Column]) -> None:
        """Append rows of one lane; the arrays, in the order of `kind.received`, are copied.

        Raises RunError if the file cannot be written; the writer is then aborted.
        """
        rows, start = len(columns[0]), 0
        while start < rows:
            taken = min(rows - start, GROUP_ROWS - self._used)
            end = self._used + taken
            for name, column in zip(self._names, columns, strict=True):
                self._buffer[name][self._used : end] = column[start : start + taken]
            self._buffer["lane"][self._used : end] = lane
            self._used = end
            start += taken
            if end == GROUP_ROWS:
                self._write_group()

    def flush(self) -> None:
        """Hand the rest to the encoder, without waiting; no rows may follow. Twice is fine."""
        if self._used:
            self._write_group()

    def close(self) -> None:
        """Write the rest and give the file its name. Raises RunError as `append`; twice is fine."""
        if not self._open:
            return
        self.flush()
        while self._encoding:
            self._finish_group()
        self._encoder.shutdown()
        with self._aborted_on_error(), writing(self.path):
            self._parquet.close()
            self._sink.close()
            self._part.replace(self.path)
        self._open = False

    def abort(self) -> None:
        """Remove the unfinished file; nothing happens after `close`."""
        if self._open:
            self._open = False
            self._encoder.shutdown()
            # The footer cannot be written where the rows could not; the file is dropped anyway.
            if self._parquet is not None:
                with contextlib.suppress(OSError):
                    self._parquet.close()
            with contextlib.suppress(OSError):
                self._sink.close()
            self._part.unlink(missing_ok=True)

    def _write_group(self) -> None:
        """Hand the buffer to the encoder, once that is not too far behind."""
        if len(self._encoding) == _AHEAD:
            self._finish_group()
        rows = {name: column[: self._used] for name, column in self._buffer.items()}
        self._encoding.append(self._encoder.submit(self._encode, rows))
        self._spare.append(self._buffer)
        self._buffer = self._spare.pop(0)
        self._used = 0

    def _finish_group(self) -> None:
        with self._aborted_on_error():
            self._encoding.popleft().result()

    def _encode(self, rows: Columns) -> None:
        table = pa.Table.from_arrays(
            self._kind.arrays(rows, self._symbols), schema=self._kind.schema
        )
        with writing(self.path, table.nbytes):
            self._parquet.write_table(table, row_group_size=GROUP_ROWS)

    @contextlib.contextmanager
    def _aborted_on_error(self) -> Iterator[None]:
        try:
            yield
        except RunError:
            self.abort()
            raise
