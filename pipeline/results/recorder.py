"""Keeps what the lanes of one engine produce: result files and a digest per lane."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.results.digest import LaneDigest
from pipeline.results.drawdown import Drawdown
from pipeline.results.spill import SpillWriter
from pipeline.results.table_kinds import TABLES, Column
from pipeline.results.tables import TableWriter

PARTS = "parts"


@dataclass(frozen=True, slots=True)
class LaneRecord:
    """What was recorded of one lane: its digest, rows by table, and its maximum drawdown.

    The drawdown is over every base timestamp, as a fraction (0.25 means 25 %).
    """

    digest: str
    fills: int
    orders: int
    equity: int
    round_trips: int
    max_drawdown: float


class _Lane:
    """The running record of one lane."""

    def __init__(self) -> None:
        self.digest = LaneDigest()
        self.drawdown = Drawdown()
        self.rows = [0] * len(TABLES)

    def facts(self) -> LaneRecord:
        fills, orders, equity, trips = self.rows
        drawdown = self.drawdown.maximum
        return LaneRecord(self.digest.hexdigest(), fills, orders, equity, trips, drawdown)


class Recorder:
    """Records the results of an engine's lanes into a run folder, in one process.

    `lanes` are the engine's, `total` the number of lanes in the whole run (default: just these).
    Where the run has one lane the result files are written directly. Otherwise the rows go to
    a part file, and `RunFolder.merge` makes the result files of all parts once every recorder is
    closed; the bytes are the same either way. Memory does not grow with the rows.

    A context manager: closes on success, aborts on an exception.
    """

    def __init__(
        self,
        folder: Path,
        lanes: Sequence[int],
        symbols: Sequence[str],
        *,
        total: int | None = None,
    ) -> None:
        self._lanes = {lane: _Lane() for lane in lanes}
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
        digest, value = LaneDigest(), np.zeros(1)
        digest.absorb_fills(np.zeros(1, TABLES[0].received))
        digest.absorb_equity(np.zeros(1, np.int64), value, value)
        Drawdown().absorb(value)

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
        record = self._lanes[lane]
        if len(fills):
            record.digest.absorb_fills(fills)
            self._append(0, lane, record, [fills[name] for name in TABLES[0].received.names or ()])
        if len(orders):
            self._append(1, lane, record, [orders[name] for name in TABLES[1].received.names or ()])
        if len(trips):
            self._append(3, lane, record, [trips[name] for name in TABLES[3].received.names or ()])
        if len(ts):
            record.digest.absorb_equity(ts, equity, cash)
            record.drawdown.absorb(equity)
            self._append(2, lane, record, (ts, equity, cash))

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

    def _append(self, table: int, lane: int, record: _Lane, columns: Sequence[Column]) -> None:
        record.rows[table] += len(columns[0])
        if self._spill is not None:
            self._spill.append(table, lane, columns)
        else:
            self._tables[table].append(lane, columns)
