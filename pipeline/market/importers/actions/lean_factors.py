"""LEAN's factor files: splits and dividends are computed from the factors that adjust prices.

    date, price factor, split factor, reference price

The factors of a row hold up to its date. The reference price is the raw close of that day, and the
action takes effect on the next trading day. It follows from the row and the next one (LEAN's
CorporateFactorRow.GetSplit and GetDividend; https://github.com/QuantConnect/Lean,
Common/Data/Auxiliary)::

    split    = next split factor / split factor
    dividend = reference price x (1 - price factor / next price factor)

Factors have seven or eight decimals. A split is rounded to the nearest ratio of small numbers if
that is near enough, and a dividend to the decimals that are certain. A map file beside the factor
files (`../map_files`) has the tickers of the company, under which LEAN keeps its prices.
"""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipeline.market.importers.actions.bad_rows import BadRows
from pipeline.market.time.time_manager import TimeManager

_FOLDER = "factor_files"
_LINE = re.compile(r"\d{8},[^,]+,[^,]+(,[^,]*)?\s*")
#: A split is rounded to a ratio of numbers up to the first, if it differs by less than the second.
#: Factor files multiply rounded factors, so the last digits of a ratio are wrong.
_LARGEST, _NEAR = 20, 2e-4

Rows = list[tuple[str, float, float]]


def folders_in(path: Path) -> list[Path]:
    """Return the folders of factor files below a folder, sorted: one for each market of a tree."""
    if not path.is_dir():
        return []
    found = (folder for folder in path.rglob(_FOLDER) if folder.is_dir())
    below = {folder: folder.relative_to(path).parts[:-1] for folder in found}
    return sorted(
        folder
        for folder, inside in below.items()
        if _FOLDER not in inside and not any(part.startswith(".") for part in inside)
    )


def is_of_futures(begin: bytes, path: Path) -> bool:
    """Return whether a file joins the contracts of a future: lines of JSON, without any action."""
    return path.parent.name == _FOLDER and begin.startswith(b"{")


def recognises(text: str) -> bool:
    """Return whether text is a factor file: no header, a date of eight digits, and factors."""
    return _LINE.fullmatch(text.partition("\n")[0]) is not None


def read(text: str, path: Path, label: str) -> dict[str, Rows]:
    """Return rows (ISO ex-date, split, dividend) by the symbol of the company at that date."""
    lines = {number: line for number, line in enumerate(text.splitlines(), 1) if line.strip()}
    bad = BadRows(label)
    bad.rows, rows = len(lines), []
    for number, line in lines.items():
        try:
            rows.append(_parsed(line))
        except ValueError:
            bad.add(number, f"a factor must be a finite number above 0, was {line.strip()!r}")
    bad.check()
    names = _names(path)
    found: dict[str, Rows] = {}
    calendar = TimeManager("US_EQUITY") if "usa" in path.parts else None
    for (day, price, split, close), following in itertools.pairwise(rows):
        ratio = _ratio(following[2] / split)
        dividend = _dividend(close, price, following[1])
        if ratio == 1.0 and dividend == 0.0:
            continue
        date = np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}") + 1
        if calendar is not None:
            date = np.datetime64(calendar.get_first_trading_date(str(date)))
        symbol = _name_on(names, str(date).replace("-", "")) or path.stem.upper()
        found.setdefault(symbol, []).append((str(date), ratio, dividend))
    return found


def _parsed(line: str) -> tuple[str, float, float, float]:
    """Return date, factors of prices and splits, and close. ValueError if they are none."""
    cells = line.strip().split(",")
    price, split, close = (float(cell) for cell in (*cells[1:], "0")[:3])
    np.datetime64(f"{cells[0][:4]}-{cells[0][4:6]}-{cells[0][6:]}")
    if not (0.0 < price < math.inf and 0.0 < split < math.inf):
        raise ValueError(line)
    return cells[0], price, split, close


def _ratio(found: float) -> float:
    upright = found if found >= 1.0 else 1.0 / found
    simple = float(Fraction(upright).limit_denominator(_LARGEST))
    if abs(simple / upright - 1.0) > _NEAR:
        return found
    return simple if found >= 1.0 else 1.0 / simple


def _dividend(close: float, price: float, following: float) -> float:
    amount = close * (1.0 - price / following)
    # The error of each factor is up to half a unit of its seventh decimal.
    off = close * (0.5e-7 / following) * (1.0 + price / following)
    if abs(amount) <= off:
        return 0.0
    return round(amount, max(0, math.floor(-math.log10(2.0 * off)))) if off > 0.0 else amount


def _names(path: Path) -> list[tuple[str, str]]:
    """Return the rows (last date, ticker) of the map file, ascending; none without a file."""
    file = path.parent.parent / "map_files" / path.name
    if path.parent.name != _FOLDER or not file.is_file():
        return []
    lines = file.read_text("utf-8", "replace").splitlines()
    cells = [line.split(",") for line in lines if line.strip()]
    return [(row[0], row[1].upper()) for row in cells if len(row) > 1]


def _name_on(names: list[tuple[str, str]], day: str) -> str | None:
    return next((ticker for last, ticker in names if last >= day), None)
