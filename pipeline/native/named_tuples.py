"""Named tuples that compiled code makes: of all their fields, and refused in words if it does not.

Numba lets fields with a default be left out, and then makes a tuple that is too short.
"""

from typing import Any

from numba.core import types, utils
from numba.core.errors import TypingError
from numba.core.typing.collections import NamedTupleClassAttribute
from numba.core.typing.templates import make_callable_template


def _resolve_call(self: Any, kind: Any) -> Any:
    """Return the type of a named tuple's class as a function; TypingError if a field lacks."""
    made = kind.instance_class
    parameters = utils.pysignature(made)

    def typer(*args: Any, **kws: Any) -> Any:
        try:
            bound = parameters.bind(*args, **kws)
        except TypeError as error:
            raise TypingError(f"{_fields_of(made)}: {error}") from None
        lacking = [name for name in made._fields if name not in bound.arguments]
        if lacking:
            raise TypingError(f"{_fields_of(made)}: left out: {', '.join(lacking)}")
        return types.BaseTuple.from_types(bound.args, made)  # type: ignore[attr-defined]

    typer.pysig = parameters  # type: ignore[attr-defined]
    return types.Function(make_callable_template(self.key, typer))


def _fields_of(made: Any) -> str:
    return f"named tuple {made.__name__}({', '.join(made._fields)})"


NamedTupleClassAttribute.resolve___call__ = _resolve_call
