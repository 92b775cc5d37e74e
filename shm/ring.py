"""The ring: equal slots in one segment, and the stations through which every slot passes in turn.

::

    byte 0                 64-aligned
         | geometry | sequence[slots] | slot 0 | slot 1 | ...    each slot `slot_size` bytes
         + creator -+--- producer ----+ the stations that the content's drawing names, in turn

    producer --ready--> reader --ready--> reader        each arrow is one edge: one producer, one
       ^                                    |           consumer, one counting semaphore (gate.py)
       +---------------free-----------------+

Sequence numbers count slots from 0; sequence s is in slot s % slots. Every station goes through all
sequences in order, one at a time: it waits for a token of each of its incoming edges, has the slot
to itself in its role, then gives a token to each of its outgoing edges. The ring knows only edges.
An edge whose producer is dismissed is no longer waited for.

A graph of one producer, P middle and E last readers has P edges from the producer, P x E from the
middle to the last and E free edges back to the producer. Free edges start with as many tokens as
there are slots: that is the first lap, in which no slot has a reader yet.

Why the order is right on any processor: a station's loads and stores lie between the tokens it
takes and the tokens it gives, and a token given and taken orders memory (the semaphore's post and
wait). So

- `publish` of s pairs with `take` of s by the next station; forbids that it reads s before it is
  written;
- `release` of s pairs with `take` of s further down; forbids that a last reader misses what a
  middle one added or, by transitivity, what the producer wrote;
- `release` of s by each last reader pairs with `claim` of s + slots; forbids that a slot is
  overwritten while one of them still reads it.

The sequence cells order nothing. They check that edges are wired and counted as they should be: a
reader refuses a slot that holds another sequence number than the next one.
"""

import struct
import time
from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np

from shm.closing import Closing
from shm.errors import Closed, Dismissed, OutOfTurn
from shm.layout import Field, Layout, aligned
from shm.segment import Segment


class Edge(Protocol):
    """One producer, one consumer, and tokens between them; a Gate is one.

    `wait_until_ready` returns only after it has taken a token; otherwise it raises WaitTimeout,
    Aborted, PeerDied or Dismissed. Both methods must order memory as a semaphore does.
    """

    def signal_ready(self) -> object:
        """Give one token."""

    def wait_until_ready(self, timeout: float | None = None) -> object:
        """Take one token. Raise WaitTimeout after `timeout` seconds; None sets no limit."""


class Ring(Closing):
    """`slots` slots of `slot_size` bytes (rounded up to 64) in one segment, `rt-...-ring`.

    Made by `create` or `attach`; pickling passes the name. The creator removes the name in
    `close()` or `with`.
    """

    def __init__(self, segment: Segment, layout: Layout) -> None:
        self._segment = segment
        views = layout.views(segment.payload)
        self.slots, self.slot_size = (int(word) for word in views["geometry"][:2])
        self._sequences = views["sequence"].data
        self._slots: list[memoryview] | None = [slot.data for slot in views["slots"]]

    @classmethod
    def create(cls, run_id: str, slots: int, slot_size: int, *, kind: str = "ring") -> Self:
        """Create a ring of zeroed slots.

        Raises ValueError for less than one slot or byte, and all that `Segment.create` raises.
        """
        if slots < 1 or slot_size < 1:
            raise ValueError(f"a ring needs slots of bytes, was {slots} slots of {slot_size} bytes")
        layout = _layout(slots, aligned(slot_size))
        segment = Segment.create(run_id, kind, layout.size, layout_hash=layout.hash)
        _GEOMETRY.pack_into(segment.payload, 0, slots, aligned(slot_size))
        layout.views(segment.payload)["sequence"][:] = -1
        segment.mark_ready()
        return cls(segment, layout)

    @classmethod
    def attach(cls, name: str, *, writable: bool = True) -> Self:
        """Attach to the ring of this name. Raises what `Segment.attach` raises.

        If not `writable`, its slots are read-only, here and where this ring is unpickled.
        """
        segment = Segment.attach(name, writable=writable)
        geometry = bytes(segment.payload[: _GEOMETRY.size]).ljust(_GEOMETRY.size, b"\0")
        slots, slot_size = _GEOMETRY.unpack(geometry)
        layout = _layout(max(0, slots), max(0, slot_size))
        segment.check_layout(layout)
        return cls(segment, layout)

    @property
    def name(self) -> str:
        """The segment's name, for `attach`."""
        return self._segment.name

    def slot(self, index: int) -> memoryview:
        """Return slot `index`: `slot_size` bytes, 64-byte aligned, valid until `close`.

        They are writable unless the ring was attached otherwise.

        Make arrays over it with `numpy.frombuffer` or `Layout.views`, which keep it exported
        (`numpy.ndarray(buffer=...)` does not, and would dangle after `close`). The arrays may be
        made once and kept, but a station may read or write them only while it holds the slot. Drop
        them before `close`.
        """
        if self._slots is None:
            raise Closed(f"ring {self.name!r}")
        return self._slots[index]

    def producer(self, incoming: Sequence[Edge], outgoing: Sequence[Edge]) -> "Producer":
        """Return the station that writes. `incoming`: the free edges, one from each last reader."""
        return Producer(self, incoming, outgoing)

    def reader(self, incoming: Sequence[Edge], outgoing: Sequence[Edge]) -> "Reader":
        """Return a station that takes slots which others publish or release, and hands them on."""
        return Reader(self, incoming, outgoing)

    def _stamp(self, sequence: int) -> None:
        self._sequences[sequence % self.slots] = sequence

    def _check_stamp(self, sequence: int) -> None:
        found = self._sequences[sequence % self.slots]
        if found != sequence:
            raise OutOfTurn(
                f"slot {sequence % self.slots} of {self} holds sequence {found}, "
                f"expected {sequence}: edges are wired or counted wrongly"
            )

    def close(self) -> None:
        """Drop the views, remove the name (owner only) and unmap. Closing again does nothing."""
        self._slots = None
        self._sequences = memoryview(b"")
        self._segment.close()

    def __reduce__(self) -> tuple[object, ...]:
        return _attach, (self.name, not self._segment.payload.readonly)

    def __repr__(self) -> str:
        return f"ring {self.name!r} of {self.slots} slots of {self.slot_size} bytes"


