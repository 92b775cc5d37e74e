"""Calls of machine code by its address.

Such code is compiled once for all its callers, and each caller is compiled without it.
"""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from pipeline.native import plain
from pipeline.native.kernel import called_with_integers


def code_address(entry: Any) -> int:
    """Return the address of an entry's machine code; ``entry``: of `compiler.compiled_for`."""
    if plain.PLAIN:
        return plain.address_of(entry)
    compiled = entry.get_compile_result(entry.nopython_signatures[0])
    address: int = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return address


def kernel_address(function: Any) -> int:
    """Return the address of the machine code of a kernel that takes integers; it is compiled."""
    called_with_integers(function)
    return code_address(function if plain.PLAIN else function.entry)


def caller(signature: Any) -> Any:
    """Make a function by which compiled code calls the machine code at an address.

    It takes the address and a tuple of arguments, which must be numbers and are converted to the
    types of ``signature``. It returns the result of the called code and passes on its exceptions.
    Numba can call a function that it was passed as an argument, but not an address that a record
    holds. The reason for addresses: unpacking five functions that Python passes takes 25
    microseconds at each call, an address takes no time.
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
