"""What the child processes of these tests do.

In a module of its own, so that a child does not load pytest and Hypothesis.
"""

import os
import signal
from typing import Any

import numpy as np

from shm.command import CommandPage
from shm.control import ControlPage
from shm.errors import Aborted, Dismissed
from shm.gate import Gate
from shm.ring import Producer, Reader, Ring
from shm.segment import Segment
from shm.seqlock import SeqLock
from shm.stats import StatsBlock


def read_and_write(segment: Segment) -> None:
    segment.payload[1] = segment.payload[0] + 1


def answer(ask: Gate, reply: Gate, count: int) -> None:
    for _ in range(count):
        ask.wait_until_ready(30)
        reply.signal_ready()


def wait_for_abort(control: ControlPage, edge: Gate, other: Gate) -> None:
    me = control.member(0)
    me.join()
    same_page = edge._control is control and other._control is control
    other.signal_ready()
    try:
        edge.wait_until_ready()
    except Aborted as abort:
        me.note_exit(f"{abort.who}: {abort.why}, one page: {same_page}")


def give_and_die(edge: Gate, count: int) -> None:
    for _ in range(count):
        edge.signal_ready()
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for_dismissal(control: ControlPage, edge: Gate, other: Gate) -> None:
    me = control.member(0)
    me.join()
    other.signal_ready()
    try:
        edge.wait_until_ready()
    except Dismissed as dismissed:
        me.note_exit(str(dismissed))


def live(page: ControlPage, index: int) -> None:
    member = page.member(index)
    member.join()
    member.fail(f"error {index}")
    member.note_exit("done")


def record_for_ever(block: StatsBlock, control: ControlPage, running: Gate) -> None:
    """Record the same values in both timers, and only ever flush them together."""
    row = block.row("engine 0")
    a, b = row.timer("a"), row.timer("b")
    running.signal_ready()
    number = 0
    while not control.aborted:
        number += 1
        for value in range(number % 50):
            a.record(value)
            b.record(value)
        row.flush()
        if number % 100 == 0:
            row.reset_session()


def arrays_of(ring: Ring) -> list[Any]:
    return [np.frombuffer(ring.slot(i), np.int64).reshape(3, -1) for i in range(ring.slots)]


def produce(stations: list[Producer], count: int) -> None:
    for station in stations:
        slots = arrays_of(station.ring)
        for sequence in range(count):
            slot = slots[station.claim(60)]
            slot[:] = -1  # seen by a reader only if it is let in too early
            slot[0] = sequence
            station.publish()


def extend(stations: list[Reader], count: int, number: int) -> None:
    for station in stations:
        slots = arrays_of(station.ring)
        for _ in range(count):
            slot = slots[station.take(60)]
            slot[1 + number] = slot[0] * 2 + number
            station.release()


def verify(stations: list[Reader], count: int) -> None:
    for station in stations:
        slots = arrays_of(station.ring)
        for sequence in range(count):
            slot = slots[station.take(60)]
            for _ in range(2):
                assert (slot[0] == sequence).all()
                assert (slot[1] == sequence * 2).all()
                assert (slot[2] == sequence * 2 + 1).all()
            station.release()


def verify_and_die(stations: list[Reader], count: int, *, holding: bool) -> None:
    """Read so many slots of the only ring, and die with the next one in hand or after the last."""
    verify(stations, count)
    if holding:
        stations[0].take(60)
    os.kill(os.getpid(), signal.SIGKILL)


def run_until_aborted(page: ControlPage, index: int, station: Producer | Reader) -> None:
    me = page.member(index)
    me.join()
    if isinstance(station, Producer):
        enter, leave = station.claim, station.publish
    else:
        enter, leave = station.take, station.release
    try:
        while True:
            enter()
            leave()
    except Aborted as abort:
        me.note_exit(str(abort))


def steer_until_killed(page: CommandPage, steers: Gate) -> None:
    with page.controller() as controller:
        controller.pause()
        steers.signal_ready()
        while True:
            signal.pause()


def die_while_wishing(page: CommandPage) -> None:
    with page.controller(), SeqLock(page._wish_cells()):
        page._wish_cells()[2] = 1
        os.kill(os.getpid(), signal.SIGKILL)
