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
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.codes import PRICES
from pipeline.errors import DataError
from pipeline.market.catalog.account import Fact
from pipeline.market.importers.delimited import DelimitedLayout, plain_symbol
from pipeline.market.importers.header import Header
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading, Said
from pipeline.market.importers.rows import Rows, Spool
from pipeline.market.importers.source import Source
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.times.readers import open_times

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
    empty_bars=True,
)


def is_recording(data: bytes) -> bool:
    """Return whether data is a recorded websocket stream, as its first lines show."""
    return _MESSAGE.match(data) is not None and b'"e":' in data.replace(b'"e" :', b'"e":')


def read_recording(source: Source, options: Options, spool: Spool) -> list[Reading]:
    """Read a recorded websocket stream: a reading for each symbol and interval.

    Raises DataError if a line is no JSON, or if there are no klines and no trades.
    """
    klines: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    trades: dict[str, list[tuple[int, Any]]] = {}
    for number, message in _messages(source, source.read()):
        kind = message.get("e")
        if kind == "kline" and message["k"].get("x", True):
            kline = message["k"]
            klines.setdefault((kline["s"], kline["i"]), []).append((number, kline))
        elif kind in ("trade", "aggTrade"):
            trades.setdefault(message["s"], []).append((number, message))
    if not klines and not trades:
        raise DataError(f"{source.label}: no klines and no trades in this recording")
    if len(symbols := {symbol for symbol, _ in klines} or set(trades)) > 1 and options.symbol:
        raise DataError(
            f"{source.label}: there are {len(symbols):,} symbols; --symbol names rows of one "
            "symbol only: leave it out"
        )
    origin = "--symbol" if options.symbol else "the messages"
    called = min(symbols) if options.symbol else ""
    left = sum(map(len, trades.values())) if klines else 0
    notes = (f"Trades left out, because there are klines: {left:,}.",) if left else ()
    tally = Tally(source.label, options=options)
    readings = []
    for (symbol, interval), rows in klines.items():
        facts = Fact(interval, "file"), Fact("UTC", "file")
        said = Said("binance", origin, *facts, stamped="open", called=called, notes=notes)
        reading = Reading(options.symbol or symbol, source, said, tally, spool)
        reading.add(_rows(tally, rows, "t", "ohlcv"))
        readings.append(reading)
    for symbol, rows in {} if klines else trades.items():
        said = Said("binance", origin, clock=Fact("UTC", "file"), called=called)
        reading = Reading(options.symbol or symbol, source, said, tally, spool, ticks=True)
        ticks = _rows(tally, rows, "T", "pq")
        # Messages of one time stay in the order of their arrival.
        reading.add(ticks.take(np.argsort(ticks.wall, kind="stable")))
        readings.append(reading)
    return readings


def _rows(tally: Tally, messages: list[tuple[int, Any]], time: str, fields: str) -> Rows:
    """Return the rows of messages with their lines: bars of five ``fields``, or ticks of two."""
    tally.rows += len(messages)
    times, values = _columns(tally, messages, time, fields)
    column = pa.array(times)
    utc = open_times(column).read(column).wall
    columns = values if len(values) == PRICES else [*values[:1] * 4, values[1]]
    return Rows(utc, utc, tuple(columns), np.array([line for line, _ in messages], np.int64))


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


def _columns(
    tally: Tally, rows: list[tuple[int, Any]], time: str, fields: str
) -> tuple[npt.NDArray[np.int64], list[npt.NDArray[np.float64]]]:
    times = np.empty(len(rows), dtype=np.int64)
    values = [np.empty(len(rows)) for _ in fields]
    for row, (line, message) in enumerate(rows):
        for place, name in enumerate((time, *fields)):
            try:
                if place == 0:
                    times[row] = int(message[name])
                else:
                    values[place - 1][row] = float(message[name])
            except (KeyError, TypeError, ValueError):
                raise DataError(
                    f"{tally.place(line)}: field {name!r} must be a number, was "
                    f"{message.get(name)!r}"
                ) from None
    return times, values
