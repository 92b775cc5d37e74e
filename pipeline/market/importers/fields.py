"""The fields of a bar, and the names that vendors give to their columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError

FIELDS = ("ts", "date", "time", *PRICE_COLUMNS, "symbol")
"""All fields: a whole time, its two halves, the prices, the volume, the symbol."""

_NAMES: dict[str, tuple[str, ...]] = {
    "ts": (
        *("ts", "timestamp", "datetime", "opentime", "gmttime", "localtime", "unixtime"),
        *("unix", "epoch", "date", "time", "indexlevel0"),
    ),
    "open": ("open", "o", "openprice", "bidopen"),
    "high": ("high", "h", "highprice", "bidhigh"),
    "low": ("low", "l", "lowprice", "bidlow"),
    "close": ("close", "c", "closeprice", "last", "closelast", "bidclose"),
    "volume": ("volume", "vol", "v", "tickvolume", "tickvol"),
    "symbol": ("symbol", "ticker", "sym", "instrument"),
}


def normal(name: str) -> str:
    """Return the letters and digits of a header: " Adj. Close" becomes "adjclose"."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


def match_fields(
    names: Sequence[str], given: Mapping[str, str] | None, place: str
) -> dict[str, str]:
    """Return the column among `names` of each field: as `given`, else by its usual names.

    `given` maps fields to column names, or to positions from 1 ("ts": "1"). Raises DataError if a
    field or column does not exist, or if open, high, low, close or the time cannot be found. The
    message shows the header and how to name columns.
    """
    found: dict[str, str] = {}
    for field, column in (given or {}).items():
        if field not in FIELDS:
            raise DataError(f"columns can name {', '.join(FIELDS)}; there is no field {field!r}")
        if column in names:
            found[field] = column
        elif column.isdigit() and 1 <= int(column) <= len(names):
            found[field] = names[int(column) - 1]
        else:
            raise DataError(f"{place}: there is no column {column!r}; columns: {_shown(names)}")
    by_name = {normal(name): name for name in reversed(names)}
    if "date" in by_name and "time" in by_name and not {"ts", "date"} & set(found):
        found.setdefault("date", by_name["date"])
        found.setdefault("time", by_name["time"])
    for field, usual in _NAMES.items():
        if field in found or (field == "ts" and "date" in found):
            continue
        for name in usual:
            if name in by_name and by_name[name] not in found.values():
                found[field] = by_name[name]
                break
    missing = [field for field in PRICE_COLUMNS[:4] if field not in found]
    if "ts" not in found and "date" not in found:
        missing.insert(0, "ts")
    if missing:
        raise DataError(
            f"{place}: cannot tell which columns are {', '.join(missing)}; columns: "
            f"{_shown(names)}; name them, such as --columns {missing[0]}=NAME"
        )
    return found


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    return shown + (f" and {len(names) - 20} more" if len(names) > 20 else "")
