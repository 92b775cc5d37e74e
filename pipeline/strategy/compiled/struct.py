"""Members of the plain structs that compiled hooks are given."""

from typing import Any

from numba.core import cgutils
from numba.extending import intrinsic


def member(name: str, kind: Any) -> Any:
    """Make a compiled function that reads one member, of Numba type ``kind``, of a struct."""

    @intrinsic
    def read(typingctx: Any, struct: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(cgutils.create_struct_proxy(struct)(context, builder, args[0]), name)

        return kind(struct), codegen

    return read
