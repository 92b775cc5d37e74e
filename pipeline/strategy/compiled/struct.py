"""Structs of our own in compiled hooks: their members, attributes and methods."""

from typing import Any

from numba import extending
from numba.core import cgutils
from numba.extending import intrinsic

from pipeline.native import plain

#: Numba's decorators of these names, or their plain twins.
overload_attribute: Any = plain.overload_attribute if plain.PLAIN else extending.overload_attribute
overload_method: Any = plain.overload_method if plain.PLAIN else extending.overload_method


def member(name: str, kind: Any) -> Any:
    """Make a compiled function that reads one member, of Numba type ``kind``, of a struct."""
    if plain.PLAIN:
        return plain.member(name)

    @intrinsic
    def read(typingctx: Any, struct: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(cgutils.create_struct_proxy(struct)(context, builder, args[0]), name)

        return kind(struct), codegen

    return read
