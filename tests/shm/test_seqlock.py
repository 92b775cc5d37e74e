import threading

import numpy as np
import pytest

from shm import seqlock as seqlock_module
from shm.seqlock import SeqLock


def test_a_reader_never_sees_half_a_change() -> None:
    cells = np.zeros(1 + 64, np.int64)
    lock = SeqLock(cells.data)
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            with lock:
                for cell in range(1, len(cells)):
                    cells[cell] = number
            sum(range(300))  # the writer's own work

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(200):
            seen, consistent = lock.read(cells[1:].tolist)
            assert consistent
            assert len(set(seen)) == 1
    finally:
        done.set()
        writer.join()


def test_a_change_that_never_ends_is_reported_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seqlock_module, "PATIENCE_SECONDS", 0.001)
    cells = np.array([0, 5], np.int64)
    lock = SeqLock(cells.data)
    lock.__enter__()
    assert lock.read(cells[1:].tolist) == ([5], False)


def test_a_writer_takes_over_from_one_that_died_amid_a_change() -> None:
    cells = np.array([3, 5], np.int64)
    lock = SeqLock(cells.data)
    with lock:
        cells[1] = 6
    assert lock.read(cells[1:].tolist) == ([6], True)


def test_a_change_ends_also_with_an_error() -> None:
    cells = np.array([0, 5], np.int64)
    lock = SeqLock(cells.data)
    with pytest.raises(KeyError), lock:
        raise KeyError
    assert lock.read(cells[1:].tolist) == ([5], True)
