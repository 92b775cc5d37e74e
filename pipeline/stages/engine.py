"""The analysis engine: walks finished slots with each of its lanes and records what they do."""

import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import StrategyError
from pipeline.results.recorder import Recorder
from pipeline.results.tally import Tallies
from pipeline.stages.lane import Lane
from pipeline.stages.lane_spec import LaneSpec, Terms
from pipeline.stages.outbox import Outbox
from pipeline.stages.schedule import Schedule
from pipeline.stages.slot import Slot, SlotShape
from pipeline.stages.slot_view import SlotView

_NO_TIMES = np.zeros(0, np.int64)
_NO_VALUES = np.zeros(0)
#: To compile a strategy takes long and does not count against its limit.
_COMPILING_NS = 300_000_000_000


#: Where an engine's results go; Tallies where no tables are wanted.
Records = Recorder | Tallies


class Engine:
    """Runs the lanes ``specs`` over the tape, and puts what they do into ``records``.

    ``attend(lane, spent)`` is called before each walk of a lane, with the ns of processor time that
    count against its limit, and with -1 where no lane is at work. What a strategy raises ends the
    engine; if ``tolerant``, it ends its lane alone, and so does taking more than ``limit`` ns in
    all (0: any time).
    """

    def __init__(
        self,
        specs: Sequence[LaneSpec],
        shape: SlotShape,
        slots: Sequence[Slot],
        terms: Terms,
        records: Records,
        *,
        tolerant: bool = False,
        limit: int = 0,
        attend: Callable[[int, int], None] = lambda lane, spent: None,
    ) -> None:
        self._outbox = Outbox(shape.rows * len(shape.symbols), shape.sessions)
        self._shape = shape
        self._records = records
        self._tolerant = tolerant
        self._limit = limit
        self._attend = attend
        self.lanes: list[Lane] = []
        self._universes: dict[int, tuple[int, ...]] = {}
        self._spent: dict[int, int] = {}
        self._session_equity: dict[int, array[float]] = {}
        self._lost: dict[int, str] = {}
        for spec in specs:
            attend(spec.number, -_COMPILING_NS)
            with self._losing(spec.number):
                self.lanes.append(Lane(spec, shape, terms, self._outbox))
            self._universes[spec.number] = spec.universe
            self._spent[spec.number] = 0
            self._session_equity[spec.number] = array("d")
        self._session_dates: list[int] = []
        self._schedules = {
            universe: Schedule(shape, universe) for universe in {spec.universe for spec in specs}
        }
        self._before_first: dict[tuple[int, ...], SlotView] = {}
        self._slots = slots
        self._views = [self._views_of(slot) for slot in slots]
        self._fills = 0

    def _views_of(self, slot: Slot) -> dict[tuple[int, ...], SlotView]:
        return {
            universe: SlotView(slot, self._shape, schedule)
            for universe, schedule in self._schedules.items()
        }

    def warm_up(self, slot: Slot) -> None:
        """Load the compiled code that the first slot would have to wait for; ``slot`` is empty.

        Until the first slot comes it is what the lanes look at, so it is kept.
        """
        self._before_first = self._views_of(slot)
        self._walk_all(self._before_first, record=False)
        Recorder.warm_up()

    def start(self) -> None:
        """Call the strategies' ``on_start``."""
        for lane in self._attended():
            with self._losing(lane.number):
                lane.start()
                self._flush(lane)

    def analyse(self, index: int) -> int:
        """Walk slot ``index``, just taken, with every lane; record and count their fills."""
        closed = self._slots[index].open_sessions
        self._session_dates += closed["date"][closed["closes"] == 1].tolist()
        before = self._fills
        self._walk_all(self._views[index], record=True)
        return self._fills - before

    def _walk_all(self, views: dict[tuple[int, ...], SlotView], *, record: bool) -> None:
        for view in views.values():
            view.read()
        for lane in self._attended():
            view = views[self._universes[lane.number]]
            began = time.thread_time_ns()
            with self._losing(lane.number):
                lane.run(view, self._flush)
                if record:
                    self._record_all(lane, view.schedule.base_times)
            self._spent[lane.number] += time.thread_time_ns() - began

    def _attended(self) -> Iterator[Lane]:
        """Give the lanes that are left, each marked as the one at work."""
        for lane in tuple(self.lanes):
            spent = self._spent[lane.number]
            if 0 < self._limit < spent:
                limit = self._limit * 1e-9
                self._lose(
                    lane.number, f"took {spent * 1e-9:.3g} s, more than the {limit:g} allowed"
                )
                continue
            self._attend(lane.number, spent if self._limit else 0)
            yield lane
        self._attend(-1, 0)

    @contextmanager
    def _losing(self, number: int) -> Iterator[None]:
        """Have what a strategy raises here end its lane alone, if the engine is tolerant."""
        try:
            yield
        except StrategyError as error:
            if not self._tolerant:
                raise
            self._lose(number, str(error))

    def _lose(self, number: int, why: str) -> None:
        """Go on without a lane, and free it; the facts will say why."""
        self.lanes = [lane for lane in self.lanes if lane.number != number]
        self._lost[number] = why

    def _flush(self, lane: Lane) -> None:
        """Record what is in the outbox before a slot's equity is."""
        taken = lane.take()
        self._fills += len(taken[0])
        self._records.record(lane.number, *taken, _NO_TIMES, _NO_VALUES, _NO_VALUES)

    def _record_all(self, lane: Lane, times: npt.NDArray[np.int64]) -> None:
        taken = lane.take()
        self._fills += len(taken[0])
        rows, outbox = len(times), self._outbox
        self._records.record(lane.number, *taken, times, outbox.equity[:rows], outbox.cash[:rows])
        sessions = int(lane.account[0]["session_out_count"])
        self._session_equity[lane.number].frombytes(outbox.session_equity[:sessions].tobytes())

    def finish(self) -> dict[str, Any]:
        """Call ``on_stop``, record the orders still at rest, close the files; what was found.

        ``lanes``: facts per lane; ``lost``: per lane without any, why; ``session_dates``: i8[n].
        """
        for lane in self._attended():
            with self._losing(lane.number):
                lane.stop()
                lane.end_moment()
                fills, orders, trips = lane.take()
                rest = np.concatenate((orders, lane.resting()))
                self._records.record(
                    lane.number, fills, rest, trips, _NO_TIMES, _NO_VALUES, _NO_VALUES
                )
        records = self._records.close()
        return {
            "lanes": [
                {
                    **lane.facts(),
                    "record": records[lane.number],
                    # As an array: a list of numbers takes the pickler a microsecond each.
                    "session_equity": np.array(self._session_equity[lane.number]),
                    "seconds": self._spent[lane.number] * 1e-9,
                }
                for lane in self.lanes
            ],
            "lost": self._lost,
            "session_dates": np.array(self._session_dates, np.int64),
        }

    def abort(self) -> None:
        """Give up: leave no half-written result file behind."""
        self._records.abort()
