"""The module that the fork server imports, so that the processes it forks need not.

It also loads the machine code that is on disk. Where there is none of this version yet, it makes
Numba ready to compile, which would take each of the processes a third of a second.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

from pipeline.errors import RingtapeError
from pipeline.native.code_cache import kernels_directory

_MODULES = (
    *("pipeline.stages.engine", "pipeline.stages.processor"),
    *("pipeline.stages.jobs", "pipeline.stages.member", "pipeline.stages.subscription"),
    # Numba imports these when it loads code that has some of their functions in it, and this when
    # it first sees an array.
    *("numba.cpython.listobj", "numba.np.arrayobj", "numpy.ma"),
)


def _preload() -> None:
    with _coverage_unimported():
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


@contextmanager
def _coverage_unimported() -> Iterator[None]:
    """Keep Numba from importing coverage, where it is installed and does not measure.

    Numba would tell it which lines were compiled. Its import takes a tenth of all imports here.
    """
    unused = "coverage" not in sys.modules
    if unused:
        sys.modules["coverage"] = None  # type: ignore[assignment]  # refuses to be imported
    try:
        yield
    finally:
        if unused:
            del sys.modules["coverage"]


# What is imported stays. To look for garbage in it would take a tenth of the time that the imports
# take, and the processes would get copies of the memory pages on which the collector leaves marks.
gc.disable()
try:
    _preload()
    gc.freeze()
finally:
    gc.enable()
