"""What docstrings and comments of the sources name in back-quotes, and whether it is there."""

import ast
import builtins
import inspect
import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.docs.pages import ROOT

#: Between single back-quotes; double ones hold values and code.
_QUOTED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)*(\(\))?")
_FILE_NAME = re.compile(r"\w+\.(json|toml|parquet|html|txt|csv)(\.\w+)*")


@dataclass(frozen=True)
class Mention:
    """A name in the text of a source, and the line at which that text begins."""

    name: str
    line: int


def sources() -> list[Path]:
    """Return the files of the packages, in order."""
    return sorted(path for top in ("pipeline", "shm") for path in (ROOT / top).rglob("*.py"))


def mentions(source: str) -> Iterator[Mention]:
    """Give the names that the docstrings and comments of a source set in back-quotes."""
    for line, text in _texts(source):
        for quoted in _QUOTED.findall(text):
            if _NAME.fullmatch(quoted) and not _FILE_NAME.fullmatch(quoted):
                yield Mention(quoted.removesuffix("()"), line)


def _texts(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield node.lineno, node.value.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def is_there(name: str, module: str, source: str) -> bool:
    """Whether a reader of a module finds what its text calls so.

    A dotted name leads from the module, from a class of it or from a module beside or above it to
    an attribute. A name without a dot may also be that of an argument, a local name or a field of
    an object, which the code of the same file uses, or a key or column that any file has as a text.
    """
    parts = name.split(".")
    if len(parts) == 1 and (
        keyword.iskeyword(name) or name in _names(source) or name in _all_keys()
    ):
        return True
    home = import_module(module)
    starts = [home, builtins, *_classes(home)]
    if any(_leads(start, parts) for start in starts):
        return True
    if len(parts) > 1 and parts[0] in _arguments(source):
        return True  # a field of whatever is passed
    return any(is_in_a_module(f"{package}{name}") for package in _packages(home))


def _packages(home: ModuleType) -> Iterator[str]:
    """Give the packages in which a module names others: its own, those above it, and all."""
    package = home.__package__ or ""
    while package:
        yield f"{package}."
        package = package.rpartition(".")[0]
    yield ""


@cache
def is_in_a_module(name: str) -> bool:
    """Import as much of a dotted name as is a module, and look for the rest in it."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:count]))
        except ImportError:
            continue
        return _leads(found, parts[count:])
    return False


def _leads(start: Any, parts: list[str]) -> bool:
    """Whether one attribute after the other leads somewhere."""
    for at, part in enumerate(parts):
        if not hasattr(start, part):
            return at == len(parts) - 1 and inspect.isclass(start) and _is_field(start, part)
        start = getattr(start, part)
    return True


def _is_field(cls: type, name: str) -> bool:
    """Whether the objects of a class have a field that the class itself has not."""
    if any(name in inspect.get_annotations(one) for one in cls.__mro__):
        return True
    try:
        return f"self.{name}" in inspect.getsource(cls)
    except (OSError, TypeError):
        return False


def _classes(home: ModuleType) -> list[type]:
    own = vars(home).values()
    return [one for one in own if inspect.isclass(one) and one.__module__ == home.__name__]


@cache
def _names(source: str) -> frozenset[str]:
    """Return the names that the code of a file uses."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.arg | ast.keyword):
            names.add(node.arg or "")
    return frozenset(names | _keys(source))


def _keys(source: str) -> frozenset[str]:
    """Return the texts of a file's code, among them the keys and columns of what it writes."""
    return frozenset(
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


@cache
def _all_keys() -> frozenset[str]:
    return frozenset().union(*(_keys(path.read_text(encoding="utf-8")) for path in sources()))


@cache
def _arguments(source: str) -> frozenset[str]:
    return frozenset(node.arg for node in ast.walk(ast.parse(source)) if isinstance(node, ast.arg))
