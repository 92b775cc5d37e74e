"""Binance klines: the CSV of the public archive, and recorded websocket streams.

The CSV of the archive has 12 columns, with a header or without one, and times in ms (in us since
2025). A recording has one JSON message on each line, bare or wrapped in {"stream", "data"}, with or
without a local time in front. Closed klines are taken from it. If there are none, its trades are
added up to bars of the interval that was asked for. Other messages (depth, book ticker) are left
out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.codes import interval_ns
from pipeline.errors import DataError
from pipeline.market.importers.delimited import DelimitedLayout, Header, plain_symbol
from pipeline.market.importers.piece import Options, Piece
from pipeline.market.importers.source import Source
from pipeline.market.importers.stamps import from_epochs, from_utc

_NAME = re.compile(r"([A-Z0-9]+)-(\d+[smhdwM])\b")
_MESSAGE = re.compile(rb"(?:\d+ )?\{")


def _recognises(header: Header, source: Source) -> bool:
    if len(header.cells) != 12:
        return False
    if header.is_header:
        return {"opentime", "closetime", "open"} <= set(header.normal_names)
    return all(re.fullmatch(r"\d{10,19}", header.cells[place]) for place in (0, 6))


def _symbol(name: str) -> str | None:
    match = _NAME.match(name)
    return match[1] if match else plain_symbol(name)


def _interval(name: str) -> str | None:
    match = _NAME.match(name)
    return match[2] if match else None


KLINES = DelimitedLayout(
    "binance",
    recognises=_recognises,
    signs="twelve columns: a header with open_time and close_time, or epochs in the first and "
    "the seventh",
    columns={"ts": "1", "open": "2", "high": "3", "low": "4", "close": "5", "volume": "6"},
    symbol=_symbol,
    interval=_interval,
    zone=ZoneInfo("UTC"),
    stamped="open",
    adjusted="no",
)


def is_recording(data: bytes) -> bool:
    """Return whether data is a recorded websocket stream, as its first lines show."""
    return _MESSAGE.match(data) is not None and b'"e":' in data.replace(b'"e" :', b'"e":')


def read_recording(source: Source, data: bytes, options: Options) -> list[Piece]:
    """Read a recorded websocket stream into pieces, one per symbol and interval.

    Raises DataError if a line is no JSON, if there are no klines and no trades, or if there are
    only trades and no interval was given.
    """
    klines: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    trades: dict[str, list[tuple[int, Any]]] = {}
    for number, message in _messages(source, data):
        kind = message.get("e")
        if kind == "kline" and message["k"].get("x", True):
            kline = message["k"]
            klines.setdefault((kline["s"], kline["i"]), []).append((number, kline))
        elif kind in ("trade", "aggTrade"):
            trades.setdefault(message["s"], []).append((number, message))
    if klines:
        return [_klines(source, *key, rows, options) for key, rows in klines.items()]
    if not trades:
        raise DataError(f"{source.label}: no klines and no trades in this recording")
    if options.interval is None:
        raise DataError(
            f"{source.label}: trades of {', '.join(sorted(trades))} and no klines; give the "
            "interval of the bars to make of them, such as 1m"
        )
    step = interval_ns(options.interval)
    return [_bars_of(source, name, rows, step, options) for name, rows in trades.items()]


def _messages(source: Source, data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(data.splitlines(), start=1):
        start = line.find(b"{")
        if start < 0:
            continue
        try:
            message = json.loads(line[start:])
        except ValueError as error:
            raise DataError(f"{source.label}, line {number}: no JSON: {error}") from None
        yield number, message.get("data", message)


def _where(label: str, lines: list[int], row: int) -> str:
    return f"{label}, line {lines[row]}"


def _klines(
    source: Source, symbol: str, interval: str, rows: list[tuple[int, Any]], options: Options
) -> Piece:
    where = partial(_where, source.label, [number for number, _ in rows])
    times, values = _columns(where, [kline for _, kline in rows], "t", "ohlcv")
    return Piece(
        symbol=options.symbol or symbol,
        stamps=from_epochs(times, where, options.zone),
        values=tuple(values),
        where=where,
        interval=interval,
    )


def _bars_of(
    source: Source, symbol: str, rows: list[tuple[int, Any]], step: int, options: Options
) -> Piece:
    lines = [number for number, _ in rows]
    where = partial(_where, source.label, lines)
    times, (price, size) = _columns(where, [trade for _, trade in rows], "T", "pq")
    utc = from_epochs(times, where, None).wall
    order = np.argsort(utc, kind="stable")  # of equal times, the order of arrival
    bucket = utc[order] // step * step
    price, size = price[order], size[order]
    first = np.flatnonzero(np.append(True, bucket[1:] != bucket[:-1]))
    last = np.append(first[1:], len(bucket)) - 1
    return Piece(
        symbol=options.symbol or symbol,
        stamps=from_utc(bucket[first], options.zone),
        values=(
            price[first],
            np.maximum.reduceat(price, first),
            np.minimum.reduceat(price, first),
            price[last],
            np.add.reduceat(size, first),
        ),
        where=partial(_where, source.label, [lines[order[row]] for row in first]),
    )


def _columns(
    where: partial[str], rows: list[Any], time: str, fields: str
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], list[np.ndarray[Any, np.dtype[np.float64]]]]:
    times = np.empty(len(rows), dtype=np.int64)
    values = [np.empty(len(rows)) for _ in fields]
    for row, message in enumerate(rows):
        for place, name in enumerate((time, *fields)):
            try:
                if place == 0:
                    times[row] = int(message[name])
                else:
                    values[place - 1][row] = float(message[name])
            except (KeyError, TypeError, ValueError):
                raise DataError(
                    f"{where(row)}: field {name!r} must be a number, was {message.get(name)!r}"
                ) from None
    return times, values
