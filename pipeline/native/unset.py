"""Variables that may have no value where they are read: compiled code raises there, as Python does.

::

    if up:
        size = 1.0
    ctx.market(symbol, size)       Python raises an UnboundLocalError where ``up`` is false

Numba goes on with a zero there, or with what happens to lie in memory. Here such a variable, and no
other, gets a second one beside it, a flag that is true once it has a value. Wherever the variable
may have none, reading it asks the flag. So code of which nobody can tell beforehand that it is
right runs, and code that always sets what it reads is compiled as it was.

A ``del`` of a variable is refused. Numba would leave the variable its value.
"""

import dis
from typing import Any

from numba import types
from numba.core import cgutils, ir
from numba.core.analysis import compute_cfg_from_blocks
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.errors import TypingError
from numba.extending import intrinsic

#: The ids of steps, and the variables that each reads although they may have no value.
Reads = dict[int, list[str]]


@register_pass(mutates_CFG=False, analysis_only=False)
class AskForValues(FunctionPass):  # type: ignore[misc]  # numba is untyped
    """Gives variables flags, and has reads ask them.

    It runs before variables get a name for each value that they are given (Numba's SSA), so that
    the flags get such names, too.
    """

    _name = "ringtape_ask_for_values"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Add flags and questions; return whether there are any."""
        _refuse_deleting(state.func_id)
        blocks = state.func_ir.blocks
        asked = _unset_reads(blocks)
        if asked:
            asked = _without_put_back(asked, state.func_id)
            _add_questions(blocks, asked)
        return bool(asked)


def _refuse_deleting(function: Any) -> None:
    for step in dis.get_instructions(function.code):
        if step.opname in ("DELETE_FAST", "DELETE_DEREF"):
            raise _refusal(function, step, "is deleted")


def _refusal(function: Any, step: dis.Instruction, what: str) -> TypingError:
    """Return the error about the variable of an instruction, at its line."""
    line = step.positions.lineno if step.positions else None
    loc = ir.Loc(function.filename, line or function.firstlineno)
    return TypingError(f"variable '{step.argval}' {what}", loc=loc)


def _without_put_back(asked: Reads, function: Any) -> Reads:
    """Return reads without those by which a comprehension only keeps a variable aside.

    From 3.12 on, Python keeps aside the value of a variable whose name a comprehension uses, and
    puts it back afterwards, also if there is none. It has an instruction of its own for reads of
    variables that may have no value. TypingError for a variable of both kinds.
    """
    steps = list(dis.get_instructions(function.code))
    aside = {step.argval for step in steps if step.opname == "LOAD_FAST_AND_CLEAR"}
    for step in steps:
        if step.opname == "LOAD_FAST_CHECK" and step.argval in aside:
            raise _refusal(function, step, "of a comprehension, too")
    kept = {
        step: [name for name in names if _written(name) not in aside]
        for step, names in asked.items()
    }
    return {step: names for step, names in kept.items() if names}


def _unset_reads(blocks: dict[int, Any]) -> Reads:
    """Return the reads of variables that may have no value."""
    found = {}
    for label, unset in _unset_at_start(blocks).items():
        for step in blocks[label].body:
            names = sorted(unset.intersection(_read_by(step)))
            if names:
                found[id(step)] = names
            unset.discard(_set_by(step))
    return found


def _unset_at_start(blocks: dict[int, Any]) -> dict[int, set[str]]:
    """Return the variables that may have no value where each block begins, by its label.

    They are those that some way through the code leaves without one. All have none at first.
    """
    sets = {label: {_set_by(step) for step in block.body} for label, block in blocks.items()}
    graph = compute_cfg_from_blocks(blocks)
    entry = graph.entry_point()
    found = {entry: {name for names in sets.values() for name in names if _is_users(name)}}
    todo = [entry]
    while todo:
        label = todo.pop()
        unset = found[label] - sets[label]
        for after, _ in graph.successors(label):
            if after not in found or not unset <= found[after]:
                found[after] = found.get(after, set()) | unset
                todo.append(after)
    return found


def _add_questions(blocks: dict[int, Any], asked: Reads) -> None:
    """Add the flags of variables, and the questions before the steps that read them."""
    variables = {name for names in asked.values() for name in names}
    for block in blocks.values():
        body = []
        for step in block.body:
            for name in asked.get(id(step), ()):
                body += _question(block.scope, name, step.loc)
            body.append(step)
            if _set_by(step) in variables:
                body.append(_flag(block.scope, _set_by(step), True, step.loc))
        block.body = body
    first = blocks[min(blocks)]
    first.body[:0] = [_flag(first.scope, name, False, first.loc) for name in sorted(variables)]


def _flag(scope: Any, name: str, value: bool, loc: Any) -> Any:
    """Return the step that gives a variable's flag a value."""
    return ir.Assign(ir.Const(value, loc), scope.get_or_define(_flag_of(name), loc), loc)


def _question(scope: Any, name: str, loc: Any) -> list[Any]:
    """Return the steps that raise unless a variable has a value."""
    flag = scope.get_or_define(_flag_of(name), loc)
    said = (
        f"cannot access local variable '{_written(name)}' where it is not associated with a value"
    )
    values = (ir.Const(one, loc) for one in (said, loc.filename, loc.line))
    steps = [
        ir.Assign(value, scope.redefine("$question", loc), loc)
        for value in (ir.Global("raise_unless", raise_unless, loc), *values)
    ]
    function, *told = (step.target for step in steps)
    call = ir.Expr.call(function, (flag, *told), (), loc)
    return [*steps, ir.Assign(call, scope.redefine("$answer", loc), loc)]


@intrinsic
def raise_unless(_: Any, flag: Any, said: Any, file: Any, line: Any) -> Any:
    """Raise what Python raises of a variable without a value, at a line, unless a flag is true.

    All but the flag are constants.
    """
    if not all(isinstance(kind, types.Literal) for kind in (said, file, line)):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        is_set = context.cast(builder, args[0], signature.args[0], types.boolean)
        text = (said.literal_value,)
        loc = ir.Loc(file.literal_value, line.literal_value)
        with cgutils.if_unlikely(builder, builder.not_(is_set)):
            context.call_conv.return_user_exc(builder, UnboundLocalError, text, loc, "a function")
        return context.get_dummy_value()

    return types.none(flag, said, file, line), codegen


def _read_by(step: Any) -> list[str]:
    """Return the names of what a step reads."""
    value = step.value if isinstance(step, ir.Assign) else step
    if isinstance(value, ir.Var):
        return [value.name]
    return [one.name for one in value.list_vars()] if isinstance(value, ir.Inst) else []


def _set_by(step: Any) -> str:
    """Return the name of what a step gives a value, empty if there is none."""
    return str(step.target.name) if isinstance(step, ir.Assign) else ""


def _is_users(name: str) -> bool:
    """Whether a name is one of a variable, and not of a value between two steps."""
    return name != "" and not name.startswith("$")


def _written(name: str) -> str:
    """Return a variable's name as it is written; Numba numbers those that are set several times."""
    return name.partition(".")[0]


def _flag_of(name: str) -> str:
    return f"${name}.has_value"
