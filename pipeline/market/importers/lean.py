"""LEAN (QuantConnect) data folders: `<type>/<market>/<resolution>/...` full of zips.

    tick, minute, second   <symbol>/<YYYYMMDD>_<trade|quote>.zip    milliseconds since midnight
    hour, daily            <symbol>.zip                             YYYYMMDD HH:MM

Times are on the clock of the folder's market, which LEAN's own market-hours database names. It is
read from the tree if it is there. Prices of equities and options are in ten-thousandths, all others
are plain. Trade lines have 6 cells and quote lines 11. A quote bar is its bid, with volume 0, and
is used only for a series without trades. A quote without a bid is no bar. A futures zip has a
member for each contract month, which becomes part of the symbol: ES201312.

Ticks begin with the time, then a trade's price and size, or a quote's bid; the last cell of all but
currencies says whether LEAN holds the tick for suspicious. Such ticks are left out, as LEAN does.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.codes import DAY_NS, SECOND_NS
from pipeline.errors import DataError
from pipeline.market.catalog.account import Fact
from pipeline.market.importers.options import Options
from pipeline.market.importers.reading import Reading, Said
from pipeline.market.importers.rows import Rows, Spool
from pipeline.market.importers.source import Source
from pipeline.market.importers.symbols import BY_NAME
from pipeline.market.importers.tally import Tally

_INTERVALS = {"second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
_TYPES = {"equity", "option", "forex", "cfd", "crypto", "cryptofuture", "future", "index"}
_MEMBER = re.compile(
    r"(\d{8})_.+_(trade|quote)(?:_tick)?(?:_(\d{6})(?:\d{2})?)?\.csv", re.IGNORECASE
)
_ZONES = {
    "equity-usa": "America/New_York",
    "option-usa": "America/New_York",
    "index-usa": "America/Chicago",
    "index-ose": "Asia/Tokyo",
    "index-eurex": "Europe/Berlin",
    "index-india": "Asia/Kolkata",
    "equity-india": "Asia/Kolkata",
    "future-eurex": "Europe/Berlin",
    "forex-fxcm": "Etc/GMT+5",
}
_UTC_TYPES = {"forex", "cfd", "crypto", "cryptofuture", "future"}
_QUOTE_CELLS = 11
_TICK_CELLS = {"trade": (4, 6), "quote": (3, 6, 7, 8)}
_NO_BARS = {
    "factor_files": "a factor file of LEAN, which has splits and dividends; --actions imports it",
    "map_files": "a map file of LEAN, which has the former names of a symbol and no bars",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a file in a LEAN tree."""

    root: Path
    """The folder that holds the tree."""
    kind: str
    """Type of the security, such as "equity"."""
    market: str
    """Market, such as "usa"."""
    resolution: str
    """Resolution, such as "minute"."""
    symbol: str
    """Symbol in capital letters, without a contract month."""


def find_place(source: Source) -> _Place | None:
    """Return the place of a source in a LEAN tree; None if its path is not in one."""
    parts = source.path.parts
    if source.path.suffix != ".zip":
        return None
    for at in range(len(parts) - 2, 1, -1):
        if parts[at] in (*_INTERVALS, "tick") and parts[at - 2] in _TYPES:
            symbol = parts[at + 1].removesuffix(".zip").upper()
            root = Path(*parts[: at - 2])
            return _Place(root, parts[at - 2], parts[at - 1], parts[at], symbol)
    return None


def looks_moved(source: Source) -> bool:
    """Return whether a source is a member of a LEAN zip, by its name, wherever the zip lies."""
    return source.path.suffix == ".zip" and _MEMBER.fullmatch(source.name) is not None


def refuse_no_bars(source: Source) -> None:
    """Raise DataError for a file of a LEAN tree that has something else than bars."""
    found = _NO_BARS.get(source.path.parent.name)
    if found is not None:
        raise DataError(f"{source.label} is {found}")


def read(source: Source, place: _Place, options: Options, spool: Spool) -> list[Reading]:
    """Read one member of a LEAN zip. There is no reading if no row of it is a bar."""
    clock = _zone(place)
    if clock is None and options.tz is None:
        raise DataError(
            f"the time zone of LEAN's {place.kind}/{place.market} is not known; give it with --tz"
        )
    member = _MEMBER.fullmatch(source.name)
    ticks = place.resolution == "tick"
    quote_ticks = ticks and member is not None and member[2].lower() == "quote"
    table = _table(source, place, "quote" if quote_ticks else "trade")
    wall = _wall(source, table, place, member)
    quote = quote_ticks or table.num_columns == _QUOTE_CELLS
    month = member[3] if member else None
    symbol = options.symbol or place.symbol + (month or "")
    origin = "--symbol" if options.symbol else "the folder" if member else BY_NAME
    called = place.symbol + (month or "") if options.symbol else ""
    said = _said(place, clock, origin, called, quote=quote)
    tally = Tally(source.label, options=options)
    reading = Reading(symbol, source, said, tally, spool, ticks=ticks)
    tally.rows = len(wall)
    reading.times = "milliseconds since midnight" if member else "YYYYMMDD HH:MM"
    values = _values(table, place, quote=quote)
    right = np.ones(len(wall), bool)
    if quote:
        right = values[0] > 0.0  # not if it is NaN
        tally.note("quotes without a bid, left out", int((~right).sum()))
    if ticks and table.num_columns > _TICK_CELLS["quote"][0]:
        suspicious = pc.equal(table.column(table.num_columns - 1), "1").to_numpy()
        tally.note("ticks that LEAN calls suspicious, left out", int(suspicious.sum()))
        right &= ~suspicious
    if not right.any():
        return []
    lines = np.arange(1, len(wall) + 1)
    reading.add(Rows(wall, None, values, lines).take(right))
    return [reading]


