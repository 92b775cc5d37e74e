"""What the supervisor sees to around the members' own work."""

import os
import threading
from typing import Any

import pyarrow as pa
import pytest

from pipeline.supervisor import Crew, Work, start_context
from tests.reference.processes import assert_nothing_left

_THREAD_CAPS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


def _surroundings(station: Any, place: Any, member: Any) -> dict[str, Any]:
    """Be a member that only looks around."""
    return {
        "caps": [os.environ.get(name) for name in _THREAD_CAPS],
        "arrow_threads": (pa.cpu_count(), pa.io_thread_count()),
        "pool": pa.default_memory_pool().backend_name,
        "main": threading.main_thread() is threading.current_thread(),
    }


@pytest.mark.parametrize("start_method", ["forkserver", "spawn"])
def test_members_get_one_thread_of_each_library_and_an_allocator_that_keeps_its_pages(
    start_method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL", raising=False)
    before = dict(os.environ)
    context = start_context(start_method)
    work = Work(_surroundings, [_surroundings], [_surroundings])
    with Crew(context, work, slots=2, slot_size=64, mode="data") as crew:
        crew.start()
        facts = crew.watch(lambda stats: None)
    assert "jemalloc" in pa.supported_memory_backends(), "the wheels of this system have it"
    for found in facts:
        assert found == {
            "caps": ["1"] * len(_THREAD_CAPS),
            "arrow_threads": (1, 1),
            "pool": "jemalloc",
            "main": True,
        }
    assert dict(os.environ) == before
    assert_nothing_left()