class Station:
    """One place of the graph: it goes through the sequences in order and holds at most one slot.

    `sequence` is the number that it holds or will hold next. A station passes to a child in the
    arguments of a Process, as long as it has taken no token.
    """

    def __init__(self, ring: Ring, incoming: Sequence[Edge], outgoing: Sequence[Edge]) -> None:
        self.ring = ring
        self.sequence = 0
        self._incoming = tuple(incoming)
        self._outgoing = tuple(outgoing)
        self._arrived = 0
        self._holding = False

    def _enter(self, timeout: float | None) -> int:
        """Wait for a token of each incoming edge.

        Tokens that a wait has taken before it was broken off count for the next one.
        """
        if self._holding:
            raise OutOfTurn(f"{self} holds sequence {self.sequence} already")
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._arrived < len(self._incoming):
            if deadline is not None:
                timeout = max(0.0, deadline - time.monotonic())
            try:
                self._incoming[self._arrived].wait_until_ready(timeout)
                self._arrived += 1
            except Dismissed:
                # A reader that is gone holds no slot: its token is not needed.
                self._incoming = (
                    self._incoming[: self._arrived] + self._incoming[self._arrived + 1 :]
                )
        self._arrived = 0
        self._holding = True
        return self.sequence % self.ring.slots

    def _leave(self) -> None:
        """Give a token to each outgoing edge."""
        if not self._holding:
            raise OutOfTurn(f"{self} does not hold sequence {self.sequence}: nothing to hand on")
        self._holding = False
        self.sequence += 1
        for edge in self._outgoing:
            edge.signal_ready()

    def __reduce__(self) -> tuple[object, ...]:
        if self.sequence or self._arrived or self._holding:
            raise OutOfTurn(f"{self} has started, and cannot be passed to another process")
        return type(self), (self.ring, self._incoming, self._outgoing)

    def __repr__(self) -> str:
        return f"{type(self).__name__.lower()} of {self.ring!r}"


class Producer(Station):
    """The station that writes: claim, fill the slot, publish."""

    def claim(self, timeout: float | None = None) -> int:
        """Return the index of the next slot, once every last reader has let go of it.

        Waits at most `timeout` seconds for all of them together. Raises WaitTimeout (claim again to
        go on waiting), Aborted, PeerDied, and OutOfTurn if the slot before is not published yet.
        """
        return self._enter(timeout)

    def publish(self) -> None:
        """Hand the claimed slot on; the producer must not touch it any more. Raises OutOfTurn."""
        if self._holding:
            self.ring._stamp(self.sequence)
        self._leave()


class Reader(Station):
    """A station that reads, and in the middle of the graph adds to the slot: take, release."""

    def take(self, timeout: float | None = None) -> int:
        """Return the index of the next slot, once every station before has handed it on.

        Waits at most `timeout` seconds for all of them together. Raises WaitTimeout (take again to
        go on waiting), Aborted, PeerDied, and OutOfTurn if the slot before is not released yet or
        the slot holds another sequence number than the next one.
        """
        index = self._enter(timeout)
        self.ring._check_stamp(self.sequence)
        return index

    def release(self) -> None:
        """Hand the slot on; arrays over it are not valid any more. Raises OutOfTurn."""
        self._leave()


def _attach(name: str, writable: bool) -> Ring:
    """Attach to a ring that is unpickled."""
    return Ring.attach(name, writable=writable)


# Number of slots and bytes of a slot: the first words of the payload, which give the layout.
_GEOMETRY = struct.Struct("=2q")


def _layout(slots: int, slot_size: int) -> Layout:
    return Layout(
        [
            Field("geometry", np.int64, (8,)),
            Field("sequence", np.int64, (slots,)),
            Field("slots", np.uint8, (slots, slot_size)),
        ]
    )
