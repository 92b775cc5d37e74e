"""The ring against a model in one process, and with real processes under stress."""

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shm.control import ControlPage
from shm.errors import (
    Closed,
    Dismissed,
    OutOfTurn,
    SegmentMismatch,
    ViewsInUse,
    WaitTimeout,
)
from shm.gate import Gate
from shm.names import new_run_id
from shm.ring import Producer, Reader, Ring
from shm.segment import Segment
from tests.shm.children import extend, produce, run_until_aborted, verify, verify_and_die

Start = Callable[..., Any]


class PlainEdge:
    """An edge within one process: a count, and a refusal where a real one would wait."""

    def __init__(self, initial: int = 0) -> None:
        self.tokens = initial

    def signal_ready(self) -> None:
        self.tokens += 1

    def wait_until_ready(self, timeout: float | None = None) -> None:
        if self.tokens == 0:
            raise WaitTimeout("edge", "nobody", timeout or 0)
        self.tokens -= 1


class RingMachine(RuleBasedStateMachine):
    """A random graph, driven in random order, against a model that counts.

    Model: a station may begin sequence s when all stations before it have finished s; the producer
    may when all last readers have finished s - slots. Until then a slot holds what is due for s.
    """

    @initialize(slots=st.integers(1, 4), middles=st.integers(1, 3), lasts=st.integers(1, 3))
    def build(self, slots: int, middles: int, lasts: int) -> None:
        self.slots = slots
        self.ring = Ring.create(new_run_id(), slots, 8 * (1 + middles))
        first = [PlainEdge() for _ in range(middles)]
        second = [[PlainEdge() for _ in range(lasts)] for _ in range(middles)]
        free = [PlainEdge(slots) for _ in range(lasts)]
        self.producer = self.ring.producer(free, first)
        self.middles = [self.ring.reader([first[m]], second[m]) for m in range(middles)]
        self.lasts = [
            self.ring.reader([edges[e] for edges in second], [free[e]]) for e in range(lasts)
        ]
        self.stations = [self.producer, *self.middles, *self.lasts]
        self.done = [0] * len(self.stations)
        self.busy = [False] * len(self.stations)
        self.views = [
            np.frombuffer(self.ring.slot(i), np.int64)[: 1 + middles] for i in range(slots)
        ]

    def may_begin(self, station: int) -> bool:
        last_start = 1 + len(self.middles)
        if station == 0:
            return min(self.done[last_start:]) > self.done[0] - self.slots
        if station < last_start:
            return self.done[0] > self.done[station]
        return min(self.done[1:last_start]) > self.done[station]

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        station = data.draw(st.integers(0, len(self.stations) - 1))
        if self.busy[station]:
            self.finish(station)
        else:
            self.begin(station)

    def begin(self, station: int) -> None:
        sequence = self.done[station]
        enter = self.producer.claim if station == 0 else self.stations[station].take  # type: ignore[attr-defined]
        if not self.may_begin(station):
            with pytest.raises(WaitTimeout):
                enter(0)
            return
        index = enter(0)
        assert index == sequence % self.slots
        view = self.views[index]
        if station == 0:
            view[:] = -1
            view[0] = sequence
        elif station <= len(self.middles):
            assert view[0] == sequence
            view[station] = sequence * station
        else:
            assert view.tolist() == [sequence, *(sequence * m for m in self.numbers())]
        self.busy[station] = True

    def finish(self, station: int) -> None:
        sequence = self.done[station]
        if station > len(self.middles):
            seen = self.views[sequence % self.slots].tolist()
            assert seen == [sequence, *(sequence * m for m in self.numbers())]
        if station == 0:
            self.producer.publish()
        else:
            self.stations[station].release()  # type: ignore[attr-defined]
        self.done[station] += 1
        self.busy[station] = False

    def numbers(self) -> range:
        return range(1, 1 + len(self.middles))

    @precondition(lambda self: self.busy[0])
    @rule()
    def claiming_twice_is_refused(self) -> None:
        with pytest.raises(OutOfTurn, match="holds sequence"):
            self.producer.claim(0)

    @precondition(lambda self: not self.busy[-1])
    @rule()
    def releasing_what_is_not_held_is_refused(self) -> None:
        with pytest.raises(OutOfTurn, match="nothing to hand on"):
            self.lasts[-1].release()

    @invariant()
    def sequences_agree(self) -> None:
        assert [station.sequence for station in getattr(self, "stations", [])] == getattr(
            self, "done", []
        )

    def teardown(self) -> None:
        if hasattr(self, "ring"):
            del self.views
            name = self.ring.name
            self.ring.close()
            assert not os.path.exists(f"/dev/shm/{name}")  # noqa: PTH110


