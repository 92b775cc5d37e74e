"""The check of splits against the bars of a catalog: prices must jump where a split takes effect.

Bars that do not jump are already adjusted for the split, which would be booked twice. Of each split
the last close before its ex-date is compared with the first open from it on::

    ---- close | ex-date ... open ----
         at most 10 days between the two, else nothing is compared

Only the bars of these days are read, block by block.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from pipeline.codes import DAY_NS, interval_ns
from pipeline.errors import DataError
from pipeline.market.actions import Actions, iso_date
from pipeline.market.catalog.bar_file import MAX_TS, MIN_TS
from pipeline.market.catalog.catalog import Catalog

_CLEAR: Final = math.log(1.35)
"""Logarithm of the smallest factor of a split that is looked for in prices."""
_NEAR: Final = 10 * DAY_NS
"""Bars that are so far apart, or farther, are not compared."""


class _Around(NamedTuple):
    """The prices on both sides of an ex-date."""

    close: float
    open: float


def check_splits(catalog: Catalog, symbol: str, actions: Actions) -> None:
    """Raise DataError for the first split over which the longest bars of a symbol do not jump.

    The actions must be possible ones, and the catalog must have bars of the symbol. Memory is that
    of one block of bars.
    """
    interval = max(
        (entry.interval for entry in catalog.entries() if entry.symbol == symbol), key=interval_ns
    )
    for at, split in zip(actions.ts.tolist(), actions.split.tolist(), strict=True):
        expected = abs(math.log(split))
        if expected < _CLEAR:
            continue
        around = _around(catalog, symbol, interval, at)
        if around is not None and abs(math.log(around.open / around.close)) < expected / 4:
            raise DataError(
                f"{symbol}: the prices are already adjusted for the split of {split:g} on "
                f"{iso_date(at)}: close {around.close:g} before it, open {around.open:g} after"
            )


def _around(catalog: Catalog, symbol: str, interval: str, at: int) -> _Around | None:
    """Return the prices around an ex-date; None if there are no bars near enough to each other."""
    # Trades after hours on the evening before can lie on the ex-date in UTC.
    opens = at if interval_ns(interval) >= DAY_NS else at + DAY_NS // 2
    before: tuple[int, float] | None = None
    begin, end = max(at - _NEAR, MIN_TS), min(opens + _NEAR, MAX_TS)
    with catalog.reader(symbol, interval, begin, end, columns=("open", "close")) as reader:
        while (block := reader.next_block()) is not None:
            ts, (open_, close) = block
            last, first = int(np.searchsorted(ts, at)) - 1, int(np.searchsorted(ts, opens))
            if last >= 0:
                before = int(ts[last]), float(close[last])
            if first < len(ts):
                if before is None or int(ts[first]) - before[0] >= _NEAR:
                    return None
                return _Around(before[1], float(open_[first]))
    return None
