"""The fields of a bar or a tick, and the names that vendors give to their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError, nearest

TICK_FIELDS: Final = ("price", "size", "bid", "ask")
"""The fields of a tick beside its time: a trade, or a quote."""
FIELDS: Final = ("ts", "date", "time", *PRICE_COLUMNS, "symbol", "interval", *TICK_FIELDS)
"""All fields: a whole time, its two halves, prices, volume, symbol, interval; and of ticks."""

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "ts": (
        *("ts", "timestamp", "datetime", "opentime", "gmttime", "localtime", "unixtime"),
        *("unix", "epoch", "date", "time", "tsevent", "windowstart", "indexlevel0"),
    ),
    "open": ("open", "o", "openprice", "bidopen"),
    "high": ("high", "h", "highprice", "bidhigh"),
    "low": ("low", "l", "lowprice", "bidlow"),
    "close": ("close", "c", "closeprice", "last", "closelast", "bidclose"),
    "volume": ("volume", "vol", "v", "tickvolume", "tickvol"),
    "symbol": ("symbol", "ticker", "sym", "instrument"),
    "price": ("price", "last", "lastprice", "tradeprice", "px"),
    "size": ("size", "quantity", "qty", "volume", "vol", "amount", "lastsize", "tradesize"),
    "bid": ("bid", "bidprice", "bidpx"),
    "ask": ("ask", "askprice", "askpx", "offer"),
}
_OF_ACTIONS: Final = {
    *("split", "splits", "splitratio", "stocksplits"),
    *("dividend", "dividends", "exdividend"),
}
_OF_BARS: Final = ("ts", *PRICE_COLUMNS, "symbol")
_OF_TICKS: Final = ("ts", "symbol", *TICK_FIELDS)
#: A column of volume that has another name, such as `Volume_(BTC)` or `Volume USDT`.
_LIKE_VOLUME: Final = re.compile(r"(tick|total|trade)?vol(ume)?(?!.*(weighted|avg|average|ma\d*$))")


@dataclass(frozen=True, slots=True)
class Fields:
    """The columns of a file that are taken."""

    columns: dict[str, str]
    """The column of each field that was found, in the order of ``FIELDS``."""
    guessed: tuple[str, ...] = ()
    """Fields whose column does not have a usual name."""

    @property
    def ticks(self) -> bool:
        """Whether rows are ticks, not bars."""
        return "open" not in self.columns


def columns_left(names: Sequence[str], taken: Iterable[Fields]) -> list[str]:
    """Return the columns among ``names`` that none of the fields take."""
    used = {name for fields in taken for name in fields.columns.values()}
    return [name for name in names if name not in used]


def names_time(text: str) -> bool:
    """Return whether a text is a usual name of a column of times."""
    return normal(text) in _NAMES["ts"]


def tells_actions(names: Iterable[str]) -> bool:
    """Return whether one of some columns tells splits or dividends."""
    return any(normal(name) in _OF_ACTIONS for name in names)


def normal(name: str) -> str:
    """Return the letters and digits of a header: " Adj. Close" becomes "adjclose"."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


def match_fields(
    names: Sequence[str],
    given: Mapping[str, str] | None,
    place: str,
    known: Mapping[str, str] | None = None,
) -> Fields:
    """Return the column among `names` of each field.

    It is as the user has `given` it, else as the layout has it (`known`), else by its usual names.
    `given` and `known` map fields to column names, or to positions from 1 ("ts": "1"). Raises
    DataError if a field or column does not exist, or if the time or the prices cannot be found, or
    if several columns may be the volume. The message shows the header and how to name columns.
    """
    found = {field: _column(column, names, field, place) for field, column in (given or {}).items()}
    for field, column in (known or {}).items():
        found.setdefault(field, _column(column, names, field, place))
    by_name = {normal(name): name for name in reversed(names)}
    if "date" in by_name and "time" in by_name and not {"ts", "date"} & set(found):
        found.setdefault("date", by_name["date"])
        found.setdefault("time", by_name["time"])
    bars = _by_usual_names(_OF_BARS, found, by_name)
    missing = _missing(bars, PRICE_COLUMNS[:4])
    if missing:
        ticks = _by_usual_names(_OF_TICKS, found, by_name)
        if not _missing(ticks, ("price",)) or not _missing(ticks, ("bid", "ask")):
            return Fields(_ordered(ticks))
        raise DataError(
            f"{place}: cannot tell which columns are {', '.join(missing)}; columns: "
            f"{_shown(names)}; name them, such as --columns {missing[0]}=NAME"
        )
    if "volume" in bars or not any(by_name):
        return Fields(_ordered(bars))
    like = [
        name for name in names if _LIKE_VOLUME.match(normal(name)) and name not in bars.values()
    ]
    if len(like) > 1:
        raise DataError(
            f"{place}: the volume may be {_shown(like)}; say which with --columns volume=NAME"
        )
    if not like:
        return Fields(_ordered(bars))
    return Fields(_ordered(bars | {"volume": like[0]}), ("volume",))


def _column(column: str, names: Sequence[str], field: str, place: str) -> str:
    if field not in FIELDS:
        raise DataError(f"columns can name {', '.join(FIELDS)}; there is no field {field!r}")
    if column in names:
        return column
    if column.isdigit() and 1 <= int(column) <= len(names):
        return names[int(column) - 1]
    near = nearest(column, names, 1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    raise DataError(f"{place}: there is no column {column!r}; columns: {_shown(names)}{meant}")


def _by_usual_names(
    fields: Sequence[str], found: dict[str, str], by_name: dict[str, str]
) -> dict[str, str]:
    columns = dict(found)
    for field in fields:
        if field in columns or (field == "ts" and "date" in columns):
            continue
        for name in _NAMES[field]:
            if name in by_name and by_name[name] not in columns.values():
                columns[field] = by_name[name]
                break
    return columns


def _missing(found: dict[str, str], prices: Sequence[str]) -> list[str]:
    timeless = [] if {"ts", "date"} & set(found) else ["ts"]
    return timeless + [field for field in prices if field not in found]


def _ordered(found: dict[str, str]) -> dict[str, str]:
    return {field: found[field] for field in FIELDS if field in found}


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    return shown + (f" and {len(names) - 20} more" if len(names) > 20 else "")
