"""The bars of all pages of a symbol, joined to one table that an import reads as it is.

The table has the columns of those that `ringtape export` writes, so it needs no options. Its file
is made anew by each fetch; the raw replies are what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError
from pipeline.fetch.page import Bars, Page, Payout
from pipeline.fetch.raw import file_begin
from pipeline.fetch.request import Request, day_of
from pipeline.market.catalog.export import COLUMNS

_TIME: Final = pa.timestamp("ns", "UTC")


@dataclass(slots=True)
class Gathering:
    """What the pages of one symbol have given."""

    source: str
    """The name of the source, in messages."""
    symbol: str
    """The symbol."""
    request: Request
    """What was asked for."""
    payouts: dict[Payout, None] = field(default_factory=dict)
    """The dividends, in the order in which they came."""
    files: list[Path] = field(default_factory=list)
    """Files that an import reads as they are."""
    notes: list[str] = field(default_factory=list)
    """Remarks for the user."""
    _bars: list[Bars] = field(default_factory=list)
    _replies: list[str] = field(default_factory=list)
    _beside: list[int] = field(default_factory=list)
    _unpriced: int = 0
    _forming: set[int] = field(default_factory=set)

    def add(self, page: Page) -> None:
        """Take in a page. Bars that had not ended when it came are left out, and told."""
        self.notes += page.notes
        within = self.request.start, self.request.end
        self.payouts |= {one: None for one in page.payouts if within[0] <= one.day < within[1]}
        if page.bars is None:
            self.files += [reply.file for reply in page.replies]
            return
        ts, ends, prices = page.bars
        asked = (ts >= self.request.start_ns) & (ts < self.request.end_ns)
        self._beside += [int(end(ts)) for end in (np.min, np.max) if len(ts)]
        priced = ~np.isnan(prices[:, :-1]).all(axis=1)
        came = min((reply.time_ns for reply in page.replies), default=0)
        ended = ends <= came
        self._unpriced += int((asked & ended & ~priced).sum())
        self._forming |= set(ts[asked & ~ended].tolist())
        kept = asked & ended & priced
        self._bars.append(Bars(ts[kept], ends[kept], np.nan_to_num(prices[kept], nan=0.0)))
        self._replies.append(", ".join(reply.file.name for reply in page.replies))

    def write(self, folder: Path) -> None:
        """Write the table of bars to a file in ``folder``, unless the source has given files.

        DataError if there are no bars, or if two pages contradict each other.
        """
        if self.files:
            return
        bars = self._joined()
        request = self.request
        self._tell_left_out(bars)
        self._tell_late_begin(bars)
        name = f"{file_begin(self.symbol)}_{request.interval}_{request.start}_{request.end}"
        file = folder / f"{name}.parquet"
        columns = [
            pa.repeat(pa.scalar(text), len(bars.ts)) for text in (self.symbol, request.interval)
        ]
        columns += [pa.array(bars.ts, _TIME), *map(pa.array, bars.prices.T.copy())]
        partial = file.with_name(f"{file.name}.part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.table(columns, COLUMNS), partial)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
        self.files.append(file)

    def _joined(self) -> Bars:
        """Return the bars in the order of time, each once."""
        ts = np.concatenate([np.empty(0, np.int64), *(one.ts for one in self._bars)])
        if not len(ts):
            raise self._nothing()
        prices = np.concatenate([one.prices for one in self._bars])
        page = np.repeat(np.arange(len(self._bars)), [len(one.ts) for one in self._bars])
        order = np.argsort(ts, kind="stable")
        ts, prices, page = ts[order], prices[order], page[order]
        again = ts[1:] == ts[:-1]
        differ = again & (prices[1:] != prices[:-1]).any(axis=1)
        if differ.any():
            raise self._contradiction(int(np.argmax(differ)), ts, prices, page)
        once = np.concatenate([[True], ~again])
        return Bars(ts[once], ts[once], prices[once])

    def _nothing(self) -> DataError:
        request = self.request
        beside = ""
        if self._beside:
            days = f"{day_of(min(self._beside))} to {day_of(max(self._beside))}"
            beside = f"; what it gives is from {days}"
        if self._forming:
            beside = "; the bars that it gives have not ended yet"
        return DataError(
            f"{self.source} has no bars of {self.symbol} {request.interval} from {request.start} "
            f"to before {request.end}{beside or ', or does not know the symbol'}"
        )

    def _contradiction(
        self,
        at: int,
        ts: npt.NDArray[np.int64],
        prices: npt.NDArray[np.float64],
        page: npt.NDArray[np.intp],
    ) -> DataError:
        column = int(np.argmax(prices[at] != prices[at + 1]))
        first, second = (
            f"{prices[row, column]:g} in {self._replies[page[row]]}" for row in (at, at + 1)
        )
        return DataError(
            f"{self.source} contradicts itself: {self.symbol} {self.request.interval} at "
            f"{_time(int(ts[at]))} has the {PRICE_COLUMNS[column]} {first} and {second}; remove "
            "the file that is wrong from the raw folder and fetch again"
        )

    def _tell_left_out(self, bars: Bars) -> None:
        series = f"{self.symbol} {self.request.interval}"
        forming = self._forming.difference(bars.ts.tolist())
        if forming:
            last = _time(max(forming))
            self.notes.append(
                f"The last bar of {series}, {last}, had not ended when it was fetched, and is left "
                "out."
            )
        if self._unpriced:
            self.notes.append(f"Rows of {series} without prices, left out: {self._unpriced:,}.")

    def _tell_late_begin(self, bars: Bars) -> None:
        """Tell that bars begin late, as of an exchange that gives the last 720 bars alone."""
        first = day_of(int(bars.ts[0]))
        if (first - self.request.start).days > _LATE_DAYS:
            self.notes.append(
                f"The first bar of {self.symbol} {self.request.interval} that {self.source} gives "
                f"is of {first}; {self.request.start} was asked for."
            )


_LATE_DAYS: Final = 5
"""Markets are closed for fewer days than these."""


def _time(ns: int) -> str:
    return f"{np.datetime64(ns, 'ns').astype('datetime64[s]')}Z"
