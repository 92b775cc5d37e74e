"""Databento's DBN: bars and trades, decoded by Databento's own client, packed by zstd or not.

It is an importer by the contract that those of other packages keep. The client is imported when
there is such a file. Prices are whole numbers of 1e-9, in which the greatest stands for no price.
The metadata map the numbers of instruments to symbols, each from one UTC date up to another.

A bar begins at its `ts_event`. Databento makes bars of trades by the time at which it received
them, which is therefore the time of a trade here: its trades become the same bars. Daily bars are
those of UTC dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.codes import DAY_NS, PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.market.catalog.account import UNKNOWN
from pipeline.market.importers.layouts.databento import DATABENTO
from pipeline.market.importers.registry.importer import (
    CERTAIN,
    INSTANTS,
    Conventions,
    ReadOptions,
)

if TYPE_CHECKING:
    from databento_dbn import Metadata

Int64Array = npt.NDArray[np.int64]

_MAGIC: Final = b"DBN"
#: Bytes of the magic word and the version.
_BEGIN: Final = len(_MAGIC) + 1
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
#: Bytes that are decoded at once.
_BLOCK: Final = 1 << 18
_UNIT: Final = 1e9
#: Stands for no price, and, as it is the greatest that a time can be here, for no time.
_UNDEFINED: Final = 2**63 - 1
_INTERVALS: Final = {f"ohlcv-{interval}": interval for interval in ("1s", "1m", "1h", "1d")}
_TRADES: Final = "trades"


class DbnImporter:
    """The importer of DBN files, which keeps the conventions of Databento's CSV."""

    name = DATABENTO.name
    conventions = Conventions(
        clock=INSTANTS,
        stamped=DATABENTO.stamped or UNKNOWN,
        adjusted=DATABENTO.adjusted or UNKNOWN,
        empty_bars=DATABENTO.empty_bars,
    )
    uses: tuple[str, ...] = ()

    def sniff(self, path: Path, head: bytes) -> int:
        """Return whether the first bytes, once unpacked, are those of DBN."""
        first = _first_of(head)
        version = first[len(_MAGIC) : _BEGIN]
        # Text that begins with the same letters has another one behind them.
        return CERTAIN if first.startswith(_MAGIC) and b"" < version < b" " else 0

    def read(self, path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
        """Yield bars, or trades as ticks. DataError for other records, or if it is damaged."""
        records = _records(path)
        metadata = next(records)
        schema = str(metadata.schema)
        interval = _INTERVALS.get(schema)
        if interval is None and schema != _TRADES:
            kind = "a recording of several kinds" if metadata.schema is None else f"of {schema!r}"
            raise DataError(
                f"{path} has records {kind}, expected {', '.join(_INTERVALS)} or {_TRADES}: get "
                "one of these from Databento"
            )
        symbols = _Symbols(path, metadata, options.symbol)
        rows: list[tuple[int, ...]] = []
        for some in records:
            rows += _rows_of(some, bars=interval is not None)
            while len(rows) >= options.batch_rows:
                yield _batch(rows[: options.batch_rows], interval, symbols)
                del rows[: options.batch_rows]
        if rows:
            yield _batch(rows, interval, symbols)


DATABENTO_DBN: Final = DbnImporter()


def _first_of(head: bytes) -> bytes:
    """Return some first bytes of a file, unpacked; none if they cannot be."""
    if not head.startswith(_ZSTD):
        return head
    try:
        return pa.CompressedInputStream(pa.BufferReader(head), "zstd").read(_BEGIN)
    except OSError:  # fewer bytes than can be unpacked
        return b""


def _records(path: Path) -> Iterator[Any]:
    """Yield the metadata of a file, then its records in lists. DataError if it is damaged."""
    try:
        from databento_dbn import DBNDecoder, DBNError
    except ImportError as error:
        raise DataError(
            f"{path} is Databento's DBN, which is read by its own client ({error}): "
            "pip install 'ringtape[databento]'"
        ) from error
    decoder = DBNDecoder()
    begun = False
    try:
        with path.open("rb") as file:
            packed = file.read(len(_ZSTD)) == _ZSTD
            file.seek(0)
            stream = pa.CompressedInputStream(file, "zstd") if packed else file
            while block := stream.read(_BLOCK):
                decoder.write(block)
                found = decoder.decode()
                if found and not begun:
                    begun = True
                    yield found.pop(0)
                if found:
                    yield found
    except DBNError as error:
        raise _damaged(path, str(error)) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(path, str(error)) from error  # so says Arrow of what it unpacks
    if not begun:
        raise _damaged(path, "it ends within its metadata")
    if left := len(decoder.buffer()):
        raise _damaged(path, f"it ends within a record, of which it has {left} bytes")


def _damaged(path: Path, why: str) -> DataError:
    return DataError(f"{path} is damaged: {' '.join(why.split())}; get the file again")


def _rows_of(records: list[Any], *, bars: bool) -> list[tuple[int, ...]]:
    """Return time, instrument, prices and volume of records of the schema; others are no rows."""
    if bars:
        return [
            (one.ts_index, one.instrument_id, one.open, one.high, one.low, one.close, one.volume)
            for one in records
        ]
    return [(one.ts_index, one.instrument_id, one.price, one.size) for one in records]


def _batch(rows: list[tuple[int, ...]], interval: str | None, symbols: _Symbols) -> pa.RecordBatch:
    try:
        cells = np.array(rows, np.int64)
    except OverflowError:  # no time is the greatest number without a sign
        cells = np.array([[min(cell, _UNDEFINED) for cell in row] for row in rows], np.int64)
    ts, instruments, *prices, volume = cells.T
    times = pa.array(ts, pa.timestamp("ns", "UTC"), mask=ts == _UNDEFINED)
    columns = {
        "ts": times.cast(pa.date32(), safe=False) if interval == "1d" else times,
        "symbol": symbols.of(instruments, ts),
    }
    for name, price in zip(PRICE_COLUMNS[:4] if interval else ("price",), prices, strict=True):
        columns[name] = pa.array(price / _UNIT, mask=price == _UNDEFINED)
    columns["volume" if interval else "size"] = pa.array(volume, pa.int64())
    if interval is not None:
        places = np.zeros(len(ts), np.int32)
        columns["interval"] = pa.DictionaryArray.from_arrays(places, [interval])
    return pa.RecordBatch.from_pydict(columns)


class _Symbols:
    """The symbols of a file's instruments, each of which has one in a span of dates."""

    def __init__(self, path: Path, metadata: Metadata, given: str | None) -> None:
        self._path, self._given = path, given
        #: First date, the date behind the last one, and the place of the symbol, by instrument.
        self._spans: dict[int, list[tuple[int, int, int]]] = {}
        self._names: list[str] = []
        for asked, spans in metadata.mappings.items():
            for span in spans:
                if not span["symbol"]:
                    continue
                number, name = span["symbol"], asked
                if str(metadata.stype_in) == "instrument_id":
                    number, name = asked, span["symbol"]
                first, end = (
                    int(np.datetime64(span[side], "D").astype(np.int64)) for side in _SIDES
                )
                self._spans.setdefault(int(number), []).append((first, end, len(self._names)))
                self._names.append(name)

    def of(self, instruments: Int64Array, ts: Int64Array) -> pa.DictionaryArray:
        """Return the symbols of rows. DataError if one has none and the user has given none."""
        places = np.full(len(ts), -1, np.int32)
        dates = ts // DAY_NS
        order = np.argsort(instruments, kind="stable")
        numbers, starts = np.unique(instruments[order], return_index=True)
        for number, its in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True):
            for first, end, place in self._spans.get(number, ()):
                in_span = (dates[its] >= first) & (dates[its] < end)
                places[its[in_span | (ts[its] == _UNDEFINED)]] = place
        (without,) = np.nonzero(places < 0)
        if len(without) and self._given is None:
            row = int(without[0])
            raise DataError(
                f"{self._path}: the metadata have no symbol of instrument {instruments[row]} on "
                f"{np.datetime64(int(dates[row]), 'D')}; give one with --symbol"
            )
        indices = pa.array(places, mask=places < 0)
        return pa.DictionaryArray.from_arrays(indices, pa.array(self._names, pa.string()))


_SIDES: Final[tuple[Literal["start_date", "end_date"], ...]] = ("start_date", "end_date")
