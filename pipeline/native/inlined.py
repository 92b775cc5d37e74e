"""What a comprehension within a ``try`` raises is caught there, as in Python.

Numba puts the instructions of a comprehension, and of a function inside, in the place of the call.
What stands in the ``try`` itself looks after each instruction whether it has raised
(`exception_check`); what is put there does not. An error of an operation would leave the function,
and after one in a function that is called, the code would go on with what that has not returned.
Here these instructions look, too.
"""

from copy import copy
from typing import Any

from numba.core import ir, postproc
from numba.core.analysis import compute_cfg_from_blocks
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.ir_utils import build_definitions
from numba.core.unsafe import eh

#: Operations that raise nothing.
_SAFE = ("build_list", "build_map", "build_set", "build_tuple", "cast", "getiter", "pair_first")
#: Functions that raise nothing.
_SAFE_FUNCTIONS = (
    *(eh.exception_check, eh.exception_match, eh.mark_try_block, eh.end_try_block, bool),
)
_STORES = (ir.SetItem, ir.StaticSetItem, ir.StoreMap, ir.DelItem)


@register_pass(mutates_CFG=True, analysis_only=False)
class LookForExceptions(FunctionPass):  # type: ignore[misc]  # numba is untyped
    """Has what was inlined into a ``try`` look for exceptions."""

    _name = "ringtape_look_for_exceptions"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Split the blocks that do not look; return whether there are any."""
        blocks = state.func_ir.blocks
        looking = {label for label, block in blocks.items() if _count(block, eh.exception_check)}
        ends = {label: _end_of(blocks, label, looking) for label in _within(blocks)}
        split = [label for label, end in ends.items() if end and _split(blocks, label, end)]
        if split:
            state.func_ir._definitions = build_definitions(blocks)
            postproc.PostProcessor(state.func_ir).run()
        return bool(split)


def _count(block: Any, function: Any) -> int:
    """Return how often a block names a function by a global, which it does for each call."""
    return sum(_is(step, ir.Global) and step.value.value is function for step in block.body)


def _is(step: Any, kind: Any) -> bool:
    return isinstance(step, ir.Assign) and isinstance(step.value, kind)


def _raising(block: Any) -> list[Any]:
    """Return the steps of a block that may raise."""
    safe = {
        step.target.name
        for step in block.body
        if _is(step, ir.Global) and any(step.value.value is one for one in _SAFE_FUNCTIONS)
    }
    return [
        step
        for step in block.body
        if isinstance(step, _STORES)
        or (
            _is(step, ir.Expr)
            and step.value.op not in _SAFE
            and not (step.value.op == "call" and step.value.func.name in safe)
        )
    ]


def _within(blocks: dict[int, Any]) -> list[int]:
    """Return the labels of the blocks that begin within a ``try``."""
    graph = compute_cfg_from_blocks(blocks)
    depths = {graph.entry_point(): 0}
    todo = [graph.entry_point()]
    while todo:
        label = todo.pop()
        begun, ended = (_count(blocks[label], one) for one in (eh.mark_try_block, eh.end_try_block))
        depth = depths[label] + begun - ended
        for after, _ in graph.successors(label):
            if after not in depths:
                depths[after] = depth
                todo.append(after)
    return [label for label, depth in depths.items() if depth > 0]


def _end_of(blocks: dict[int, Any], label: int, looking: set[int]) -> Any:
    """Return the block that looks for exceptions next, the one of a label first; None if none does.

    ``looking``: the labels of those that do.
    """
    seen, todo = {label}, [label]
    while todo:
        one = todo.pop(0)
        if one in looking:
            return blocks[one]
        new = [after for after in blocks[one].terminator.get_targets() if after not in seen]
        seen.update(new)
        todo += new
    return None


def _split(blocks: dict[int, Any], label: int, end: Any) -> bool:
    """Have a block look for exceptions around each step that may raise; whether it had to.

    ``end``: as `_end_of`. If it is the block itself, that has looked after its last such step.
    A step that raises leaves its block at once, so what it is given must be of blocks before: they
    and the handler share what is to be released then.
    """
    block, steps = blocks[label], blocks[label].body
    raising = _raising(block)
    looked = raising[-1:] if block is end else []
    if len(raising) == len(looked) and not any(_given_here(step, steps) for step in raising):
        return False
    way_out = new = max(blocks) + 1
    blocks[way_out] = _way_out(block.scope, end)
    block.body = []
    for step in steps:
        raises = any(step is one for one in raising)
        if raises and _given_here(step, block.body):
            new += 1
            _look(block, way_out, new, step.loc)
            blocks[new] = block = ir.Block(block.scope, step.loc)
        block.append(step)
        if raises and not any(step is one for one in looked):
            new += 1
            _look(block, way_out, new, step.loc)
            blocks[new] = block = ir.Block(block.scope, step.loc)
    return True


def _given_here(step: Any, steps: list[Any]) -> bool:
    """Whether one of several steps makes what a step is given, and not as a constant."""
    given = {one.name for one in step.list_vars()}
    return any(
        one.target.name in given and not isinstance(one.value, ir.Const | ir.Global | ir.FreeVar)
        for one in steps
        if isinstance(one, ir.Assign) and one is not step
    )


def _look(block: Any, way_out: int, after: int, loc: Any) -> None:
    """End a block by looking for an exception."""
    named = block.scope.redefine("$look", loc)
    raised = block.scope.redefine("$raised", loc)
    block.append(ir.Assign(ir.Global("exception_check", eh.exception_check, loc), named, loc))
    block.append(ir.Assign(ir.Expr.call(named, (), (), loc), raised, loc))
    block.append(ir.Branch(raised, way_out, after, loc))


def _way_out(scope: Any, end: Any) -> Any:
    """Return a block that leads to the handler that ``end`` leads to, with what it hands over."""
    made = {step.target.name: step for step in end.body if isinstance(step, ir.Assign)}
    block = ir.Block(scope, end.loc)
    for step in made.values():
        source = made.get(step.value.name) if _is(step, ir.Var) else None
        if step.target.name.startswith("$phi") and _is(step, ir.Var):
            if source is None:
                block.append(copy(step))
            elif _is(source, ir.Const):
                block.append(copy(source))
                block.append(copy(step))
    block.append(ir.Jump(end.terminator.truebr, end.loc))
    return block
