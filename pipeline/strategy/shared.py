"""Refuses hooks that change what all lanes of a process share.

A module is imported once in a process, and all lanes of the process see its lists, its objects and
its classes. If a hook of one lane changed them, the results of the others would depend on which
lanes run in the same process. So what a module holds stays as it is while a run goes; what changes
is declared as a state, or is held by ``self``, of which each lane has its own.

A list that hooks only add to, and never read, is a log. It changes no result.
"""

from collections.abc import Collection, Iterable, Iterator
from types import FunctionType
from typing import Any

from pipeline.dependencies.contents import Place, defaults_of
from pipeline.dependencies.reach import Reach, functions_of
from pipeline.dependencies.uses import CONTAINERS, INSIDE, Use, outer_names_set_in, uses_in
from pipeline.errors import StrategyError
from pipeline.strategy.place import place_of
from pipeline.strategy.strategy import HOOKS, Strategy, defines

_STATE = "memory of a strategy is declared: {name}: float = state(0.0)"
#: What a strategy has that is compiled, where plain Python has a list or an object of its own.
_COMPILED = (
    '; that is for mode="interpreted": a compiled strategy keeps each number as a state, as in '
    "total: float = state(0.0), has the past from ctx.window, and what never changes in a tuple"
)


def check_hooks(cls: type[Strategy], reach: Reach) -> None:
    """Refuse a hook that changes what lanes share, or calls a function that does.

    ``reach``: has led from the hooks. Changes in methods of other objects, and by other ways than a
    name, are not found here. Raises StrategyError with file, line, name and the way on.
    """
    roots = list(hook_functions(cls))
    called = reach.named_by(roots)
    uses = _all_uses(reach)
    logs = _logs_in(uses)
    for use in uses:
        # Others may call a function with what it has a default for, and nobody does so with a hook.
        is_given = use.name.partition("[")[0] in defaults_of(use.function)
        certain = use.function in roots or (use.function in called and not is_given)
        if use.changes and certain and id(use.value) not in logs:
            raise StrategyError(refusal_of(use))


def check_names(functions: Iterable[FunctionType]) -> None:
    """Refuse a function that sets a name of its module, or of a function around it."""
    for function in functions:
        for line, name, is_global in outer_names_set_in(function):
            what = f"the global {name}" if is_global else f"{name} of the function around it"
            place = f"{function.__code__.co_filename}:{line}: {function.__qualname__}"
            raise StrategyError(
                f"{place} sets {what}, which all lanes of a process would share; "
                f"{_STATE.format(name='name')}"
            )


def hook_functions(cls: type[Strategy]) -> Iterator[FunctionType]:
    """Give the functions of the hooks that a class defines."""
    for hook in HOOKS:
        if defines(cls, hook):
            yield from functions_of(getattr(cls, hook))


def _all_uses(reach: Reach) -> list[Use]:
    """Return the uses of what lanes share in all functions that were reached."""
    return [
        use
        for one in reach.functions
        for use in uses_in(one, reach.owner_of(one), defaults_of(one))
    ]


def _logs_in(uses: Collection[Use]) -> Collection[int]:
    """Return the ids of the values that functions put into and never read."""
    return {id(use.value) for use in uses if use.changes} - {
        id(use.value) for use in uses if use.reads
    }


def refusal_of(use: Use) -> str:
    """Return one line about a use that changes what lanes share."""
    if use.changes == INSIDE:
        what, way = f"changes {use.name}", _way_on(use.name, use.value)
        way += "" if use.name.endswith("()") else _COMPILED
    else:
        what, way = f"sets {use.name}.{use.changes}", _STATE.format(name=use.changes)
    return f"{_place_of(use)} {what}, which all lanes of a process would share; {way}"


def refusal_of_change(classes: Iterable[type[Strategy]], place: Place, value: Any) -> str:
    """Return one line about a value that has changed under strategies; empty if it is a log.

    ``place``: where it lies. The line is that of a change if the source shows one, else of a use.
    """
    uses: list[Use] = []
    for cls in classes:
        reach = Reach(cls)
        for root in hook_functions(cls):
            for _ in reach.references(root):
                pass
        uses += _all_uses(reach)
    if id(value) in _logs_in(uses):
        return ""
    name = place.name.removesuffix("()")
    inside = f"{name}[", f"{name}."
    about = [
        one for one in uses if one.value is value or one.name == name or one.name.startswith(inside)
    ]
    shown = next((one for one in about if one.changes), None)
    way = _way_on(place.name, value)
    if shown is not None:
        what = f"{_place_of(shown)} changes {place.name}"
        return f"{what}, which all lanes of a process share; {way}"
    if about:
        where = _place_of(about[0])
    elif isinstance(place.owner, type):
        where = place_of(place.owner, name.rpartition(".")[2])
    else:
        code = place.owner.__code__
        where = f"{code.co_filename}:{code.co_firstlineno}: {place.owner.__qualname__}"
    return (
        f"{where} uses {place.name}, which all lanes of a process share, and which a hook has "
        f"changed; {way}"
    )


def _way_on(name: str, value: Any) -> str:
    """Say what to do in place of changing a value that lanes share; ``name``: of the value."""
    if name.endswith("()"):
        return "change a copy of what a function with a cache returns"
    attribute = f"self.{name.partition('[')[0].rpartition('.')[2]}"
    own = f"{attribute}, of which each lane has its own, one for all of its symbols"
    if not isinstance(value, CONTAINERS):
        return f"make it in __init__, as {own}"
    memo = "; @functools.cache keeps the results of a function that depends on its arguments alone"
    return f"keep it in the class, as {own}{memo if isinstance(value, dict) else ''}"


def _place_of(use: Use) -> str:
    return f"{use.function.__code__.co_filename}:{use.line}: {use.function.__qualname__}"