TestRingAgainstAModel = RingMachine.TestCase


def test_a_ring_passes_its_geometry_to_openers(run_id: str) -> None:
    with Ring.create(run_id, 3, 100) as ring, Ring.attach(ring.name) as other:
        assert (other.slots, other.slot_size) == (3, 128)
        for index in range(3):
            assert np.frombuffer(ring.slot(index), np.uint8).ctypes.data % 64 == 0
            ring.slot(index)[:] = bytes([index + 1]) * 128
            assert bytes(other.slot(index)) == bytes([index + 1]) * 128


@pytest.mark.parametrize(("slots", "size"), [(0, 8), (1, 0)])
def test_an_empty_ring_is_refused(run_id: str, slots: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"was {slots} slots of {size} bytes"):
        Ring.create(run_id, slots, size)


@pytest.mark.parametrize("size", [1, 64, 4096])
def test_a_segment_of_another_kind_is_refused(run_id: str, size: int) -> None:
    with Segment.create(run_id, "a", size) as segment:
        segment.mark_ready()
        with pytest.raises(SegmentMismatch):
            Ring.attach(segment.name)


def test_edges_that_are_counted_wrongly_are_noticed(run_id: str) -> None:
    """The ready edge has a token too many: the reader is let in before anything is written."""
    with Ring.create(run_id, 2, 8) as ring:
        reader = ring.reader([PlainEdge(1)], [])
        with pytest.raises(OutOfTurn, match=r"slot 0 of .* holds sequence -1, expected 0"):
            reader.take()


def test_a_wait_that_was_over_goes_on_where_it_was(run_id: str) -> None:
    """The token of the first edge has been taken; it is not asked for again."""
    with Ring.create(run_id, 2, 8) as ring:
        there, late = PlainEdge(1), PlainEdge()
        producer = ring.producer([there, late], [])
        with pytest.raises(WaitTimeout):
            producer.claim(0)
        late.signal_ready()
        assert producer.claim(0) == 0


class Dismissible(PlainEdge):
    """An edge whose producer may be dismissed."""

    dismissed = False

    def wait_until_ready(self, timeout: float | None = None) -> None:
        if self.dismissed and self.tokens == 0:
            raise Dismissed("edge", "nobody")
        super().wait_until_ready(timeout)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_edge_of_the_dismissed_is_not_waited_for_any_more(run_id: str, place: int) -> None:
    """Once the tokens it gave are taken: here 2 of 4 slots. The others count as ever."""
    with Ring.create(run_id, 4, 8) as ring:
        free = [Dismissible(2 if edge == place else 4) for edge in range(3)]
        producer = ring.producer(free, [])
        free[place].dismissed = True
        for sequence in range(4):
            assert producer.claim(0) == sequence
            producer.publish()
        assert [edge.tokens for edge in free] == [0, 0, 0]
        for edge in free:
            edge.signal_ready()
        assert producer.claim(0) == 0
        assert [edge.tokens for edge in free] == [int(edge == place) for edge in range(3)]
        producer.publish()
        with pytest.raises(WaitTimeout):
            producer.claim(0)


def test_a_wait_that_was_over_goes_on_where_it_was_also_after_a_dismissal(run_id: str) -> None:
    with Ring.create(run_id, 2, 8) as ring:
        there, gone, late = Dismissible(1), Dismissible(), Dismissible()
        producer = ring.producer([there, gone, late], [])
        gone.dismissed = True
        with pytest.raises(WaitTimeout):
            producer.claim(0)
        late.signal_ready()
        assert producer.claim(0) == 0
        assert there.tokens == late.tokens == 0


def test_a_closed_ring_refuses(run_id: str) -> None:
    ring = Ring.create(run_id, 2, 8)
    ring.close()
    ring.close()
    with pytest.raises(Closed, match="ring"):
        ring.slot(0)


def test_closing_with_a_view_of_a_slot_alive_says_so(run_id: str) -> None:
    ring = Ring.create(run_id, 2, 8)
    view = np.frombuffer(ring.slot(0), np.uint8)
    with pytest.raises(ViewsInUse, match=ring.name):
        ring.close()
    assert view[0] == 0


