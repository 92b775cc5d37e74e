"""Assignments within an expression, ``:=``, in compiled code.

Python's instruction COPY puts a value on the stack once more. The upper one goes into the variable,
the lower one on into the expression. Numba gives both one name, and drops that name where the value
gets the variable's, so that the expression has none. Here the lower one has a name of its own. It
is written as a cast, to no other type, because Numba drops names of what is assigned only.
"""

from typing import Any

from numba.core import ir
from numba.core.byteflow import TraceRunner
from numba.core.interpreter import Interpreter

_numbas_copy = TraceRunner.op_COPY


def _copy(self: Any, state: Any, instruction: Any) -> None:
    """Put a value that lies on the stack on its top, once more."""
    if instruction.arg != 1:
        _numbas_copy(self, state, instruction)
        return
    value, lower = state.pop(), state.make_temp()
    state.append(instruction, value=value, lower=lower)
    state.push(lower)
    state.push(value)


def _name_lower(self: Any, instruction: Any, value: str, lower: str) -> None:
    """Write down the value that stays in the expression."""
    self.store(value=ir.Expr.cast(self.get(value), loc=self.loc), name=lower)


TraceRunner.op_COPY = _copy
Interpreter.op_COPY = _name_lower
