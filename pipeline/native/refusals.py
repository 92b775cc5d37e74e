"""Says in one line why a user's function is not compiled: where, what was found, what to do.

Numba explains itself in many lines, to readers who know it. A table recognises what a message
means (`refusal_rows`, `container_rows`).
"""

import ast
import linecache
import re
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import FunctionType
from typing import Any

from numba.core.ir import Loc

from pipeline.dependencies.origin import is_users_file
from pipeline.native.cache_folder import cache_folder
from pipeline.native.container_rows import CONTAINERS_IF_THERE, ROWS_OF_CONTAINERS
from pipeline.native.differing_rows import DIFFERING
from pipeline.native.refusal_rows import IF_THERE, ROWS, Row
from pipeline.native.type_words import Group

_PLACE = re.compile(
    r'File "(?P<file>[^"\n]+)", line (?P<line>\d+)'
    r"|\b(?:at|from|location:) (?P<path>[^\n]+?\.\w+) \((?P<number>\d+)\)"
)

#: What is said already of a function that the user's function calls.
_OWN = re.compile(r"^\S[^\n]*:\d+: \S+ cannot be compiled: [^\n]*$", re.MULTILINE)


def why_not_compiled(
    name: str,
    function: Any,
    error: Exception,
    rows: Iterable[Row] = (),
    way_out: str = "",
) -> str:
    """Return one line that says where and why a user's function does not compile.

    ``name``: what the user calls it. ``rows``: tried before `ROWS`. ``way_out``: what runs it as
    plain Python, if anything does.
    """
    text = _text_of(error)
    code = function.__code__
    place = _place_in(text, function) or _place_of(error) or (code.co_filename, code.co_firstlineno)
    asked = (*IF_THERE, *CONTAINERS_IF_THERE)
    there = (row for row in asked if row.node is not None and _line_of(row.node, place))
    own = _OWN.search(text)
    if own is not None:
        return f"{own[0]}; {way_out} runs it" if way_out else own[0]
    row, groups = _row_of(text, (*rows, *there, *DIFFERING, *ROWS_OF_CONTAINERS, *ROWS))
    if row is not None and row.node is not None:
        place = place[0], _line_of(row.node, place, *groups) or place[1]
    where = f"{place[0]}:{place[1]}: {name} cannot be compiled"
    called = _called_at(text, function, place)
    if row is None:
        return f"{where}: {_first_reason(text)}{called}{_may_run(way_out)}"
    found = row.found(*groups) if callable(row.found) else row.found.format(*groups)
    runs = row.python(*groups) if callable(row.python) else row.python
    what = "; ".join(filter(None, (found, row.hint.format(*groups))))
    way = f"; {way_out} runs it" if way_out and runs else ""
    hedge = _may_run(way_out) if runs is None else ""
    return f"{where}: {what}{called}{way}{hedge}"


def _may_run(way_out: str) -> str:
    return f"; {way_out} may run it" if way_out else ""


def _text_of(error: Exception) -> str:
    """Return what an error says; of one without a word, its class and where it was raised."""
    found = str(error)
    if not found:
        frames = traceback.extract_tb(error.__traceback__)
        where = f" in {Path(frames[-1].filename).name}" if frames else ""
        found = f"{type(error).__name__}{where}"
    return re.sub(r"\x1b\[[0-9;]*m", "", found)


def _row_of(text: str, rows: Iterable[Row]) -> tuple[Row | None, "tuple[Group, ...]"]:
    """Return the first row that is found in a message, with the groups of its pattern."""
    for row in rows:
        found = re.search(row.pattern, text, re.DOTALL)
        if found is not None:
            return row, tuple(Group(group or "") for group in found.groups())
    return None, ()


def _place_of(error: Exception) -> tuple[str, int] | None:
    """Return file and line of the user's code at which Numba worked when an error was raised.

    Numba puts them into the text of its own errors, of others only what it works at knows them.
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    for frame in reversed(frames):
        loc = getattr(frame.f_locals.get("self"), "loc", None)
        if isinstance(loc, Loc) and is_users_file(loc.filename) and not _is_ours(loc.filename):
            return loc.filename, loc.line
    return None


def _is_ours(file: str) -> bool:
    """Whether a file is one of those around users' functions, which lie in the cache."""
    return cache_folder() in Path(file).parents


def _called_at(text: str, function: FunctionType, place: tuple[str, int]) -> str:
    """Say at which line of a function another is called that a place lies in; "" if in itself."""
    code = function.__code__
    file = Path(code.co_filename).resolve()
    lines = {line for _, _, line in code.co_lines() if line}
    if Path(place[0]).resolve() == file and place[1] in lines:
        return ""
    for found in _PLACE.finditer(text):
        path = Path(found["file"] or found["path"]).absolute().resolve()
        line = int(found["line"] or found["number"])
        if path == file and line in lines - {code.co_firstlineno}:
            return f"; {function.__name__} calls it at line {line}"
    return ""


def _place_in(text: str, function: FunctionType) -> tuple[str, int] | None:
    """Return file and line of the innermost code of the user's that a message names, if any."""
    code = function.__code__
    for found in _PLACE.finditer(text):
        # Numba shortens the path to one from the working directory.
        path = Path(found["file"] or found["path"]).absolute().resolve()
        if path == Path(code.co_filename).resolve():
            return code.co_filename, int(found["line"] or found["number"])
        if path.is_file() and is_users_file(str(path)) and not _is_ours(str(path)):
            return str(path), int(found["line"] or found["number"])
    return None


def _line_of(kind: type[ast.AST], place: tuple[str, int], *names: str) -> int:
    """Return the first line with a node of a kind in the function at a place, 0 if there is none.

    ``place``: file and line. The function is the innermost one that begins at or above the line.
    ``names``: what a node that is a Name may be.
    """
    try:
        tree = ast.parse("".join(linecache.getlines(place[0])))
    except SyntaxError:
        return 0
    around = [
        one
        for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef | ast.Lambda)
        and _begins(one) <= place[1] <= (one.end_lineno or 0)
    ]
    if not around:
        return 0
    lines = [
        getattr(node, "lineno", place[1])
        for node in ast.walk(max(around, key=_begins))
        if isinstance(node, kind) and (not isinstance(node, ast.Name) or node.id in names)
    ]
    return min(lines, default=0)


def _begins(function: ast.FunctionDef | ast.Lambda) -> int:
    """Return the line at which a function begins, with its decorators."""
    decorators = [] if isinstance(function, ast.Lambda) else function.decorator_list
    return min([function.lineno, *(one.lineno for one in decorators)])


def _first_reason(text: str) -> str:
    """Return the first line of a message that gives a reason."""
    skipped = ("During:", "File ", "Failed in", "^", "-", "[", "There are", "<", "scope", "raised")
    lines = [line.strip() for line in text.splitlines()]
    useful = [line for line in lines if line and not line.startswith(skipped)]
    return (useful or lines)[0]
