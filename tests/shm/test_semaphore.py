from collections.abc import Callable

import pytest

from shm.errors import NameTaken
from shm.semaphore import NamedSemaphore

Left = Callable[[str], list[str]]


def test_its_name_tells_the_run_and_unlinking_removes_it(run_id: str, left: Left) -> None:
    semaphore = NamedSemaphore(run_id, "a", 2)
    assert left(run_id) in ([f"sem.{semaphore.name}"], [])
    semaphore.unlink()
    assert left(run_id) == []
    semaphore.unlink()


def test_it_counts_also_without_its_name(run_id: str) -> None:
    semaphore = NamedSemaphore(run_id, "a", 2)
    semaphore.unlink()
    assert [semaphore.acquire(False) for _ in range(3)] == [True, True, False]
    semaphore.release()
    assert semaphore.acquire(False)


def test_a_name_is_taken_once(run_id: str) -> None:
    semaphore = NamedSemaphore(run_id, "a", 0)
    try:
        with pytest.raises(NameTaken, match=semaphore.name):
            NamedSemaphore(run_id, "a", 0)
    finally:
        semaphore.unlink()


def test_it_is_not_passed_on_outside_of_starting_a_child(run_id: str) -> None:
    semaphore = NamedSemaphore(run_id, "a", 0)
    try:
        with pytest.raises(RuntimeError, match="should only be shared"):
            semaphore.__getstate__()
    finally:
        semaphore.unlink()
