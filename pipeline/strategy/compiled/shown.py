"""What a compiled hook is given besides ``bar``: a record of bars, a fill, an order or a session.

It shows the fields that an interpreted hook sees, and none can be set: the record lies in memory
that results are made of.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.errors import TypingError
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import models, register_model
from numba.np.arrayobj import record_getattr

from pipeline.native.intrinsics import viewed_as
from pipeline.native.memory import record_at
from pipeline.native.plain import PLAIN


class OwnRecordType(types.Record):  # type: ignore[misc]  # numba is untyped
    """A Numba type of records that is no other one, though its fields be alike."""

    def can_convert_to(self, typingctx: Any, other: types.Type) -> None:
        """Take the record for no other type: Numba would, by its fields, and warn of it."""


class ShownType(OwnRecordType):
    """The Numba type of a record that a hook is given. ``what``: what the user calls it."""

    settable = ()

    def __init__(self, what: str, dtype: np.dtype[Any], names: tuple[str, ...]) -> None:
        record = numba.from_dtype(dtype)
        fields = [(name, field._asdict()) for name, field in record.fields.items()]
        super().__init__(fields, record.size, record.aligned)
        self.name: str = f"ringtape.Shown({what}, {self.name})"
        self.shown = frozenset(names)


register_model(ShownType)(models.RecordModel)


def shown_at(what: str, dtype: np.dtype[Any], names: tuple[str, ...]) -> Callable[[int], Any]:
    """Make a compiled function that views the memory at an address as what a hook is given.

    ``names``: the fields of ``dtype`` that it shows.
    """
    if PLAIN:
        return record_at(dtype)
    made: Callable[[int], Any] = viewed_as(ShownType(what, dtype, names))
    return made


@infer_getattr
class _Fields(AttributeTemplate):  # type: ignore[misc]
    key = ShownType

    def generic_resolve(self, record: ShownType, name: str) -> Any:
        """Return the type of a field; TypingError if it is not shown. An array is read-only."""
        if name not in record.shown:
            raise TypingError(f"Unknown attribute '{name}' of type {record}")
        kind = record.typeof(name)
        if isinstance(kind, types.NestedArray):
            return types.Array(kind.dtype, kind.ndim, "C", readonly=True)
        return kind


@lower_getattr_generic(ShownType)
def _read(context: Any, builder: Any, record: ShownType, value: Any, name: str) -> Any:
    return record_getattr(context, builder, record, value, name)
