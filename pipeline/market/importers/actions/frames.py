"""yfinance's frames of downloads: two lines above the header say what each column is, and of whom.

::

    Price,Close,Close,Dividends,Dividends,Stock Splits,Stock Splits
    Ticker,AAPL,MSFT,AAPL,MSFT,AAPL,MSFT
    Date,,,,,,
    2014-05-08,588.25,39.5,0.47,0,0,0

The first two may be the other way round. The columns of each ticker are a table of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.errors import DataError
from pipeline.market.importers.actions.cells import Cells
from pipeline.market.importers.fields import tells_actions

_ABOVE: Final = 2
"""Lines of the text below the first one that are no rows: tickers, and the name of the index."""


def tables_of(cells: Cells, symbol: str | None) -> dict[str, Cells]:
    """Return the table of each ticker in a frame, or of the one that the user names.

    ``cells`` have the first line as header. A ticker that is alone is taken whatever the user calls
    it. DataError if no column has actions, or if there is no such ticker.
    """
    second, third = ([cells.column(at)[row].as_py() for at in _all(cells)] for row in range(_ABOVE))
    lines = [cells.names, second] if cells.names[0] == "Price" else [second, cells.names]
    names, tickers = ([str(cell or "") for cell in line] for line in lines)
    if not tells_actions(names):
        raise DataError(
            f"{cells.label}: there are no columns of dividends and splits; yfinance writes them "
            "with actions=True"
        )
    found = list(dict.fromkeys(tickers[1:]))
    if len(found) > 1 and symbol is not None:
        if symbol not in found:
            raise DataError(
                f"{cells.label}: the tickers are {', '.join(found)}; --symbol names one of them, "
                f"was {symbol}"
            )
        found = [symbol]
    index = str(third[0])
    tables = {}
    for ticker in found:
        places = [at for at in _all(cells) if at and tickers[at] == ticker]
        tables[ticker] = _part(cells, [index, *(names[at] for at in places)], [0, *places])
    cells.bad.rows -= _ABOVE
    return tables


def _all(cells: Cells) -> range:
    return range(len(cells.names))


def _part(cells: Cells, names: list[str], places: Sequence[int]) -> Cells:
    """Return the rows of some columns."""
    return Cells(
        cells.label,
        names,
        cells.lines[_ABOVE:],
        cells.bad,
        lambda at: cells.column_at(places[at]).slice(_ABOVE),
    )
