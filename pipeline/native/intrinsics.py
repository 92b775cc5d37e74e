"""The operations of `memory` for the compiler: instructions in place of calls."""

import time
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


def record_at(dtype: np.dtype[Any]) -> Any:
    """Make `memory.record_at` of a record type."""
    return viewed_as(numba.from_dtype(dtype))


def viewed_as(kind: Any) -> Any:
    """Make a compiled function that views the memory at an address as a record of a Numba type."""

    @intrinsic
    def at(typingctx: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(kind))

        return kind(types.int64), codegen

    return at


INTEGER, REAL = ir.IntType(64), ir.DoubleType()


def load_from(builder: Any, kind: Any, address: Any, index: Any) -> Any:
    """Write the load of number ``index`` behind an address, INTEGER or REAL, into LLVM's IR."""
    base = builder.inttoptr(address, kind.as_pointer())
    return builder.load(builder.gep(base, [index]))


def _accessors(value_type: Any, llvm_type: Any) -> tuple[Any, Any]:
    @intrinsic
    def load(typingctx: Any, address: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return load_from(builder, llvm_type, *args)

        return value_type(types.int64, types.int64), codegen

    @intrinsic
    def store(typingctx: Any, address: Any, index: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            base = builder.inttoptr(args[0], llvm_type.as_pointer())
            builder.store(args[2], builder.gep(base, [args[1]]))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, value_type), codegen

    return load, store


load_f8, store_f8 = _accessors(types.float64, REAL)
load_i8, store_i8 = _accessors(types.int64, INTEGER)


def _viewer(item_type: Any, *, read_only: bool = False) -> Any:
    @intrinsic
    def view(typingctx: Any, address: Any, count: Any) -> Any:
        array = types.Array(item_type, 1, "C", readonly=read_only)
        signature = array(types.int64, types.int64)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], ir.IntType(8).as_pointer())
            carray = context.typing_context.resolve_value_type(numba.carray)
            call = carray.get_call_type(
                context.typing_context,
                (types.voidptr, types.int64, types.DType(item_type)),
                {},
            )
            function = context.get_function(carray, call)
            return function(builder, (pointer, args[1], context.get_dummy_value()))

        return signature, codegen

    return view


floats_at, integers_at = _viewer(types.float64), _viewer(types.int64)
read_only_floats_at = _viewer(types.float64, read_only=True)
read_only_integers_at = _viewer(types.int64, read_only=True)


def _reader_as(item_type: Any) -> Any:
    """Make an operation that reads an array's 8-byte numbers as numbers of another type."""

    @intrinsic
    def numbers_of(typingctx: Any, array: Any) -> Any:
        if array.dtype.bitwidth != item_type.bitwidth:
            raise TypingError(f"an array of 8-byte numbers was expected, got {array}")
        other = array.copy(dtype=item_type)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            one = make_array(array)(context, builder, args[0])
            view = make_array(other)(context, builder)
            data = builder.bitcast(one.data, context.get_data_type(item_type).as_pointer())
            populate_array(
                view, data, one.shape, one.strides, one.itemsize, one.meminfo, one.parent
            )
            return impl_ret_borrowed(context, builder, other, view._getvalue())

        return other(array), codegen

    return numbers_of


words_of, integers_of = _reader_as(types.uint64), _reader_as(types.int64)


def copy_record(dtype: np.dtype[Any]) -> Any:
    """Make `memory.copy_record` of a record type."""
    size = dtype.itemsize

    @intrinsic
    def copy(typingctx: Any, target: Any, source: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = ir.IntType(8).as_pointer()
            to, of = (builder.inttoptr(address, pointer) for address in args)
            cgutils.raw_memcpy(builder, to, of, ir.Constant(ir.IntType(64), size), 1, align=8)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), codegen

    return copy


@intrinsic
def monotonic_ns(typingctx: Any) -> Any:
    """Make the operation of this name in `clock`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        moment = cgutils.alloca_once(builder, INTEGER, size=2)  # seconds and ns
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32), INTEGER.as_pointer()])
        read = cgutils.get_or_insert_function(builder.module, kind, "clock_gettime")
        builder.call(read, [ir.Constant(ir.IntType(32), time.CLOCK_MONOTONIC), moment])
        seconds, rest = (builder.load(builder.gep(moment, [INTEGER(cell)])) for cell in (0, 1))
        return builder.add(builder.mul(seconds, INTEGER(1_000_000_000)), rest)

    return types.int64(), codegen
