"""Kernels: functions over plain memory that run as machine code.

A kernel is compiled, or its machine code loaded from disk, when it is first called. The compiler is
imported only then (`compiler`): a process that calls no kernel starts without it.
"""

from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import Any

from pipeline.native.plain import PLAIN


def kernel(**options: Any) -> Any:
    """Make a function a kernel, compiled for the types that it is called with.

    ``options``: those of Numba's ``njit`` that say what the code is, such as ``error_model`` or
    ``nogil``. The machine code is kept on disk (`kept_code`). Without the compiler (`plain`) a
    kernel is the Python function itself.
    """
    return lambda function: function if PLAIN else Kernel(function, options)


class Kernel:
    """A function that runs as machine code; Python and other kernels can call it."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self.py_func = function
        self._options = options
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Call it from Python."""
        return self.entry(*arguments)

    @cached_property
    def entry(self) -> Any:
        """Numba's dispatcher, which Python can call without a detour over this object."""
        from pipeline.native.compiler import Entry
        from pipeline.native.passes import KernelPipeline

        options = {"nopython": True, **self._options}
        return Entry(self.py_func, targetoptions=options, pipeline=KernelPipeline)

    @cached_property
    def of_integers(self) -> Callable[..., Any]:
        """The entry point of the version for integers; it is compiled."""
        from numba import types

        integers = (types.int64,) * self.py_func.__code__.co_argcount
        entry_point: Callable[..., Any] = self.entry.compile(integers)
        return entry_point

    @property
    def _numba_type_(self) -> Any:
        """The type that the compiler gives a kernel whose name it finds in a source."""
        return self.entry._numba_type_


def called_with_integers(function: Kernel) -> Callable[..., Any]:
    """Return a kernel compiled for integers, as a function that does not check its arguments.

    To look up the types of the arguments would take as long as a short call itself.
    """
    return function if PLAIN else function.of_integers
