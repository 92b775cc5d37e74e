"""The recorder of an engine: it writes the rows of its lanes, and keeps a digest of each lane."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import RunError
from pipeline.results.spill import SpillWriter
from pipeline.results.table_kinds import TABLES, Column
from pipeline.results.tables import TableWriter
from pipeline.results.tally import EQUITY, FILLS, ORDERS, TRIPS, LaneRecord, LaneTally

PARTS = "parts"


class Recorder:
    """Records the results of an engine's lanes into a run folder, in one process.

    `lanes` are the lanes of the engine. `total` is the number of lanes in the whole run; if it is
    not given, these are all. In a run of one lane the result files are written directly. In any
    other run the rows go to a part file, and `folder.RunFolder.merge` makes result files of all
    parts when every recorder is closed. The bytes are the same either way. The recorder's memory
    does not grow with the rows.

    A recorder is a context manager: it is closed at the end, and aborted after an exception. Either
    way the rows are kept.
    """

    #: A recorder writes every row to a file.
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
                for table in self._tables:
                    table.abort()
                raise
        elif lanes:
            self._spill = SpillWriter(folder / PARTS / f"lane-{min(lanes):08d}.part")

    @staticmethod
    def warm_up() -> None:
        """Load the compiled code for which the first rows would have to wait."""
        fill, trip = np.zeros(1, TABLES[FILLS].received), np.zeros(1, TABLES[TRIPS].received)
        value = np.zeros(1)
        LaneTally().absorb(fill, fill, trip, np.zeros(1, np.int64), value, value)

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
        """Record the rows of one lane in one slot, in time order.

        `fills`, `orders` and `trips` are structured arrays with the fields that their tables name
        in `received`. `ts`, `equity` and `cash` have one length. Any of them may be empty. The
        rows are copied. Raises RunError if a file cannot be written.
        """
        self._lanes[lane].absorb(fills, orders, trips, ts, equity, cash)
        if len(orders):
            self._lanes[lane].count_endings(orders)
        for table, rows in ((FILLS, fills), (ORDERS, orders), (TRIPS, trips)):
            if len(rows):
                names = TABLES[table].received.names or ()
                self._append(table, lane, [rows[name] for name in names])
        if len(ts):
            self._append(EQUITY, lane, (ts, equity, cash))

    def of(self, lane: int) -> LaneRecord:
        """Return the record of a lane so far."""
        return self._lanes[lane].facts()

    def close(self) -> dict[int, LaneRecord]:
        """Finish the files and return the record of each lane. It may be called twice.

        Raises RunError if a file cannot be written. No half-written result file is then left.
        """
        try:
            for table in self._tables:
                table.flush()  # before the first is closed, so that they are encoded side by side
            for table in self._tables:
                table.close()
            if self._spill is not None:
                self._spill.close()
        except BaseException:
            self.abort()
            raise
        return {lane: record.facts() for lane, record in self._lanes.items()}

    def abort(self) -> None:
        """End early: result files and part file keep the rows recorded so far.

        A result file that cannot be written is removed, and nothing is raised, because an aborted
        run already has an error to report. It may be called twice, and after `close`.
        """
        for table in self._tables:
            with contextlib.suppress(RunError):
                table.close()
            table.abort()
        if self._spill is not None:
            self._spill.abort()

    def _append(self, table: int, lane: int, columns: Sequence[Column]) -> None:
        if self._spill is not None:
            self._spill.append(table, lane, columns)
        else:
            self._tables[table].append(lane, columns)