def test_a_station_that_has_started_is_not_passed_on(run_id: str) -> None:
    with Ring.create(run_id, 2, 8) as ring:
        producer = ring.producer([], [])
        producer.claim()
        with pytest.raises(OutOfTurn, match="has started"):
            producer.__reduce__()


WORDS = 512
MIDDLES = LASTS = 2


@dataclass
class Graph:
    """The stations of one ring: one producer, two in the middle, two at the end."""

    producer: Producer
    middles: list[Reader]
    lasts: list[Reader]


def build_graph(
    stack: ExitStack, run_id: str, slots: int, control: ControlPage, lasts: int = LASTS
) -> Graph:
    def gate(producer: str, consumer: str, initial: int = 0) -> Gate:
        kind = f"{slots}.{producer}.{consumer}"
        made = Gate(
            run_id, kind, producer=producer, consumer=consumer, initial=initial, control=control
        )
        return stack.enter_context(made)

    ring = stack.enter_context(Ring.create(run_id, slots, WORDS * 8 * 3, kind=f"ring{slots}"))
    first = [gate("c", f"p{m}") for m in range(MIDDLES)]
    second = [[gate(f"p{m}", f"e{e}") for e in range(lasts)] for m in range(MIDDLES)]
    free = [gate(f"e{e}", "c", slots) for e in range(lasts)]
    return Graph(
        ring.producer(free, first),
        [ring.reader([first[m]], second[m]) for m in range(MIDDLES)],
        [ring.reader([edges[e] for edges in second], [free[e]]) for e in range(lasts)],
    )


def test_every_reader_sees_every_slot_whole_under_stress(run_id: str, start: Start) -> None:
    """Five processes, rings of 1 to 4 slots, 1,000 slots through each."""
    count = 1000
    with ExitStack() as stack:
        control = stack.enter_context(ControlPage.create(run_id, ["all"]))
        graphs = [build_graph(stack, run_id, slots, control) for slots in (1, 2, 3, 4)]
        children = [start(produce, [graph.producer for graph in graphs], count)]
        children += [
            start(extend, [graph.middles[m] for graph in graphs], count, m) for m in range(MIDDLES)
        ]
        children += [
            start(verify, [graph.lasts[e] for graph in graphs], count) for e in range(LASTS)
        ]
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0] * 5


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize("victim", [0, 1, 3], ids=["producer", "middle", "last"])
def test_when_one_is_killed_the_others_leave_on_abort(
    run_id: str, start: Start, victim: int
) -> None:
    """`kill -9` at a random moment, in a slot or in a wait."""
    roles = ["coordinator", "p0", "p1", "e0", "e1"]
    with ExitStack() as stack:
        control = stack.enter_context(ControlPage.create(run_id, roles))
        graph = build_graph(stack, run_id, 2, control)
        watch = graph.producer.ring._sequences
        stations = [graph.producer, *graph.middles, *graph.lasts]
        children = [start(run_until_aborted, control, i, s) for i, s in enumerate(stations)]
        while max(watch) < 100:
            assert all(child.is_alive() for child in children)
        del watch
        os.kill(children[victim].pid, signal.SIGKILL)
        children[victim].join()
        control.abort(roles[victim], "killed by SIGKILL")
        for child in children:
            child.join()
        expected = [-signal.SIGKILL if i == victim else 0 for i in range(5)]
        assert [child.exitcode for child in children] == expected
        notes = {m.exit_note for m in control.members() if m.index != victim}
        assert notes == {f"the run is being aborted because of {roles[victim]}: killed by SIGKILL"}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize("holding", [True, False], ids=["in a slot", "between slots"])
@pytest.mark.parametrize("slots", [1, 3])
def test_the_others_read_every_slot_when_a_last_reader_is_killed_and_dismissed(
    run_id: str, start: Start, slots: int, holding: bool
) -> None:
    count = 300
    with ExitStack() as stack:
        roles = ["c", "p0", "p1", "e0", "e1", "e2"]
        control = stack.enter_context(ControlPage.create(run_id, roles))
        graph = build_graph(stack, run_id, slots, control, lasts=3)
        children = [start(produce, [graph.producer], count)]
        children += [start(extend, [graph.middles[m]], count, m) for m in range(MIDDLES)]
        children += [start(verify, [graph.lasts[e]], count) for e in (0, 2)]
        victim = start(partial(verify_and_die, [graph.lasts[1]], 100, holding=holding))
        victim.join()
        assert victim.exitcode == -signal.SIGKILL
        assert all(child.exitcode is None for child in children)
        control.dismiss("e1")
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0] * 5
