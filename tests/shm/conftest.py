"""What the tests of shared memory share: run ids that are looked after, and start methods."""

from collections.abc import Callable, Iterator
from typing import Any

import multiprocess
import pytest

from shm.names import LISTING, new_run_id
from tests.reference.children import child_processes

_PRELOAD = ["numpy", "shm.control", "shm.gate", "shm.ring", "shm.stats"]


def names_left(run_id: str) -> list[str]:
    """Segments and semaphores of a run that exist, as the system lists them."""
    if not LISTING.is_dir():
        return []
    return sorted(path.name for path in LISTING.iterdir() if f"rt-{run_id}-" in path.name)


@pytest.fixture
def left() -> Callable[[str], list[str]]:
    return names_left


@pytest.fixture(autouse=True)
def new_run() -> Iterator[Callable[[], str]]:
    """Make run ids; after the test nothing of them may be left, nor a child process."""
    made = []

    def make() -> str:
        made.append(new_run_id())
        return made[-1]

    yield make
    assert [name for run_id in made for name in names_left(run_id)] == []
    assert multiprocess.active_children() == []


@pytest.fixture
def run_id(new_run: Callable[[], str]) -> str:
    return new_run()


@pytest.fixture(params=["forkserver", "spawn"])
def context(request: pytest.FixtureRequest) -> Any:
    """A multiprocess context of either start method."""
    made = multiprocess.get_context(request.param)
    if request.param == "forkserver":
        made.set_forkserver_preload(_PRELOAD)
    return made


@pytest.fixture
def start(context: Any) -> Iterator[Callable[..., Any]]:
    """Start children of the context; whichever still runs after the test is killed."""
    with child_processes(context) as start_child:
        yield start_child
