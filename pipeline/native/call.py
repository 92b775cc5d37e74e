"""Calls of machine code by its address.

Code that is called so is compiled once for all callers, and a caller is compiled without it.
"""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from pipeline.native import plain


def code_address(entry: Any) -> int:
    """Return where the machine code of an entry of one signature (`compiler.compiled_for`) lies."""
    if plain.PLAIN:
        return plain.address_of(entry)
    compiled = entry.get_compile_result(entry.nopython_signatures[0])
    address: int = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return address


def caller(signature: Any) -> Any:
    """Make a function that calls, in compiled code, what lies at an address.

    It takes the address and a tuple of arguments, returns what that code returns and raises what it
    raises. Numba can do the same for a function passed as
    an argument, but not for an address that a record holds. To unpack five functions that Python
    passes takes 25 microseconds at each call; an address takes no time. Arguments are converted to
    the types of ``signature``, numbers all.
    """
    if plain.PLAIN:
        return plain.call
    result, wanted = signature.return_type, signature.args

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function_type = context.call_conv.get_function_type(result, wanted)
        pointer = builder.inttoptr(args[0], function_type.as_pointer())
        values = [
            context.cast(builder, value, kind, other)
            for value, kind, other in zip(
                cgutils.unpack_tuple(builder, args[1]), signature.args[1], wanted, strict=True
            )
        ]
        status, value = context.call_conv.call_function(builder, pointer, result, wanted, values)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value() if result == types.none else value

    @intrinsic
    def call(typingctx: Any, address: Any, arguments: Any) -> Any:
        for kind in arguments:
            if not isinstance(kind, types.Number | types.Boolean):
                raise TypingError(f"a number was expected, got {kind}")
        return result(types.int64, arguments), codegen

    return call
