"""The things that a function's code names, with the line: modules, their members, globals.

They are read from the byte code, so that a function needs no source. A chain of names such as
``np.random.rand`` is followed as long as it leads through modules and classes.
"""

import dis
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

_MISSING = object()
_NAMES = (
    "LOAD_GLOBAL",
    "LOAD_NAME",
    "LOAD_DEREF",
    "LOAD_FAST",
    "LOAD_FROM_DICT",
    "LOAD_CLASSDEREF",
)
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
#: Loads and stores of two local names in one instruction, which some versions of Python have.
_DOUBLE = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}


@dataclass(frozen=True)
class Reference:
    """A value that code names, where it stands, and how many arguments it is called with there."""

    name: str
    """As it is written: ``np.random.rand``."""
    value: Any
    line: int
    arguments: int | None
    """None if it is not called there. A single argument None counts as no argument."""


@dataclass(frozen=True)
class _Step:
    """One instruction: its name, its argument and its place in the source."""

    operation: str
    argument: Any
    line: int
    place: tuple[Any, Any]


def references(function: FunctionType, first: Any = _MISSING) -> Iterator[Reference]:
    """Give the values that a function names, also in functions that are written in it.

    ``first``: in whose attributes those of the first argument are looked up, such as the class of
    ``self``. A name that stands for no known value is left out, such as one of an argument.
    """
    known = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            known[name] = cell.cell_contents
        except ValueError:
            continue
    if first is not _MISSING and function.__code__.co_argcount:
        known[function.__code__.co_varnames[0]] = first
    yield from _in_code(function.__code__, function.__globals__, known)


def _in_code(code: CodeType, names: dict[str, Any], outside: dict[str, Any]) -> Iterator[Reference]:
    steps = _steps(code)
    known = outside | _imports(steps)
    for name in _assigned(steps):
        known.pop(name, None)
    for index, step in enumerate(steps):
        if not step.operation.startswith(_NAMES):
            continue
        places = names if step.operation.startswith(("LOAD_GLOBAL", "LOAD_NAME")) else known
        value = places.get(step.argument, _MISSING)
        if value is not _MISSING:
            yield _follow(steps, index, value)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _in_code(constant, names, known)


def _follow(steps: Sequence[_Step], index: int, value: Any) -> Reference:
    """Follow the attributes of a value that is loaded at a step."""
    name = str(steps[index].argument)
    while steps[index + 1].operation in _ATTRIBUTES:
        found = _member(value, steps[index + 1].argument)
        if found is _MISSING:
            break
        index += 1
        name, value = f"{name}.{steps[index].argument}", found
    return Reference(name, value, steps[index].line, _arguments(steps, index))


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, ModuleType | type):
        return _MISSING
    try:
        return getattr(value, name)
    except Exception:  # noqa: BLE001  # a module's own __getattr__ may raise anything
        return _MISSING


def _arguments(steps: Sequence[_Step], index: int) -> int | None:
    """Return how many arguments the value of a step is called with; None if it is not called."""
    place = steps[index].place
    for number in range(index + 1, len(steps)):
        step = steps[number]
        if step.operation.startswith("CALL") and step.place == place:
            if step.operation == "CALL_FUNCTION_EX":
                return 1  # a tuple or a dict of them
            before = [s for s in steps[index + 1 : number] if s.operation not in _BETWEEN]
            none = bool(before) and before[-1].operation == "LOAD_CONST"
            none = none and before[-1].argument is None
            return 0 if step.argument == 1 and none else int(step.argument)
    return None


#: Instructions between the last argument and the call.
_BETWEEN = ("PRECALL", "KW_NAMES", "PUSH_NULL")


def _imports(steps: Sequence[_Step]) -> dict[str, Any]:
    """Return the values of local names that are imported, as far as their modules are loaded."""
    found: dict[str, Any] = {}
    module = value = _MISSING
    for index, step in enumerate(steps):
        if step.operation == "IMPORT_NAME":
            # Without a list of names, the import gives the outermost package.
            whole = steps[index - 1].argument is not None
            name = step.argument if whole else step.argument.partition(".")[0]
            module = value = sys.modules.get(name, _MISSING)
        elif step.operation == "IMPORT_FROM":
            value = _member(module, step.argument)
        elif step.operation in ("STORE_FAST", "STORE_DEREF") and value is not _MISSING:
            found[step.argument] = value
            value = _MISSING
    return found


def _assigned(steps: Sequence[_Step]) -> Iterator[str]:
    """Give the local names that are bound to something else than an import."""
    imported = False
    for step in steps:
        if step.operation in ("IMPORT_NAME", "IMPORT_FROM"):
            imported = True
        elif step.operation in ("STORE_FAST", "STORE_DEREF"):
            if not imported:
                yield step.argument
            imported = False


def _steps(code: CodeType) -> list[_Step]:
    steps = []
    line = code.co_firstlineno
    for one in dis.get_instructions(code):
        at = one.positions
        line = line if at is None or at.lineno is None else at.lineno
        place = (line, None if at is None else at.col_offset)
        operations = _DOUBLE.get(one.opname, (one.opname,))
        arguments = one.argval if len(operations) > 1 else (one.argval,)
        steps += [
            _Step(name, argument, line, place)
            for name, argument in zip(operations, arguments, strict=True)
        ]
    return steps
