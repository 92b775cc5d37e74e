"""A page of shared memory for a job that makes several crews, one after the other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pipeline.runner.held_signals import signals_held
from pipeline.runner.starting import starting
from shm.closing import Closing
from shm.tracking import start_tracker

P = TypeVar("P", bound=Closing)


@contextmanager
def lasting_page(create: Callable[[str], P], run_id: str) -> Iterator[P]:
    """Give the page that ``create`` makes for the job ``run_id``; the page goes with the block."""
    with signals_held():
        with starting():
            start_tracker()
        page = create(run_id)
    with page:
        yield page
