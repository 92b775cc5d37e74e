"""Yahoo Finance: the raw prices are taken, and `Adj Close` beside them is left out.

The layout is that of the site's CSV (Date, ..., Adj Close, Volume) and of the files that yfinance
writes (with UTC offsets, dividends and splits). Prices that jump by a factor of 100 and back are
refused: Yahoo sometimes mixes units (pence for pounds).
"""

from __future__ import annotations

import re

import numpy as np

from pipeline.errors import DataError
from pipeline.market.importers.delimited import DelimitedLayout, Header, plain_symbol
from pipeline.market.importers.piece import Piece
from pipeline.market.importers.source import Source

_NAME = re.compile(
    r"(?:yahoofinance-)?([A-Z0-9.^=]+(?:-[A-Z]{1,3})?)"
    r"(?:-\d{4,8})*(?:-yahoofinance|-\d+[mhd]\b.*)?"
)


def _recognises(header: Header, source: Source) -> bool:
    return {"open", "close", "adjclose"} <= set(header.normal_names)


def _symbol(name: str) -> str | None:
    match = _NAME.fullmatch(name.removesuffix(".csv"))
    return match[1] if match else plain_symbol(name)


def _check_units(piece: Piece) -> None:
    close = piece.values[3]
    with np.errstate(divide="ignore", invalid="ignore"):
        step = close[1:] / close[:-1]
    up, down = np.abs(step / 100 - 1) < 0.1, np.abs(step * 100 - 1) < 0.1
    if up.any() and down.any():
        row = int(np.argmax(up | down)) + 1
        raise DataError(
            f"{piece.where(row)}: close jumps from {close[row - 1]:g} to {close[row]:g}, 100 "
            "times, and back elsewhere: some rows are in another unit (pence for pounds)"
        )


YAHOO = DelimitedLayout("yahoo", recognises=_recognises, symbol=_symbol, check=_check_units)
