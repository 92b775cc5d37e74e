"""Arrays as interpreted hooks see them: their items are Python's numbers, as in compiled code.

An item of NumPy's own array is a number of NumPy's. A comparison of it is a bool of NumPy's, and
``(w[-1] > w[0]) + (w[-1] > w[1])`` of two of these is True where Python's is 2; divided by zero it
is infinite where Python raises. Compiled code does as Python. Here an item is a float, and so is
what a function of NumPy or a method makes of such an array if it is one number.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

_item: Any = np.ndarray.item
_part: Any = np.ndarray.__getitem__
#: Methods that may give one number, or arrays of which a hook takes items.
_METHODS = (
    *("all", "any", "argmax", "argmin", "dot", "max", "mean", "min", "nonzero", "prod", "round"),
    *("searchsorted", "std", "sum", "take", "trace", "var"),
)


class HookArray(np.ndarray):
    """An array whose items, and sums and the like, are Python's numbers."""

    def __getitem__(self, place: Any, /) -> Any:
        # Most are asked for one item of a window.
        if type(place) is int and self.ndim == 1:
            return _item(self, place)
        return _shown(_part(self, place))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist()) if self.ndim == 1 else super().__iter__()

    def __repr__(self) -> str:
        return repr(_bare(self))

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return what a universal function of NumPy has made of this array."""
        return _shown(array)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """Return what a function of NumPy makes of this array; it works with NumPy's own."""
        return _shown(func(*map(_bare, args), **{name: _bare(one) for name, one in kwargs.items()}))


def _shown(value: Any) -> Any:
    """Return a value of NumPy's as hooks see it; one number as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return value.item()
        return value if isinstance(value, HookArray) else value.view(HookArray)
    return type(value)(map(_shown, value)) if type(value) in (tuple, list) else value


def _bare(value: Any) -> Any:
    """Return NumPy's own array in place of one for hooks, also in tuples and lists."""
    if isinstance(value, HookArray):
        return value.view(np.ndarray)
    return type(value)(map(_bare, value)) if type(value) in (tuple, list) else value


def _method(name: str) -> Any:
    """Return a method that gives what NumPy's of the same name does, as hooks see it."""
    numpys = getattr(np.ndarray, name)

    def call(self: Any, *given: Any, **named: Any) -> Any:
        return _shown(numpys(_bare(self), *map(_bare, given), **named))

    return call


for _name in _METHODS:
    setattr(HookArray, _name, _method(_name))
