"""The fields of a bar or a tick, and the names that vendors give to their columns."""

from __future__ import annotations

import re
import unicodedata
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
        *("datum", "dtyyyymmdd", "zeit", "zeitpunkt"),
        # The index of a data frame, which has no name of its own.
        *("index", "level0", "unnamed0", "column1"),
    ),
    "date": ("date", "datum", "dtyyyymmdd"),
    "time": ("time", "zeit", "uhrzeit", "hour"),
    "open": (*("open", "o", "openprice", "bidopen"), *("eroffnung", "eroeffnung", "erster")),
    "high": ("high", "h", "highprice", "bidhigh", "hoch"),
    "low": ("low", "l", "lowprice", "bidlow", "tief"),
    "close": (
        *("close", "c", "closeprice", "last", "closelast", "bidclose"),
        *("schluss", "schlusskurs", "letzter"),
    ),
    "volume": ("volume", "vol", "v", "tickvolume", "tickvol"),
    "symbol": (
        *("symbol", "ticker", "sym", "instrument"),
        *("contract", "pair", "asset", "security", "code", "name"),
        *("tic", "tscode", "stockcode", "stock", "coin", "isin", "ric"),
    ),
    "price": ("price", "last", "lastprice", "tradeprice", "px"),
    "size": ("size", "quantity", "qty", "volume", "vol", "amount", "lastsize", "tradesize"),
    "bid": ("bid", "bidprice", "bidpx"),
    "ask": ("ask", "askprice", "askpx", "offer"),
}
#: The first names of a column of symbols; the others may name something else.
_SURE_SYMBOLS: Final = 4
_OF_ACTIONS: Final = {
    *("split", "splits", "splitratio", "stocksplits"),
    *("dividend", "dividends", "exdividend"),
}
_OF_BARS: Final = ("ts", *PRICE_COLUMNS, "symbol")
_OF_TICKS: Final = ("ts", "symbol", *TICK_FIELDS)
#: A column of volume that has another name, such as `Volume_(BTC)` or `Volume USDT`.
_LIKE_VOLUME: Final = re.compile(
    r"(tick|total|trade)?vol(?!at)(ume)?(?!.*(weighted|avg|average|ma\d*$))|umsatz|st(u|ue)ck"
)
#: German names of a volume: some files have two of them, one of shares and one of money.
_GERMAN_VOLUMES: Final = {"volumen", "umsatz", "stuck", "stucke", "stueck", "stuecke"}
#: A unit or a currency in the name of a column.
_UNIT: Final = re.compile(r"[(\[$€£¥₹₽₩₺₿₫฿]")
_SHOWN: Final = 40
"""So many characters of a name are shown."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The columns of a file that are taken."""

    columns: dict[str, str]
    """The column of each field that was found, in the order of ``FIELDS``."""
    guessed: tuple[str, ...] = ()
    """Fields whose column does not have a usual name."""
    own: tuple[str, ...] | None = None
    """The columns of their symbol, where each symbol has columns of its own."""

    @property
    def ticks(self) -> bool:
        """Whether rows are ticks, not bars."""
        return "open" not in self.columns


def columns_left(names: Sequence[str], taken: Iterable[Fields]) -> list[str]:
    """Return the columns among ``names`` that none of the fields take."""
    used = {name for fields in taken for name in fields.columns.values()}
    return [name for name in names if name not in used]


def split_zone(name: str) -> tuple[str, str]:
    """Return a name of a column and what stands in brackets behind it: ``Time (EST)``."""
    match = re.fullmatch(r"(.*?)\s*[(\[]([^()\[\]]+)[)\]]\s*", name)
    return (match[1], match[2].strip()) if match else (name, "")


def names_time(text: str) -> bool:
    """Return whether a text is a usual name of a column of times."""
    return normal(text) in _NAMES["ts"]


def tells_actions(names: Iterable[str]) -> bool:
    """Return whether one of some columns tells splits or dividends."""
    return any(normal(name) in _OF_ACTIONS for name in names)


def normal(name: str) -> str:
    """Return the Latin letters and digits of a name: " Adj. Close" becomes "adjclose".

    Letters lose their accents: "Eröffnung" becomes "eroffnung".
    """
    bare = name if name.isascii() else unicodedata.normalize("NFKD", name)
    return re.sub(r"[^0-9a-z]", "", bare.casefold())


def may_name_others(name: str) -> bool:
    """Return whether a column with a name like "Contract" or "Name" may have no symbols."""
    return normal(name) in _NAMES["symbol"][_SURE_SYMBOLS:]


def names_prices(names: Iterable[str]) -> bool:
    """Return whether at least three of the four prices of a bar are among some names."""
    found = {normal(name) for name in names}
    return sum(not found.isdisjoint(_NAMES[field]) for field in PRICE_COLUMNS[:4]) >= 3


