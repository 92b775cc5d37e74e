"""Says what to write where a hook compares one of its times with a text or a date of a library.

Times are numbers here. ``ctx.time > "10:00"`` raises in Python, and
``ctx.time.date == "2024-11-25"`` is false without a word.
"""

import ast
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from pipeline.strategy.local_time import OF_TIME

#: Functions of libraries that make a date or a time.
_MAKERS = {
    *("date", "datetime", "datetime64", "fromisoformat", "strptime", "time", "timedelta"),
    *("Timedelta", "Timestamp", "to_datetime"),
}
#: Where they are from.
_LIBRARIES = ("datetime", "numpy", "pandas")
_DATES = dt.date, dt.time, dt.timedelta
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_CLOCK = re.compile(r"(\d\d?):(\d\d)")
_SIGNS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def compared_times(
    tree: ast.AST, function: FunctionType, times: Mapping[str, str], ctx: str
) -> Iterator[tuple[int, str]]:
    """Give the lines of a function that compare a time with what is none, and what to write there.

    ``times``: what each is in words, by how it is written, as "ctx.now". ``ctx``: how that is
    called.
    """
    own = function.__code__.co_varnames
    known = {name: held for name, held in function.__globals__.items() if name not in own}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        names = [ast.unparse(side) if isinstance(side, ast.Attribute) else "" for side in sides]
        for name in names:
            for other in sides if name in times else ():
                found = _found(other, known)
                if found:
                    way = _way(found[1], node, sides.index(other) == 0, ctx)
                    yield node.lineno, f"{name} is {times[name]}, and never {found[0]}; {way}"


def _found(node: ast.expr, known: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what a text or a date is, and the text of it, as far as the source shows it."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return next(filter(None, (_found(one, known) for one in node.elts)), None)
    value = known.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(node, ast.Constant):
        value = node.value
    if isinstance(value, str):
        return f"the text {value!r}", value
    if isinstance(value, _DATES):
        return f"a {type(value).__module__}.{type(value).__name__}", str(value)
    if isinstance(node, ast.Call):
        maker = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if maker in _MAKERS and _library_of(node.func, known) in _LIBRARIES:
            return ast.unparse(node), _text_of(node, maker)
    return None


def _library_of(called: ast.expr, known: Mapping[str, Any]) -> str:
    """Return of which library the function is that is called; one may be imported in a hook."""
    while isinstance(called, ast.Attribute):
        called = called.value
    name = getattr(called, "id", "")
    found = known.get(name)
    home = getattr(found, "__name__" if isinstance(found, ModuleType) else "__module__", None)
    return (home or name).partition(".")[0]


def _text_of(call: ast.Call, maker: str) -> str:
    """Return the text of a date or a time that is made of numbers or of a text; "" if unknown."""
    given = [one.value for one in call.args if isinstance(one, ast.Constant)]
    if given and isinstance(given[0], str):
        return given[0]
    kind = {"date": dt.date, "datetime": dt.datetime, "time": dt.time}.get(maker)
    if kind is None or len(given) != len(call.args) or call.keywords:
        return ""
    try:
        return str(kind(*given))
    except (TypeError, ValueError):
        return ""


def _way(text: str, node: ast.Compare, first: bool, ctx: str) -> str:
    """Say what to write in place of a comparison with a date or a time.

    ``first``: whether that stands before the sign.
    """
    day, clock = _DAY.search(text), _CLOCK.search(text)
    if len(node.ops) == 1 and type(node.ops[0]) in _SIGNS and (day or clock):
        one, other = f"{ctx}.time.date", "".join(day.groups()) if day else ""
        if clock and not day:
            one, other = f"({ctx}.time.hour, {ctx}.time.minute)", _pair(clock)
        sides = (other, one) if first else (one, other)
        return f"write {f' {_SIGNS[type(node.ops[0])]} '.join(sides)}"
    return OF_TIME.replace("ctx.", f"{ctx}.")


def _pair(clock: re.Match[str]) -> str:
    return f"({int(clock[1])}, {int(clock[2])})"
