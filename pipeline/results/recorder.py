"""Keeps what the lanes of one engine produce: result files and a digest per lane."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.results.spill import SpillWriter
from pipeline.results.table_kinds import TABLES, Column
from pipeline.results.tables import TableWriter
from pipeline.results.tally import EQUITY, FILLS, ORDERS, TRIPS, LaneRecord, LaneTally

PARTS = "parts"


class Recorder:
    """Records the results of an engine's lanes into a run folder, in one process.

    `lanes` are the engine's, `total` the number of lanes in the whole run (default: just these).
    Where the run has one lane the result files are written directly. Otherwise the rows go to
    a part file, and `RunFolder.merge` makes the result files of all parts once every recorder is
    closed; the bytes are the same either way. Memory does not grow with the rows.

    A context manager: closes on success, aborts on an exception.
    """

    #: Whether what is recorded goes to files, row by row.
    writes_tables = True

    def __init__(
        self,
        folder: Path,
        lanes: Sequence[int],
        symbols: Sequence[str],
        *,
        total: int | None = None,
    ) -> None:
        self._lanes = {lane: LaneTally() for lane in lanes}
        self._tables: list[TableWriter] = []
        self._spill: SpillWriter | None = None
        if (len(lanes) if total is None else total) == 1 and len(lanes) == 1:
            try:
                for kind in TABLES:
                    self._tables.append(TableWriter(folder, kind, symbols))
            except BaseException:
                self.abort()
                raise
        elif lanes:
            self._spill = SpillWriter(folder / PARTS / f"lane-{min(lanes):08d}.part")

    @staticmethod
    def warm_up() -> None:
        """Load the compiled code that the first rows would have to wait for."""
        fill, value = np.zeros(1, TABLES[FILLS].received), np.zeros(1)
        LaneTally().absorb(fill, fill, fill, np.zeros(1, np.int64), value, value)

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def record(
        self,
        lane: int,
        fills: NDArray[Any],
        orders: NDArray[Any],
        trips: NDArray[Any],
        ts: NDArray[np.int64],
        equity: NDArray[np.float64],
        cash: NDArray[np.float64],
    ) -> None:
        """Record a slot's rows of one lane, in time order.

        `fills`, `orders` and `trips` are structured (as their tables' `received`), any may be
        empty; `ts`, `equity` and `cash` have one length. Nothing is kept of the arrays. Raises
        RunError if a file cannot be written.
        """
        self._lanes[lane].absorb(fills, orders, trips, ts, equity, cash)
        for table, rows in ((FILLS, fills), (ORDERS, orders), (TRIPS, trips)):
            if len(rows):
                names = TABLES[table].received.names or ()
                self._append(table, lane, [rows[name] for name in names])
        if len(ts):
            self._append(EQUITY, lane, (ts, equity, cash))

    def of(self, lane: int) -> LaneRecord:
        """Return what was recorded of a lane so far."""
        return self._lanes[lane].facts()

    def close(self) -> dict[int, LaneRecord]:
        """Finish the files and return what was recorded, by lane. Twice is fine.

        Raises RunError if a file cannot be written; no half-written result file is then left.
        """
        try:
            for table in self._tables:
                table.flush()  # all of them first, they are encoded side by side
            for table in self._tables:
                table.close()
            if self._spill is not None:
                self._spill.close()
        except BaseException:
            self.abort()
            raise
        return {lane: record.facts() for lane, record in self._lanes.items()}

    def abort(self) -> None:
        """Remove unfinished result files; a part file stays as far as it was written."""
        for table in self._tables:
            table.abort()
        if self._spill is not None:
            self._spill.abort()

    def _append(self, table: int, lane: int, columns: Sequence[Column]) -> None:
        if self._spill is not None:
            self._spill.append(table, lane, columns)
        else:
            self._tables[table].append(lane, columns)