def names_other_price(field: str, name: str) -> bool:
    """Return whether a column has a usual name of a price or volume, and none of the ``field``."""
    fields = {one for one in PRICE_COLUMNS if normal(name) in _NAMES[one]}
    return bool(fields) and field not in fields


def names_any_field(names: Iterable[str]) -> bool:
    """Return whether a name is one of the usual names of a field."""
    usual = {name for one in _NAMES.values() for name in one}
    return not usual.isdisjoint(normal(name) for name in names)


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
    by_name = _by_name(names)
    if not {"ts", "date"} & set(found):
        pair = _by_usual_names(("date", "time"), found, by_name)
        found = pair if {"date", "time"} <= set(pair) else found
    bars = _by_usual_names(_OF_BARS, found, by_name)
    for field in PRICE_COLUMNS[:4]:
        if field in bars and field not in {**(given or {}), **(known or {})}:
            _check_only_one(field, bars[field], names, place)
    missing = _missing(bars, PRICE_COLUMNS[:4])
    if missing:
        ticks = _by_usual_names(_OF_TICKS, found, by_name)
        of_ticks = [
            _missing(ticks, prices)
            for prices in (("price",), ("bid", "ask"))
            if not set(prices).isdisjoint(ticks)
        ]
        if [] in of_ticks:
            return Fields(_ordered(ticks))
        missing = min([missing, *of_ticks], key=len)
        raise DataError(
            f"{place}: cannot tell which columns are {', '.join(missing)}; columns: "
            f"{_shown(names)}; name them, such as --columns {missing[0]}=NAME, or by their "
            f"positions from 1, such as --columns {missing[0]}=1"
            f"{'; splits and dividends need --actions' if tells_actions(names) else ''}"
        )
    return _with_volume(bars, names, by_name, "volume" in found, place)


def _check_only_one(field: str, column: str, names: Sequence[str], place: str) -> None:
    """Refuse a price that several columns of one name may be."""
    alike = normal(column)
    again = [
        name
        for name in names
        if name in (f"{column}.1", f"{column}.2") or (name != column and normal(name) == alike)
    ]
    if again:
        raise DataError(
            f"{place}: the {field} may be {_shown([column, *again])}, as of several symbols; say "
            f"which with --columns {field}=NAME"
        )


def _by_name(names: Sequence[str]) -> dict[str, str]:
    """Return columns by their normal names; of two alike, the one without a unit, then the first.

    A unit makes a difference: the name of `Volume ($)` is as usual as that of `Volume`.
    """
    plain = [name for name in names if not _UNIT.search(name)]
    found = {normal(name): name for some in (names, plain) for name in reversed(some)}
    for name in names:
        time, zone = split_zone(name)
        if zone and normal(time) in {*_NAMES["ts"], *_NAMES["time"]}:
            found.setdefault(normal(time), name)
    return found


def _with_volume(
    bars: dict[str, str], names: Sequence[str], by_name: dict[str, str], told: bool, place: str
) -> Fields:
    """Return the columns of bars with that of the volume: the one of a usual name, else a guess.

    ``told``: whether its column was given. DataError if several columns may be it.
    """
    usual = bars.get("volume")
    if told or not any(by_name) or (usual is not None and not _UNIT.search(usual)):
        return Fields(_ordered(bars))
    others = {column for field, column in bars.items() if field != "volume"}
    like = [
        name
        for name in names
        if name == usual or (_LIKE_VOLUME.match(normal(name)) and name not in others)
    ]
    if len(like) > 1:
        raise DataError(
            f"{place}: the volume may be {_shown(like)}; say which with --columns volume=NAME"
        )
    if not like:
        return Fields(_ordered(bars))
    guessed = () if normal(like[0]) in _GERMAN_VOLUMES else ("volume",)
    return Fields(_ordered(bars | {"volume": like[0]}), guessed)


def _column(column: str, names: Sequence[str], field: str, place: str) -> str:
    if field not in FIELDS:
        raise DataError(f"columns can name {', '.join(FIELDS)}; there is no field {field!r}")
    if column in names:
        return column
    if column.isdigit() and 1 <= int(column) <= len(names):
        return names[int(column) - 1]
    near = nearest(column, names, 1)
    meant = f"; did you mean {cut(near[0])!r}?" if near else ""
    raise DataError(f"{place}: there is no column {cut(column)!r}; columns: {_shown(names)}{meant}")


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
    shown = ", ".join(repr(cut(name)) for name in names[:20])
    return shown + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def cut(text: str) -> str:
    """Return a name or a cell as a message shows it: its first characters, if there are many."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
