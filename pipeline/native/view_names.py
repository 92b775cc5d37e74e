"""The name ``view`` for what a user calls so: a method, a state or an indicator.

Numba has a ``view`` of arrays and of NumPy's numbers, and refuses one of everything else, by the
name of the attribute alone. Here what has attributes of the user's passes for an array in that
check.
"""

from typing import Any

from numba.core import typed_passes, types

_numbas_refusal = typed_passes.raise_on_unsupported_feature


def _refuse(func_ir: Any, typemap: Any) -> None:
    """Refuse what Numba refuses, with what has attributes of the user's taken for an array."""
    array = types.Array(types.float64, 1, "C")
    shown = {name: array if _has_own_attributes(kind) else kind for name, kind in typemap.items()}
    _numbas_refusal(func_ir, shown)


def _has_own_attributes(kind: Any) -> bool:
    """Whether values of a type have the attributes that a user has given them."""
    return hasattr(kind, "settable") or isinstance(kind, types.BaseNamedTuple)  # type: ignore[attr-defined]


typed_passes.raise_on_unsupported_feature = _refuse
