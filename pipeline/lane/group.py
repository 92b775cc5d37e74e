"""Walks a slot with all compiled lanes of an engine in one call, and tallies what they do.

    LaneBlock   the memory of all lanes of a kind; its arrays are columns
        |
    GROUP       the views of a slot, the machine code to call, the equities by session
        |
    LANE[n]     one per lane: its records, its tally, the time that it took
        |
    begin_slot -> walk_slot -> absorb_at    for one lane after the other

A call of each of them from Python would take longer than a lane needs for a slot. The call returns
when a lane needs room, so that Python makes it, and at the latest after a fiftieth of a second, so
that a signal is seen. What a hook raises passes through. A lane becomes an object (`lane.Lane`)
only when Python has to look after it.
"""

import time
from collections.abc import Callable, Sequence, Set
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from pipeline.execution.account import account_at, empty_outbox
from pipeline.execution.lots import report_open
from pipeline.lane.kind import LaneKind
from pipeline.lane.lane import Lane
from pipeline.lane.outbox import Outbox
from pipeline.lane.slot_view import SlotView, begin_slot, view_at
from pipeline.lane.spec import LaneSpec
from pipeline.lane.walk import walk_slot
from pipeline.native.call import caller, kernel_address
from pipeline.native.clock import monotonic_ns
from pipeline.native.kernel import called_with_integers, kernel
from pipeline.native.memory import load_f8, load_i8, record_at, store_f8, store_i8
from pipeline.results.tally import absorb_at
from pipeline.strategy.compiled.records import context_at

#: How long a call goes on, in ns.
_SHIFT: Final = 20_000_000
#: In place of a lane: none. In place of the moment at which a lane stopped: it did not stop.
NOBODY, _AT_THE_END = -1, -2

#: ``context``, ``program``, ``bindings``, ``tally``: addresses of the lane's records.
#: ``binding_count``: its bindings. ``number``, ``row``, ``universe``: as in `Member`. ``ended``: 1
#: if it is passed over. ``stops``: 1 if Python stops it. ``spent``: ns of processor time that count
#: against its limit before this slot. ``took``: ns that this slot took.
LANE: Final = np.dtype(
    [
        (name, "i8")
        for name in (
            *("context", "program", "bindings", "binding_count", "tally"),
            *("number", "row", "universe", "ended", "stops", "spent", "took"),
        )
    ]
)
#: ``lanes``: address of LANE[``count``]. ``views``: address of a SLOT_VIEW's address by universe.
#: ``begin``, ``walk``, ``absorb``: addresses of machine code. ``closes``: address of f8[rows,
#: sessions]. ``desk``: address of two cells, the number of the lane at work and since when.
#: ``at_work``: its place. ``stopped``: the moment before which a lane stopped. ``fills``: so far.
GROUP: Final = np.dtype(
    [
        (name, "i8")
        for name in (
            *("lanes", "count", "views", "begin", "walk", "absorb"),
            *("closes", "sessions", "desk", "at_work", "stopped", "fills"),
        )
    ]
)
_lane_at, _group_at = record_at(LANE), record_at(GROUP)
_LANE_SIZE = LANE.itemsize
_call_begin = caller(types.void(*[types.int64] * 4))
_call_walk = caller(types.int64(*[types.int64] * 4))
_call_absorb = caller(types.void(*[types.int64] * 10))


@kernel(nogil=True)
def walk_group(group_address: int, first: int) -> int:
    """Walk the group's slot with the lanes from ``first`` on; return which is the next one.

    If that one needs room, ``stopped`` is the moment before which it stopped, or -1, as
    `walk.walk_slot` returns it; otherwise it is -2.
    """
    group = _group_at(group_address)
    group.stopped = _AT_THE_END
    began = now = monotonic_ns()
    place = first
    while place < group.count and now - began < _SHIFT:
        lane = _lane_at(group.lanes + place * _LANE_SIZE)
        if lane.ended != 0:
            place += 1
            continue
        view_address = load_i8(group.views, lane.universe)
        view = view_at(view_address)
        group.at_work = place
        # In the order of `shm.control.Member.begin`.
        store_i8(group.desk, 1, now - lane.spent)
        store_i8(group.desk, 0, lane.number)
        _call_begin(group.begin, (lane.context, lane.bindings, lane.binding_count, view_address))
        index = _call_walk(group.walk, (lane.context, lane.program, 0, view.moment_count))
        if index != view.moment_count:
            group.stopped = index
            lane.took = monotonic_ns() - now
            break
        account = account_at(context_at(lane.context).account)
        _call_absorb(
            group.absorb,
            (
                *(lane.tally, account.fills_out, account.fills_out_count),
                *(account.orders_out_count, _trips(account), account.trips_out_count),
                *(view.base_times, account.equity_out, account.cash_out, view.base_count),
            ),
        )
        for session in range(group.sessions):
            value = load_f8(account.session_out, session)
            store_f8(group.closes, lane.row * group.sessions + session, value)
        group.fills += account.fills_out_count
        ended = monotonic_ns()
        lane.took = ended - now
        now = ended
        place += 1
    group.at_work = NOBODY
    return place


