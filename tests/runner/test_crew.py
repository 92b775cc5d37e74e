"""What the supervisor sees to around the members' own work."""

import json
import os
import sys
import threading
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from pipeline.errors import RunError
from pipeline.runner.crew import Crew
from pipeline.runner.starting import start_context
from pipeline.runner.work import Work
from tests.reference.own_process import environment, python
from tests.reference.processes import assert_nothing_left

THREAD_CAPS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class LookAround:
    """The job of a member that only looks around."""

    name: str

    def turns(self, station: Any, place: Any, member: Any) -> Any:
        yield
        return {
            "name": self.name,
            "role": place.role,
            "station": type(station).__name__,
            "caps": [os.environ.get(name) for name in THREAD_CAPS],
            "arrow_threads": [pa.cpu_count(), pa.io_thread_count()],
            "pool": pa.default_memory_pool().backend_name,
            "main": threading.main_thread() is threading.current_thread(),
        }


def look_around(start_method: str) -> None:
    """Write what the members of a run find, and whether the environment is as it was."""
    before = dict(os.environ)
    context = start_context(start_method)
    jobs: list[Any] = [LookAround(name) for name in "abcd"]
    work = Work(jobs[0], [jobs[1]], jobs[2:])
    with Crew(context, work, slots=2, slot_size=64, mode="data") as crew:
        crew.start(lambda stats: None)
        facts = crew.watch(lambda stats: None)
    sys.stdout.write(json.dumps({"members": facts.members, "restored": dict(os.environ) == before}))


@pytest.mark.parametrize("start_method", ["forkserver", "spawn"])
def test_members_do_their_own_job_with_one_thread_and_an_allocator_that_keeps_its_pages(
    start_method: str,
):
    """In a process of its own: a fork server that runs already keeps the environment it has."""
    without = dict.fromkeys((*THREAD_CAPS, "ARROW_DEFAULT_MEMORY_POOL"))
    code = f"from tests.runner.test_crew import look_around; look_around({start_method!r})"
    done = python("-c", code, env=environment(**without))
    assert "jemalloc" in pa.supported_memory_backends(), "the wheels of this system have it"
    common = {"caps": ["1"] * 3, "arrow_threads": [1, 1], "pool": "jemalloc", "main": True}
    members = [
        {"name": "a", "role": "coordinator", "station": "Producer", **common},
        {"name": "b", "role": "processor 0", "station": "Reader", **common},
        {"name": "c", "role": "engine 0", "station": "Reader", **common},
        {"name": "d", "role": "engine 1", "station": "Reader", **common},
    ]
    assert json.loads(done.stdout) == {"members": members, "restored": True}


def test_an_error_whose_traceback_holds_a_view_is_the_one_that_is_raised():
    jobs: list[Any] = [LookAround(name) for name in "abc"]

    def look_and_stop() -> None:
        crew = Crew(None, Work(jobs[0], [jobs[1]], jobs[2:]), slots=2, slot_size=64, mode="data")
        with crew:
            view = crew.control.members, crew._ring._segment.payload
            raise KeyboardInterrupt(view)

    with pytest.raises(KeyboardInterrupt):
        look_and_stop()


def crew_of(slots: int, slot_size: int, fewest: int | None) -> Crew:
    jobs: list[Any] = [LookAround(name) for name in "abc"]
    work = Work(jobs[0], [jobs[1]], jobs[2:])
    return Crew(None, work, slots=slots, slot_size=slot_size, fewest=fewest, mode="data")


def test_a_ring_has_as_many_slots_as_shared_memory_has_room_for(monkeypatch: pytest.MonkeyPatch):
    """Another run has taken what was free when this one was planned."""
    monkeypatch.setattr("shm.segment.available_shared_memory", lambda: 2_600_000)
    with crew_of(4, 1 << 20, 1) as crew:
        assert (crew.slots, crew._ring.slots) == (2, 2)
    assert_nothing_left()


@pytest.mark.parametrize(("fewest", "slots"), [(None, "4 slots"), (3, "3 slots of 4")])
def test_a_ring_that_does_not_fit_is_refused_with_needed_free_and_the_setting(
    monkeypatch: pytest.MonkeyPatch, fewest: int | None, slots: str
):
    monkeypatch.setattr("shm.segment.available_shared_memory", lambda: 2_600_000)
    with pytest.raises(RunError) as caught, crew_of(4, 1 << 20, fewest):
        pass
    needed = int(slots[0]) * 1.0
    start = f"the ring needs {needed:.1f} MiB of shared memory ({slots}), free are 2.5 MiB: lower "
    assert str(caught.value).startswith(f"{start}pipeline.slots, pipeline.slot_rows ")
    assert_nothing_left()
