"""The module that the fork server imports, so that the processes it forks need not.

It also loads the machine code that is on disk. Where there is none of this version yet, it makes
Numba ready to compile, which would take each of the processes a third of a second. And it has the
processes say nothing where their run has ended before they began.
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType

from pipeline.errors import RingtapeError
from pipeline.native.code_cache import kernels_directory
from shm.errors import SegmentMissing

_MODULES = (
    *("pipeline.stages.engine", "pipeline.stages.processor"),
    *("pipeline.stages.jobs", "pipeline.stages.member", "pipeline.stages.subscription"),
    # Numba imports these when it loads code that has some of their functions in it, and this when
    # it first sees an array.
    *("numba.cpython.listobj", "numba.np.arrayobj", "numpy.ma"),
)


#: The number of the fork server's process.
_SERVER = os.getpid()


def _preload() -> None:
    with _unimported("coverage", "scipy", *_readers_of_settings()):
        for name in _MODULES:
            import_module(name)
    from pipeline.native.compiler import get_ready_to_compile, get_ready_to_load
    from pipeline.stages.compiling import load_kept

    get_ready_to_load()
    with suppress(RingtapeError):  # a process that needs the folder says what is wrong with it
        if kernels_directory().exists():
            load_kept()
        else:
            get_ready_to_compile()


def _readers_of_settings() -> list[str]:
    """Return what Numba would import to read a file of settings, if there is no such file."""
    return [] if Path(".numba_config.yaml").exists() else ["yaml"]


@contextmanager
def _unimported(*names: str) -> Iterator[None]:
    """Keep Numba from importing packages that it does not need, where they are installed.

    It would tell coverage, which does not measure here, which lines were compiled, and it reads its
    file of settings with yaml. These imports take an eighth of all imports here.
    """
    unused = [name for name in names if name not in sys.modules]
    for name in unused:
        sys.modules[name] = None  # type: ignore[assignment]  # refuses to be imported
    try:
        yield
    finally:
        for name in unused:
            del sys.modules[name]


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell of an exception because of which a process could not begin its job.

    Where its job and its shared memory are gone, the run has ended meanwhile, as after Ctrl-C. If
    it has not, the supervisor names the process. What the system refuses is told in one line.
    """
    if isinstance(error, EOFError | SegmentMissing):
        return
    words = f"{kind.__name__}: {error}" if str(error) else kind.__name__
    # The server says AssertionError if it got fewer files than it was sent.
    if os.getpid() == _SERVER and isinstance(error, OSError | MemoryError | AssertionError):
        sys.stderr.write(f"ringtape: the fork server cannot go on: {words}\n")
        return
    if isinstance(error, OSError | MemoryError):
        sys.stderr.write(f"ringtape: a process of the run could not begin its job: {words}\n")
        return
    sys.__excepthook__(kind, error, trace)


sys.excepthook = _tell
# What is imported stays. To look for garbage in it would take a tenth of the time that the imports
# take, and the processes would get copies of the memory pages on which the collector leaves marks.
gc.disable()
try:
    _preload()
    gc.freeze()
finally:
    gc.enable()
