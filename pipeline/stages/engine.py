"""The analysis engine: walks finished slots with each of its lanes and records what they do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.market.bars import interval_ns
from pipeline.results.recorder import Recorder
from pipeline.stages.lane import Lane
from pipeline.stages.lane_spec import LaneSpec, Terms
from pipeline.stages.outbox import Outbox
from pipeline.stages.schedule import Schedule
from pipeline.stages.slot import Slot, SlotShape
from pipeline.strategy.records import TABLE

_NO_TIMES = np.zeros(0, np.int64)
_NO_VALUES = np.zeros(0)


def table_records(slot: Slot, shape: SlotShape) -> npt.NDArray[Any]:
    """Return the TABLE records, one per interval, by which compiled code finds a slot's tables."""
    records = np.zeros(len(slot.tables), TABLE)
    for record, table in zip(records, slot.tables, strict=True):
        record["interval"] = interval_ns(table.interval)
        for name in ("ts", "close_ts", "values", "count", "seen"):
            record[name] = getattr(table, name).ctypes.data
        record["stride"], record["first"] = shape.stride, table.first
        record["plane"] = shape.stride * len(shape.symbols)
    return records


class Engine:
    """Runs the lanes ``specs`` over the tape; ``total`` is the number of lanes in the whole run."""

    def __init__(
        self,
        specs: Sequence[LaneSpec],
        shape: SlotShape,
        slots: Sequence[Slot],
        terms: Terms,
        folder: Path,
        total: int,
    ) -> None:
        self._outbox = Outbox(shape.rows * len(shape.symbols), shape.sessions)
        self.lanes = [Lane(spec, shape, terms, self._outbox) for spec in specs]
        self._session_equity: dict[int, list[float]] = {lane.number: [] for lane in self.lanes}
        self._session_dates: list[int] = []
        self._schedule = Schedule(shape)
        self._shape = shape
        self._before_first: tuple[Slot, npt.NDArray[Any]] | None = None
        self._slots = slots
        self._tables = [table_records(slot, shape) for slot in slots]
        self._times = _NO_TIMES
        self._fills = 0
        self._recorder = Recorder(
            folder, [spec.number for spec in specs], shape.symbols, total=total
        )

    def warm_up(self, slot: Slot) -> None:
        """Load the compiled code that the first slot would have to wait for; ``slot`` is empty.

        Until the first slot comes it is what the lanes look at, so it is kept.
        """
        tables = table_records(slot, self._shape)
        self._before_first = (slot, tables)
        self._schedule.read(tables, slot.open_sessions)
        for lane in self.lanes:
            lane.run(self._schedule, slot, tables, self._flush)
        Recorder.warm_up()

    def start(self) -> None:
        """Call the strategies' ``on_start``."""
        for lane in self.lanes:
            lane.start()
            self._flush(lane)

    def analyse(self, index: int) -> int:
        """Walk slot ``index``, just taken, with every lane; record and count their fills."""
        slot, tables = self._slots[index], self._tables[index]
        self._schedule.read(tables, slot.open_sessions)
        self._times = self._schedule.base_times
        closed = slot.open_sessions
        self._session_dates += closed["date"][closed["closes"] == 1].tolist()
        before = self._fills
        for lane in self.lanes:
            lane.run(self._schedule, slot, tables, self._flush)
            self._record_all(lane)
        return self._fills - before

    def _flush(self, lane: Lane) -> None:
        """Record what is in the outbox before a slot's equity is."""
        taken = lane.take()
        self._fills += len(taken[0])
        self._recorder.record(lane.number, *taken, _NO_TIMES, _NO_VALUES, _NO_VALUES)

    def _record_all(self, lane: Lane) -> None:
        taken = lane.take()
        self._fills += len(taken[0])
        rows = len(self._times)
        outbox = self._outbox
        self._recorder.record(
            lane.number, *taken, self._times, outbox.equity[:rows], outbox.cash[:rows]
        )
        sessions = int(lane.account[0]["session_out_count"])
        self._session_equity[lane.number] += outbox.session_equity[:sessions].tolist()

    def finish(self) -> list[dict[str, Any]]:
        """Call ``on_stop``, record the orders still at rest, close the files; facts per lane."""
        for lane in self.lanes:
            lane.stop()
            lane.end_moment()
            fills, orders, trips = lane.take()
            rest = np.concatenate((orders, lane.resting()))
            self._recorder.record(
                lane.number, fills, rest, trips, _NO_TIMES, _NO_VALUES, _NO_VALUES
            )
        records = self._recorder.close()
        return [
            {
                **lane.facts(),
                "record": records[lane.number],
                # As arrays: lists of numbers take the pickler a microsecond each.
                "session_dates": np.array(self._session_dates, np.int64),
                "session_equity": np.array(self._session_equity[lane.number]),
            }
            for lane in self.lanes
        ]

    def abort(self) -> None:
        """Give up: leave no half-written result file behind."""
        self._recorder.abort()
