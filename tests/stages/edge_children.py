"""What the child processes of test_subscription do; a child need not load pytest and Hypothesis."""

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
