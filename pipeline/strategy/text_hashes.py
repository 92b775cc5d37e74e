"""Finds code whose result may follow from the hashes of texts, as the order of a set of them does.

Python draws these hashes anew in each process. The processes of a run are started with hashes that
never change; a run in the process of the user has those of that process.
"""

import dis
import sys
from collections.abc import Collection, Iterator
from types import CodeType

from pipeline.dependencies.reach import Reach, functions_of
from pipeline.strategy.strategy import HOOKS, Strategy, defines

#: Instructions that make a set.
_MAKING = ("BUILD_SET", "SET_ADD", "SET_UPDATE")
_BUILTINS = frozenset(("set", "frozenset", "hash"))
_SETS = set, frozenset


def are_drawn() -> bool:
    """Whether texts have hashes in this process that no other has."""
    return sys.flags.hash_randomization != 0


def place_of_hashes(cls: type[Strategy]) -> str:
    """Return the first place at which a hook uses a set or a hash, as ``file:line: Class.hook``.

    Functions of the user's that a hook leads to count, too. Empty if there is none.
    """
    reach = Reach(cls)
    for hook in HOOKS:
        for root in functions_of(getattr(cls, hook)) if defines(cls, hook) else ():
            sets = {id(f) for f, one in reach.references(root) if isinstance(one.value, _SETS)}
            for function in reach.functions:
                lines = _lines(function.__code__, function.__globals__.keys())
                first = function.__code__.co_firstlineno if id(function) in sets else 0
                line = next(lines, first)
                if line:
                    return f"{function.__code__.co_filename}:{line}: {cls.__name__}.{hook}"
    return ""


def _lines(code: CodeType, names: Collection[str]) -> Iterator[int]:
    """Give the lines of a code that make a set, go through a constant one, or ask for a hash."""
    steps = list(dis.get_instructions(code))
    line = code.co_firstlineno
    for step, after in zip(steps, [*steps[1:], steps[-1]], strict=True):
        line = (step.positions.lineno if step.positions else None) or line
        through = isinstance(step.argval, frozenset) and after.opname == "GET_ITER"
        named = step.opname.startswith("LOAD_GLOBAL") and step.argval in _BUILTINS
        if step.opname in _MAKING or through or (named and step.argval not in names):
            yield line
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _lines(constant, names)