def _values(table: pa.Table, place: _Place, *, quote: bool) -> tuple[npt.NDArray[np.float64], ...]:
    """Return prices and volume, five float64[n]; of a tick all prices are one."""
    scale = 10_000.0 if place.kind in ("equity", "option") else 1.0
    at = (1, 1, 1, 1) if place.resolution == "tick" else (1, 2, 3, 4)
    of_volume = 2 if place.resolution == "tick" else 5
    volume = np.zeros(table.num_rows)
    if not quote and table.num_columns > of_volume:
        volume = table.column(of_volume).to_numpy()
    return (*(table.column(i).to_numpy() / scale for i in at), volume)


def _said(place: _Place, clock: str | None, symbol: str, called: str, *, quote: bool) -> Said:
    interval = _INTERVALS.get(place.resolution)
    return Said(
        layout="lean",
        symbol=symbol,
        called=called,
        interval=None if interval is None else Fact(interval, "layout"),
        clock=None if clock is None else Fact(clock, "layout"),
        stamped="open",
        adjusted="no",
        quote=quote,
    )


def _table(source: Source, place: _Place, of_ticks: str) -> pa.Table:
    data = source.read()
    cells = data.split(b"\n", 1)[0].count(b",") + 1
    ticks = place.resolution == "tick"
    expected = _TICK_CELLS[of_ticks] if ticks else (5, 6, _QUOTE_CELLS)
    if cells not in expected:
        raise DataError(
            f"{source.label}: LEAN's {of_ticks + ' ticks' if ticks else 'bars'} have "
            f"{', '.join(map(str, expected[:-1]))} or {expected[-1]} cells a line, found {cells}"
        )
    names = [str(i) for i in range(cells)]
    dated = place.resolution in ("hour", "daily")
    # The cells behind a tick's price and size are marks: an exchange, conditions, "suspicious".
    types = dict.fromkeys(names[3:] if ticks else (), pa.string())
    types = dict.fromkeys(names, pa.float64()) | types
    types["0"] = pa.string() if dated else pa.int64()
    try:
        return csv.read_csv(
            pa.BufferReader(data),
            read_options=csv.ReadOptions(
                use_threads=False, column_names=names, block_size=len(data) + 1
            ),
            convert_options=csv.ConvertOptions(column_types=types),
        ).combine_chunks()
    except pa.ArrowInvalid as error:
        raise DataError(f"{source.label}: {error}") from None


def _wall(
    source: Source, table: pa.Table, place: _Place, member: re.Match[str] | None
) -> npt.NDArray[np.int64]:
    """Return the clock times of the rows, int64[n], ns."""
    first = table.column(0).combine_chunks()

    def where(row: int) -> str:
        return f"{source.label}, line {row + 1}"

    if place.resolution in ("hour", "daily"):
        return _written(first, where)
    if member is None:
        raise DataError(f"{source.label}: the name must begin with a date, YYYYMMDD_")
    midnight = _written(pa.array([member[1] + " 00:00"]), where)[0]
    since = first.to_numpy() * 1_000_000
    if since.min() < 0 or since.max() >= DAY_NS:
        row = int(np.argmax((since < 0) | (since >= DAY_NS)))
        raise DataError(
            f"{where(row)}: milliseconds since midnight must be 0 to 86399999, "
            f"was {first[row].as_py()}"
        )
    wall: npt.NDArray[np.int64] = midnight + since
    return wall


def _written(times: pa.Array, where: Callable[[int], str]) -> npt.NDArray[np.int64]:
    """Return times like `20131007 09:30`, int64[n] ns. DataError for the first of another form."""
    found = pc.strptime(times, "%Y%m%d %H:%M", "s", error_is_null=True)
    if found.null_count:
        row = found.is_null().index(True).as_py()
        raise DataError(
            f"{where(row)}: time must be like '20131007 09:30', was {times[row].as_py()!r}"
        )
    return found.cast(pa.int64()).to_numpy() * SECOND_NS


def _zone(place: _Place) -> str | None:
    """Return the zone of a place in a tree; None if it is not known."""
    database = _database(place.root)
    kind = place.kind.capitalize()
    for key in (f"{kind}-{place.market}-{place.symbol}", f"{kind}-{place.market}-[*]"):
        if key in database:
            return database[key]
    usual = "UTC" if place.kind in _UTC_TYPES else None
    return _ZONES.get(f"{place.kind}-{place.market}", usual)


@functools.lru_cache(maxsize=8)
def _database(root: Path) -> dict[str, str]:
    """Return the `dataTimeZone` of each key of a tree's market-hours database, {} without one."""
    zones: dict[str, str] = {}
    for path in sorted((root / "market-hours").glob("market-hours-database*.json")):
        try:
            entries = json.loads(path.read_bytes())["entries"]
            zones |= {key: entry["dataTimeZone"] for key, entry in entries.items()}
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise DataError(f"{path} is damaged: {error!r}") from error
    # LEAN writes a fixed offset as UTC-05. The IANA names of offsets have the opposite sign.
    return {
        key: re.sub(r"UTC([+-])0?(\d+)", _posix, name) if name != "UTC" else name
        for key, name in zones.items()
    }


def _posix(match: re.Match[str]) -> str:
    return f"Etc/GMT{'-' if match[1] == '+' else '+'}{match[2]}"
