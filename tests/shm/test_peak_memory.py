import numpy as np
import psutil

from shm.peak_memory import peak_memory_bytes


def test_the_peak_is_no_less_than_what_is_resident() -> None:
    resident = psutil.Process().memory_info().rss
    assert peak_memory_bytes() >= resident * 0.95


def test_the_peak_stays_when_memory_is_given_back() -> None:
    held = np.ones(8_000_000)
    peak = peak_memory_bytes()
    del held
    # The system counts pages in batches per processor: not to the last one.
    assert peak_memory_bytes() >= 0.98 * peak
