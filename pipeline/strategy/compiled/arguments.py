"""What ``ctx`` may be given: checked while a hook is compiled, by type."""

from typing import Any

import numpy as np
from numba import types
from numba.core.errors import TypingError

from pipeline.strategy.numbers_given import not_a_number
from pipeline.strategy.symbol import not_whole


def require_numbers(**given: Any) -> None:
    """Refuse an argument that is no number, as `require_whole` does."""
    for name, kind in given.items():
        value = kind.value if isinstance(kind, types.Omitted) else kind
        allowed = types.Number | types.IntEnumMember | int | float | np.number
        if isinstance(value, types.Complex | bool | np.bool_) or not isinstance(value, allowed):
            raise TypingError(not_a_number(name, getattr(value, "literal_value", str(value))))


def require_whole(**given: Any) -> None:
    """Refuse an argument that is no whole number; ``given``: types by the arguments' names.

    A default, and every argument without the compiler, is the value itself. Raises TypingError.
    """
    for name, kind in given.items():
        value = kind.value if isinstance(kind, types.Omitted) else kind
        if not isinstance(value, types.Integer | types.IntEnumMember | int | np.integer):
            found = getattr(value, "literal_value", value)
            raise TypingError(not_whole(name, found if isinstance(found, str) else str(value)))