@kernel()
def _trips(account: Any) -> int:
    """Return the address of the round trips in the outbox; 0 if they are only counted."""
    return account.trips_out if account.tabled != 0 else 0


@kernel()
def stop_group(group_address: int) -> None:
    """Do what is done after the last slot with the lanes that have no ``on_stop``.

    ``stops`` is set for those that have orders left, or several lots, for which Python makes room.
    """
    group = _group_at(group_address)
    for place in range(group.count):
        lane = _lane_at(group.lanes + place * _LANE_SIZE)
        account = account_at(context_at(lane.context).account)
        if account.resting != 0 or account.inbox_count != 0 or account.fifo != 0:
            lane.stops = 1
        if lane.ended == 0 and lane.stops == 0:
            empty_outbox(account)
            report_open(account)
            _call_absorb(
                group.absorb,
                (
                    *(lane.tally, account.fills_out, 0, account.orders_out_count),
                    *(_trips(account), account.trips_out_count, 0, 0, 0, 0),
                ),
            )


class Member(NamedTuple):
    """A lane of the group.

    ``row``: its row among the equities by session. ``universe``: the place of its view among those
    of a slot. ``tally``: TALLY[1], into which its rows are absorbed.
    """

    spec: LaneSpec
    kind: LaneKind
    row: int
    universe: int
    tally: npt.NDArray[Any]


class LaneBlock:
    """Lanes of one kind, and their memory."""

    def __init__(self, kind: LaneKind, members: Sequence[Member], outbox: Outbox) -> None:
        self.kind = kind
        self.members = tuple(members)
        self.memory, self.addresses = kind.make([one.spec for one in members], outbox)
        self._outbox = outbox

    def column(self, array: str) -> npt.NDArray[Any]:
        """Return an array of all lanes, the lanes as first axis: a view."""
        return self.kind.image.view(self.memory, array)

    def lane(self, place: int) -> Lane:
        """Return a lane as an object."""
        spec, address = self.members[place].spec, int(self.addresses[place])
        return Lane(spec, self.kind, self._outbox, self.memory[place], address)

    def table(self) -> npt.NDArray[Any]:
        """Return the block's part of the group's table, LANE[n]."""
        table, image = np.zeros(len(self.members), LANE), self.kind.image
        for name in ("context", "program", "bindings"):
            table[name] = self.addresses + image.place(name)
        table["binding_count"] = len(self.kind.names)
        table["number"] = [one.spec.number for one in self.members]
        table["row"] = [one.row for one in self.members]
        table["universe"] = [one.universe for one in self.members]
        table["tally"] = [int(one.tally.ctypes.data) for one in self.members]
        table["stops"] = "on_stop" in self.kind.hooks
        return table


