"""Child processes of a test, none of which outlives it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def child_processes(context: Any) -> Iterator[Callable[..., Any]]:
    """Give what starts a child of a multiprocess context; whichever still runs then is killed."""
    children = []

    def start_child(target: Callable[..., object], *args: object) -> Any:
        child = context.Process(target=target, args=args, daemon=True)
        child.start()
        children.append(child)
        return child

    try:
        yield start_child
    finally:
        for child in children:
            if child.is_alive():
                child.kill()
            child.join()
