"""``isinstance`` of a number in compiled code, where it tells no int from a float; refused here.

A variable of Numba's is of one type. ``size = 0`` and, in a branch, ``size = 1.5`` make it a float,
also where the branch is not taken, and so does every function that is given it. In Python the 0
stays an int. So compiled code may ask whether a value is a number at all, and not which kind.
"""

from typing import Any

from numba import types
from numba.core import ir
from numba.core.compiler_machinery import FunctionPass, PassManager, register_pass
from numba.core.errors import TypingError
from numba.core.ir_utils import get_definition, guard
from numba.core.typed_passes import PartialTypeInference

_NUMBERS = types.Number | types.Boolean
_KINDS = {bool, int, float}


@register_pass(mutates_CFG=False, analysis_only=True)
class RefuseKinds(FunctionPass):  # type: ignore[misc]  # numba is untyped
    """Refuses to ask which kind of number a value is.

    It runs before Numba puts the answers of ``isinstance`` in place of the calls.
    """

    _name = "ringtape_refuse_kinds"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Look at every call of ``isinstance``, if there are any, with the types known so far."""
        asked = [
            step.value
            for block in state.func_ir.blocks.values()
            for step in block.find_insts(ir.Assign)
            if getattr(step.value, "op", "") == "call" and _asks(state.func_ir, step.value)
        ]
        if asked:
            passes = PassManager("types so far")
            passes.add_pass(PartialTypeInference, "types so far")
            passes.finalize()
            passes.run(state)
            for call in asked:
                value, classes = (state.typemap.get(one.name) for one in call.args)
                _check(value, classes, call.loc)
            state.typemap = state.calltypes = None
        return False


def _asks(func_ir: Any, call: Any) -> bool:
    named = guard(get_definition, func_ir, call.func)
    return getattr(named, "value", None) is isinstance and len(call.args) == 2


def _check(kind: Any, classes: Any, loc: Any) -> None:
    """Refuse an answer that is not the same for every number; ``kind``: the type of the value.

    A bool is an int in Python, and is none in Numba.
    """
    if isinstance(kind, _NUMBERS):
        every = _KINDS if isinstance(kind, types.Boolean) else {int, float}
        asked = classes.types if isinstance(classes, types.BaseTuple) else (classes,)
        named = {getattr(one, "typing_key", None) for one in asked}
        of_numpy = any(isinstance(one, types.NumberClass) for one in asked)
        if of_numpy or (named & _KINDS and not named >= every):
            raise TypingError("isinstance of a number", loc=loc)