class LaneGroup:
    """The lanes of an engine that are walked together, all of kinds that may be grouped.

    ``desk``, i8[2]: where the lane at work is written (`shm.control.Member.desk`). ``limited``:
    whether the time that lanes have spent counts against a limit.
    """

    def __init__(
        self,
        members: Sequence[Member],
        outbox: Outbox,
        desk: npt.NDArray[np.int64],
        *,
        limited: bool,
    ) -> None:
        self._outbox, self._version = outbox, outbox.version
        self._desk, self._limited = desk, limited
        of_kind: dict[LaneKind, list[Member]] = {}
        for one in members:
            of_kind.setdefault(one.kind, []).append(one)
        self.blocks = [LaneBlock(kind, some, outbox) for kind, some in of_kind.items()]
        #: The members in the order of the blocks, their numbers and their rows.
        self.members = [one for block in self.blocks for one in block.members]
        self.numbers = {one.spec.number: place for place, one in enumerate(self.members)}
        self.rows = np.array([one.row for one in self.members], np.int64)
        self._objects: dict[int, Lane] = {}
        self._table = np.concatenate([np.zeros(0, LANE), *(block.table() for block in self.blocks)])
        self._record = np.zeros(1, GROUP)
        record = self._record[0]
        record["at_work"] = NOBODY
        if members:
            record["lanes"], record["count"] = self._table.ctypes.data, len(members)
            record["begin"], record["walk"] = kernel_address(begin_slot), kernel_address(walk_slot)
            record["absorb"], record["desk"] = kernel_address(absorb_at), desk.ctypes.data
            self._walk = called_with_integers(walk_group)
        # What looks for indicators' first values is an object.
        self._watched = [
            (self.lane(one.spec.number), one) for one in self.members if not one.kind.waits
        ]

    def lane(self, number: int) -> Lane:
        """Return a lane as an object, which is then kept, because it may outgrow its memory.

        Any thread may ask; all get the same object.
        """
        place = self.numbers[number]
        if place in self._objects:
            return self._objects[place]
        first, blocks = place, iter(self.blocks)
        block = next(blocks)
        while first >= len(block.members):
            first -= len(block.members)
            block = next(blocks)
        return self._objects.setdefault(place, block.lane(first))

    def lane_at_work(self) -> Lane | None:
        """Return the lane whose hooks are being called; any thread may ask."""
        place = int(self._record[0]["at_work"])
        return None if place == NOBODY else self.lane(self.members[place].spec.number)

    def end(self, numbers: Set[int]) -> None:
        """Pass over the lanes of these numbers from now on."""
        places = [self.numbers[one] for one in numbers if one in self.numbers]
        self._table["ended"][places] = 1

    def walk(
        self,
        views: Sequence[SlotView],
        closes: npt.NDArray[np.float64],
        go_on: Callable[[int, int], None],
        raised: Callable[[int, BaseException], None],
    ) -> tuple[int, npt.NDArray[np.int64]]:
        """Walk a slot with all lanes; return their fills, and the processor time of each in ns.

        ``views``: of the slot, by universe. ``closes``, f8[rows, n]: for the equity of each lane at
        the closes of the slot's ``n`` sessions.
        ``go_on(number, index)`` goes on with a lane that stopped before moment ``index`` for want
        of room, and records and counts what it does in this slot. ``raised(number, error)`` is told
        what a hook of a lane raised.
        """
        addresses = np.array([view.address for view in views], np.int64)
        record, began = self._record[0], time.thread_time_ns()
        record["views"], record["fills"] = addresses.ctypes.data, 0
        record["closes"], record["sessions"] = closes.ctypes.data, closes.shape[1]
        self._table["took"] = 0
        place = 0
        while place < len(self.members):
            try:
                place = self._walk(int(self._record.ctypes.data), place)
            except BaseException as error:
                place = int(record["at_work"])
                record["at_work"] = NOBODY
                if place == NOBODY:
                    raise
                raised(self.members[place].spec.number, error)
                place += 1
            else:
                if record["stopped"] != _AT_THE_END:
                    self._let_go_on(place, go_on)
                    place += 1
        for lane, one in self._watched:
            lane.look(views[one.universe])
        return int(record["fills"]), self._shared_out(time.thread_time_ns() - began)

    def _let_go_on(self, place: int, go_on: Callable[[int, int], None]) -> None:
        began = time.monotonic_ns()
        go_on(self.members[place].spec.number, int(self._record[0]["stopped"]))
        self._table["took"][place] += time.monotonic_ns() - began
        if self._version != self._outbox.version:  # the outbox of all has become larger
            self._version = self._outbox.version
            for block in self.blocks:
                self._outbox.attach(block.column("account"))

    def _shared_out(self, spent: int) -> npt.NDArray[np.int64]:
        """Share out the processor time of a slot by the time that each lane took."""
        took = self._table["took"]
        shares = (took * (spent / max(1, took.sum()))).astype(np.int64)
        if self._limited:
            self._table["spent"] += shares
        return shares

    def stop(self) -> set[int]:
        """Do what is done after the last slot; return the lanes for which that was all."""
        if self.members:
            called_with_integers(stop_group)(int(self._record.ctypes.data))
        return set(self._table["number"][self._table["stops"] == 0].tolist())
