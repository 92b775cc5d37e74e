"""The check of splits against the bars of a catalog: prices must jump where a split takes effect.

Bars that do not jump are already adjusted for the split, which would be booked twice. Bars that
jump the other way show that old shares are written per new share. Of each split the last close
before its ex-date is compared with the first open from it on::

    ---- close | ex-date ... open ----
         at most 10 days between the two, else nothing is compared

Only the bars of these days are read, block by block. Where nothing can be compared, or a split is
too small to be seen, what the imports of the bars said decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.codes import CLOSE, DAY_NS, OPEN, interval_ns
from pipeline.errors import DataError
from pipeline.market.actions import Actions, iso_date
from pipeline.market.catalog.bar_columns import BarBlocks
from pipeline.market.catalog.bar_file import MAX_TS, MIN_TS
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.manifest import Entry
from pipeline.market.importers.actions.adjusted_bars import adjusted_bars

_CLEAR: Final = math.log(1.35)
"""Logarithm of the smallest factor of a split that is looked for in prices."""
_LEAST: Final = 0.25
"""Prices that move by a smaller part of a split, on the scale of logarithms, do not have it."""
_OTHER_WAY: Final = -0.5
"""Prices that move by this part of a split move the other way."""
_NEAR: Final = 10 * DAY_NS
"""Bars that are so far apart, or farther, are not compared."""


class _Around(NamedTuple):
    """The prices on both sides of an ex-date."""

    close: float
    open: float


def check_splits(catalog: Catalog, symbol: str, actions: Actions) -> None:
    """Raise DataError for the first split that the bars of a symbol have already, or contradict.

    Prices are those of its longest bars. The actions must be possible ones, and the catalog must
    have bars of the symbol. Memory is that of one block of bars.
    """
    entries = [entry for entry in catalog.entries() if entry.symbol == symbol]
    interval = max((entry.interval for entry in entries), key=interval_ns)
    for at, split in zip(actions.ts.tolist(), actions.split.tolist(), strict=True):
        if split == 1.0:
            continue
        clear = abs(math.log(split)) >= _CLEAR
        around = _around(catalog, symbol, interval, at) if clear else None
        if around is not None:
            try:
                _check_prices(symbol, split, at, around)
            except DataError as error:
                other = _other_day(catalog, entries, interval, at, split)
                raise DataError(f"{error}{other}") from None
        elif (bars := adjusted_bars(entries, at, "splits")) is not None:
            raise DataError(
                f"{symbol}: {bars.words()}, so the split of {split:g} on {iso_date(at)} is in "
                "their prices already; leave it out, or import prices as they were traded, with "
                "--replace"
            )


def _other_day(
    catalog: Catalog, entries: Sequence[Entry], interval: str, at: int, split: float
) -> str:
    """Ask whether a day near an ex-date is meant, on which the price is split; "" without one."""
    (entry,) = (one for one in entries if one.interval == interval)
    near = [
        jump
        for jump in catalog.jumps(entry).first
        if 0 < abs(jump.ts - at) < _NEAR
        and abs(math.log(jump.before / jump.after) / math.log(split) - 1.0) < _LEAST
    ]
    return f"; the price jumps on {near[0].words()}: is that the ex-date?" if near else ""


def check_bars_of_splits(
    symbol: str, interval: str, bars: BarBlocks, actions: Actions, place: str
) -> None:
    """Raise DataError for new bars that are adjusted for a split of the catalog at ``place``."""
    for at, split in zip(actions.ts.tolist(), actions.split.tolist(), strict=True):
        if split == 1.0 or abs(math.log(split)) < _CLEAR:
            continue
        blocks = ((one.ts, one.values[OPEN], one.values[CLOSE]) for one in bars.blocks())
        around = _found(blocks, interval, at)
        if around is None:
            continue
        try:
            _check_prices(symbol, split, at, around)
        except DataError as error:
            raise DataError(
                f"{error}; the catalog has that split, so import prices as they were traded, or "
                f"remove it first: `ringtape catalog remove {place} {symbol}:actions`"
            ) from None


def _check_prices(symbol: str, split: float, at: int, around: _Around) -> None:
    """Raise DataError if the prices around a split are not those of old and new shares."""
    part = math.log(around.close / around.open) / math.log(split)
    told = f"close {around.close:g} before it, open {around.open:g} after"
    if part <= _OTHER_WAY:
        way = "up" if split < 1.0 else "down"
        inverse = f"1:{split:.4g}" if split > 1.0 else f"{1.0 / split:.4g}"
        fits = f"{inverse}, " if abs(part + 1.0) < 0.5 else ""
        raise DataError(
            f"{symbol}: the split of {split:g} on {iso_date(at)} moves the price {way}, and it "
            f"moved the other way: {told}; write {fits}new shares per old share"
        )
    if part < _LEAST:
        raise DataError(
            f"{symbol}: the prices are already adjusted for the split of {split:g} on "
            f"{iso_date(at)}: {told}"
        )


def _around(catalog: Catalog, symbol: str, interval: str, at: int) -> _Around | None:
    """Return the prices around an ex-date; None if there are no bars near enough to each other."""
    begin, end = max(at - _NEAR, MIN_TS), min(at + _NEAR + DAY_NS, MAX_TS)
    with catalog.reader(symbol, interval, begin, end, columns=("open", "close")) as reader:
        blocks = iter(reader.next_block, None)
        return _found(((block[0], *block[1]) for block in blocks if block), interval, at)


def _found(blocks: Iterable[Sequence[npt.NDArray[Any]]], interval: str, at: int) -> _Around | None:
    """Find the prices around an ex-date in blocks of ts, open and close; None without both."""
    # Trades after hours on the evening before can lie on the ex-date in UTC.
    opens = at if interval_ns(interval) >= DAY_NS else at + DAY_NS // 2
    before: tuple[int, float] | None = None
    for ts, open_, close in blocks:
        last, first = int(np.searchsorted(ts, at)) - 1, int(np.searchsorted(ts, opens))
        if last >= 0:
            before = int(ts[last]), float(close[last])
        if first < len(ts):
            if before is None or int(ts[first]) - before[0] >= _NEAR:
                return None
            return _Around(before[1], float(open_[first]))
    return None
