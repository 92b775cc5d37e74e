"""A piece of one series as a layout has read it, and how bars are made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipeline.codes import DAY_NS, SECOND_NS, interval_name, interval_ns
from pipeline.errors import ConfigError, DataError
from pipeline.market.bar_rules import check_bars
from pipeline.market.catalog.bar_file import BarColumns
from pipeline.market.importers.stamps import Stamps, Where, to_utc

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Options:
    """The user's options of an import. The layout and the data decide about those that are None."""

    symbol: str | None = None
    """Symbol of all rows."""
    interval: str | None = None
    """Interval of all bars."""
    zone: ZoneInfo | None = None
    """Zone of times without a zone."""
    columns: Mapping[str, str] | None = None
    """Column name, or position from 1, of each field."""
    end_stamped: bool | None = None
    """Whether times are those of the bars' ends."""
    date_order: str | None = None
    """Order of dates like 3/4/2017: "mdy" or "dmy"."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one symbol from one file, in the order of the file.

    The user's options take precedence over `interval`, `zone` and `end_stamped`.
    """

    symbol: str
    """The symbol."""
    stamps: Stamps
    """Times of the rows."""
    values: tuple[Float64Array, ...]
    """The ``PRICE_COLUMNS``, five float64[n]."""
    where: Where
    """Returns the place of a row, for messages."""
    interval: str | None = None
    """Interval by the layout, None if it is not known."""
    zone: ZoneInfo | None = None
    """Zone of times without a zone by the layout, None if it is not known."""
    end_stamped: bool = False
    """Whether times are those of the bars' ends."""
    quote: bool = False
    """Whether the bars are made of bids."""
    check: Callable[[Piece], None] | None = None
    """Raises DataError if the piece shows an error that the vendor makes."""


def finish(piece: Piece, interval: str, options: Options) -> BarColumns:
    """Make checked bars of a piece. Their `ts` is their open in ns UTC.

    The rows of a file with the newest first are reversed. A daily bar is labelled 00:00Z of its
    date in the file. Raises DataError, naming file, row and value of the first impossible bar.
    """
    if len(piece.stamps.wall) == 0:
        raise DataError(f"{piece.where(0)}: there are no bars")
    if piece.check is not None:
        piece.check(piece)
    rows = np.arange(len(piece.stamps.wall))
    wall = piece.stamps.wall
    if len(wall) > 1 and (np.diff(wall) < 0).all():
        rows = rows[::-1]
    stamps, values = piece.stamps.take(rows), tuple(column[rows] for column in piece.values)
    # -0.0 becomes 0.0, as in the catalog.
    values = tuple(np.ascontiguousarray(column) + 0.0 for column in values)

    def where(row: int) -> str:
        return piece.where(int(rows[row]))

    step = interval_ns(interval)
    if step % DAY_NS == 0:
        ts = stamps.wall // DAY_NS * DAY_NS
    else:
        ts = to_utc(stamps, options.zone or piece.zone or ZoneInfo("UTC"), where)
        end_stamped = piece.end_stamped if options.end_stamped is None else options.end_stamped
        if end_stamped:
            ts = ts - step
    _check(piece.symbol, interval, ts, values, where)
    return BarColumns(np.ascontiguousarray(ts), values)


def choose_interval(pieces: Sequence[Piece], options: Options) -> str:
    """Return the interval of the pieces of one file: as given, else as known, else from the rows.

    From the rows it is the most frequent distance between two of them. In sparse data a smaller
    distance may be the interval: the smallest one is, if all others are multiples of it and at
    least one distance in a hundred equals it. DataError if the rows tell no interval.
    """
    given = options.interval or pieces[0].interval
    if given is not None:
        return interval_name(interval_ns(given))
    place = pieces[0].where(0)
    steps = np.concatenate([np.abs(np.diff(piece.stamps.wall)) for piece in pieces])
    steps = steps[steps > 0]
    if len(steps) == 0:
        raise DataError(f"{place}: a single row shows no interval; give it, such as 1m")
    lengths, counts = np.unique(steps, return_counts=True)
    usual, least = int(lengths[np.argmax(counts)]), int(lengths[0])
    if least < usual and not (lengths % least).any() and counts[0] * 100 >= len(steps):
        usual = least
    try:
        return interval_name(usual)
    except ConfigError:
        raise DataError(
            f"{place}: rows are mostly {usual / SECOND_NS:g} s apart, which is no interval from 1s "
            "to 1d; if they are bars, give their interval"
        ) from None


def _check(
    symbol: str,
    interval: str,
    ts: npt.NDArray[np.int64],
    values: tuple[Float64Array, ...],
    where: Where,
) -> None:
    try:
        check_bars(symbol, interval, ts, *values)
        return
    except DataError as error:
        message = str(error)
    # Find the row that was refused: the shortest prefix that is refused ends with it.
    fine, bad = 0, len(ts)
    while bad - fine > 1:
        middle = (fine + bad) // 2
        try:
            check_bars(symbol, interval, ts[:middle], *(column[:middle] for column in values))
            fine = middle
        except DataError:
            bad = middle
    raise DataError(f"{where(bad - 1)}: {message}")
