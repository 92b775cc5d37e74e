"""The files that code comes from: its own, and transitively all that they import.

Files are read, not imported: the imports in the syntax tree of a file, also those in functions, are
looked up as Python would do it. Libraries count by their versions, Ringtape itself does not count
(its sources are hashed as a whole).
"""

import ast
import hashlib
import importlib
import importlib.metadata
import sys
from collections.abc import Iterator
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from pipeline.dependencies.origin import file_of, is_engine, is_library
from pipeline.errors import StrategyError


class SourceFiles:
    """The files and libraries that were reached so far.

    `hashed` does not depend on where the files lie, only on their content and the names under which
    they are imported.
    """

    def __init__(self) -> None:
        self._files: dict[Path, set[str]] = {}
        self._contents: dict[Path, str] = {}
        self._libraries: set[str] = set()
        self._names: set[str] = set()
        self._homes: list[str] = []
        self._own: set[str] = set()
        importlib.invalidate_caches()

    def add_module(self, module: ModuleType) -> None:
        """Add the file of a module, all files that it imports, and the packages that it lies in."""
        path = file_of(module)
        if path is not None:
            self.add_file(path, module.__package__ or "")

    def add_file(self, path: Path, package: str = "") -> None:
        """Add a file that lies in ``package``, as `add_module` does.

        StrategyError if the file cannot be read.
        """
        if path in self._contents:
            return
        if package:
            self._own.add(package.partition(".")[0])
        self._homes.append(str(path.parent))
        # The file counts by its content alone: its name depends on where the process was started.
        self._add("", path, package)
        for name in _with_parents(package):
            self.add_name(name)

    def add_name(self, name: str) -> None:
        """Add the file that an absolute import of ``name`` loads; no file if it is no module."""
        if name in self._names:
            return
        self._names.add(name)
        spec = self._find(name)
        if spec is None:
            return
        top = name.partition(".")[0]
        path = Path(spec.origin).resolve() if spec.has_location and spec.origin else None
        if path is None or is_engine(path):
            return  # without a path it is built into Python, or a package without a file
        if is_library(path) and top not in self._own:
            # The standard library has Python's version, which counts for every strategy.
            self._libraries |= {top} - sys.stdlib_module_names
        else:
            package = name if spec.submodule_search_locations else name.rpartition(".")[0]
            self._add(name, path, package)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that were added, without those of libraries."""
        return tuple(self._contents)

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
        """Find a module as an import would, without loading the packages that it lies in."""
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


def _imported(source: bytes, package: str) -> Iterator[str]:
    """Give the absolute names that a file imports anywhere; some may name no module."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # the file cannot be imported either
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
        return ""  # beyond the top package: the import fails when it runs
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
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())
