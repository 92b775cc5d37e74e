"""What the child processes of test_subscription do; a child need not load pytest and Hypothesis."""

import os
import signal

import numpy as np

from pipeline.stages.subscription import StreamSubscription
from shm.ring import Reader


def be_late(bars: StreamSubscription, go: StreamSubscription, done: StreamSubscription) -> None:
    """Take three tokens once told to, then a fourth that was waited for."""
    go.wait_until_ready(30)
    for _ in range(3):
        bars.wait_until_ready(30)
    done.signal_ready()
    bars.wait_until_ready(30)
    done.signal_ready()


def double(station: Reader, count: int) -> None:
    """Add twice its content to every slot."""
    slots = [np.frombuffer(station.ring.slot(i), np.int64) for i in range(station.ring.slots)]
    for _ in range(count):
        slot = slots[station.take(30)]
        slot[1] = 2 * slot[0]
        station.release()


def read_in_order(station: Reader, count: int) -> None:
    """Read so many slots, each what `double` made of it."""
    slots = [np.frombuffer(station.ring.slot(i), np.int64) for i in range(station.ring.slots)]
    for sequence in range(count):
        slot = slots[station.take(30)]
        assert slot[:2].tolist() == [sequence, 2 * sequence]
        station.release()


def read_and_die(station: Reader, count: int, holding: bool) -> None:
    """Read so many slots, and die with the next one in hand or after the last."""
    read_in_order(station, count)
    if holding:
        station.take(30)
    os.kill(os.getpid(), signal.SIGKILL)
