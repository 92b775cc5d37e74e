"""The files that a strategy's code comes from: its own and, transitively, what it imports.

Found by reading, not by importing: the imports in a file's syntax tree, also those in functions,
are looked up as Python would. Libraries count by their versions, Ringtape itself not at all (its
sources are hashed as a whole).
"""

import ast
import hashlib
import importlib
import importlib.metadata
import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from pipeline.errors import StrategyError

_ENGINE = Path(__file__).parents[2]
#: The folders of Ringtape's own packages.
ENGINE_FOLDERS = (_ENGINE, _ENGINE.parent / "shm")


class SourceFiles:
    """What was reached so far; `hashed` says it in words that do not depend on where files lie."""

    def __init__(self) -> None:
        self._files: dict[Path, set[str]] = {}
        self._contents: dict[Path, str] = {}
        self._libraries: set[str] = set()
        self._names: set[str] = set()
        self._homes: list[str] = []
        self._own: set[str] = set()
        importlib.invalidate_caches()

    def add_module(self, module: ModuleType) -> None:
        """Add the file of a module, what it imports, and the packages that it lies in."""
        path = file_of(module)
        if path is not None:
            self.add_file(path, module.__package__ or "")

    def add_file(self, path: Path, package: str = "") -> None:
        """Add a file in which code begins, as `add_module`; StrategyError if it cannot be read."""
        if path in self._contents:
            return
        if package:
            self._own.add(package.partition(".")[0])
        self._homes.append(str(path.parent))
        # By content alone: what it is called depends on who asks, and from where.
        self._add("", path, package)
        for name in _with_parents(package):
            self.add_name(name)

    def add_name(self, name: str) -> None:
        """Add what an absolute import of ``name`` loads; nothing if it is no module."""
        if name in self._names:
            return
        self._names.add(name)
        spec = self._find(name)
        if spec is None:
            return
        top = name.partition(".")[0]
        path = Path(spec.origin).resolve() if spec.has_location and spec.origin else None
        if path is not None and any(path.is_relative_to(folder) for folder in ENGINE_FOLDERS):
            return
        if path is None:
            return  # built into Python, or a package without a file of its own
        if _is_library(path) and top not in self._own:
            # The standard library is of Python's version, which counts for all strategies.
            self._libraries |= {top} - sys.stdlib_module_names
        else:
            package = name if spec.submodule_search_locations else name.rpartition(".")[0]
            self._add(name, path, package)

    def hashed(self) -> list[list[str]]:
        """Return [name, hash of the content] of each file, then [name, version] of libraries."""
        files = [
            [label, self._contents[path]]
            for path, labels in self._files.items()
            for label in labels
        ]
        return sorted(files) + [[name, self._version(name)] for name in sorted(self._libraries)]

    def _add(self, label: str, path: Path, package: str) -> None:
        self._files.setdefault(path, set()).add(label)
        if path in self._contents:
            return
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StrategyError(f"cannot read {path}: {error.strerror}") from error
        self._contents[path] = hashlib.sha256(content).hexdigest()
        if path.suffix == ".py":
            for name in _imported(content, package):
                for whole in _with_parents(name):
                    self.add_name(whole)

    def _find(self, name: str) -> ModuleSpec | None:
        """Look for a module as an import does, without loading the packages that it lies in."""
        parent = name.rpartition(".")[0]
        if parent:
            above = self._find(parent)
            places = None if above is None else above.submodule_search_locations
            return None if places is None else _search(name, list(places))
        found = _search(name, None)
        if found is None:
            found = PathFinder.find_spec(name, [*self._homes, str(Path.cwd())])
        return found

    def _version(self, library: str) -> str:
        try:
            return importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            versions = [importlib.metadata.version(d) for d in _distributions().get(library, ())]
        if versions:
            return " ".join(sorted(versions))
        spec = self._find(library)
        path = Path(spec.origin) if spec is not None and spec.has_location and spec.origin else None
        return "" if path is None else hashlib.sha256(path.read_bytes()).hexdigest()


def file_of(module: ModuleType | None) -> Path | None:
    """Return the file of a user's module that others can import by name, None if there is none."""
    file = getattr(module, "__file__", None)
    if module is None or module.__name__ == "__main__" or not file:
        return None
    path = Path(file).resolve()
    return path if path.is_file() else None


def is_users(module: ModuleType | None) -> bool:
    """Whether a module is neither of a library nor of Ringtape.

    One without a file is a user's unless it is built into Python; so is one that is not known.
    """
    if module is None or module.__name__ == "__main__":
        return True
    file = getattr(module, "__file__", None)
    if not file:
        return module.__name__.partition(".")[0] not in sys.stdlib_module_names
    path = Path(file).resolve()
    return not _is_library(path) and not any(path.is_relative_to(f) for f in ENGINE_FOLDERS)


def _imported(source: bytes, package: str) -> Iterator[str]:
    """Give the absolute names that a file imports anywhere; what may be no module is among them."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # it cannot be imported either
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node.module or "", node.level, package)
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.Call):
            yield from _called(node, package)


def _called(node: ast.Call, package: str) -> Iterator[str]:
    """Give the name in ``import_module("name")`` or ``__import__("name")``."""
    if ast.unparse(node.func).rpartition(".")[2] not in ("import_module", "__import__"):
        return
    for argument in node.args[:1]:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            name = argument.value.lstrip(".")
            found = _absolute(name, len(argument.value) - len(name), package)
            if found:
                yield found


def _absolute(module: str, level: int, package: str) -> str:
    if level == 0:
        return module
    parts = package.split(".") if package else []
    if level > len(parts):
        return ""  # beyond the top: it fails when it runs
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


def _with_parents(name: str) -> list[str]:
    parts = name.split(".") if name else []
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _search(name: str, places: list[str] | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = None if find is None else find(name, places)
        if spec is not None:
            return spec
    return None


@cache
def _library_folders() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [sysconfig.get_path(name) for name in names]
    folders += [*site.getsitepackages(), site.getusersitepackages()]
    return tuple({Path(folder).resolve() for folder in folders})


def _is_library(path: Path | None) -> bool:
    return path is not None and any(path.is_relative_to(f) for f in _library_folders())


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())
