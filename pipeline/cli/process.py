"""What the process of a command has around the command: stdout for one document, a fork server."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from pipeline.cli.document import stdout_kept
from pipeline.errors import RingtapeError

#: What is imported stays. To look for garbage in it after each 700 new objects, as Python does,
#: takes a tenth of the time that the imports take.
_OBJECTS_BETWEEN_COLLECTIONS = 100_000

_START_PROCESSES = ("demo", "run", "sweep")


def run_process(words: Sequence[str]) -> int:
    """Run the command that ``words`` name, and return its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # NumPy's library would start a thread for each core, as no command needs. Where this user may
    # not start so many, it sends Ctrl-C to this process.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with stdout_kept("--json" in words), _fork_server(words):
        from pipeline.cli.app import run_command

        return run_command(words)


@contextmanager
def _fork_server(words: Sequence[str]) -> Iterator[None]:
    """Have a fork server while the block lasts, if the command will start processes."""
    command = next((word for word in words if not word.startswith("-")), None)
    if command not in _START_PROCESSES or {"-h", "--help", "--inline"}.intersection(words):
        yield
        return
    from pipeline.cli.right import mark_of, readable

    mark = None
    with suppress(RingtapeError, OSError):  # the command comes to it again, and says so
        mark = mark_of(words)
    was_right = mark is not None and mark.exists()
    if not was_right and not readable(words):
        yield
        return
    from pipeline.runner.fork_server import end_server
    from pipeline.runner.starting import start_early

    try:
        if mark is not None:
            with suppress(RingtapeError, OSError):
                start_early(mark)
        yield
    finally:
        end_server()
