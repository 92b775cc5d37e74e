"""The importers of other packages: found by what packages declare, imported when they are needed.

A package declares an importer by an entry point of the group ``ringtape.importers``. The name of
one is that of the importer, perhaps with an ending of files behind it::

    [project.entry-points."ringtape.importers"]
    "acme.bars" = "ringtape_acme:IMPORTER"     # asked for each file that ends with .bars
    "acme.csv" = "ringtape_acme:IMPORTER"      # and with .csv
    other = "ringtape_acme:OTHER"              # asked for files that no importer takes

So a package is imported only if there is a file for which its importer is to be asked.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from pipeline.errors import DataError, text_of
from pipeline.market.importers.registry.importer import Importer, fault_of

GROUP: Final = "ringtape.importers"
"""The group of entry points by which packages declare importers."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """An importer that another package declares, as the package's metadata have it."""

    name: str
    """Name of the importer."""
    endings: tuple[str, ...]
    """Endings of the files for which it is asked, such as ``.bars``; without one it is asked for
    files that no importer takes."""
    target: str
    """Module and object, such as ``ringtape_acme:IMPORTER``."""
    package: str
    """Name of the package."""
    version: str
    """Version of the package."""
    fault: str = ""
    """Why it cannot be used, as the metadata show it; "" if they show no reason."""

    @property
    def words(self) -> str:
        """What messages call it: ``'acme' of ringtape-acme 0.1``."""
        return f"{self.name!r} of {self.package} {self.version}"

    def takes(self, name: str) -> bool:
        """Return whether it is asked for each file of such a name."""
        return name.lower().endswith(self.endings) if self.endings else False


class Plugins:
    """The importers that the packages of this Python declare. Any number of threads may use it."""

    def __init__(self, own: Sequence[str]) -> None:
        """Look for nothing yet. ``own`` are the names of Ringtape's own importers."""
        self._own = own
        self._lock = threading.Lock()
        self._found: tuple[Plugin, ...] | None = None
        self._loaded: dict[Plugin, Importer | str] = {}

    def all(self) -> tuple[Plugin, ...]:
        """Return all of them, in the order of their names. No package is imported."""
        with self._lock:
            if self._found is None:
                self._found = _declared(self._own)
            return self._found

    def takes(self, name: str) -> bool:
        """Return whether one of them is asked for each file of such a name."""
        return bool(self.for_file(name))

    def for_file(self, name: str) -> list[Plugin]:
        """Return those that are asked for each file of such a name."""
        return [plugin for plugin in self.all() if plugin.takes(name)]

    def without_ending(self) -> list[Plugin]:
        """Return those that are asked for files that no importer takes."""
        return [plugin for plugin in self.all() if not plugin.endings]

    def that_may_read(self, name: str, layout: str | None) -> list[Plugin]:
        """Return those that may read a file of such a name, or are named as its ``layout``."""
        return [
            plugin
            for plugin in self.all()
            if plugin.takes(name) or not plugin.endings or plugin.name == layout
        ]

    def load(self, plugin: Plugin) -> Importer:
        """Import the importer. DataError, which names its package and the reason, if it is none."""
        with self._lock:
            found = self._loaded.get(plugin)
            if found is None:
                found = self._loaded[plugin] = _load(plugin)
        if isinstance(found, str):
            raise DataError(
                f"the importer {plugin.words} ({plugin.target}) cannot be used: {found}"
            )
        return found


def _declared(own: Sequence[str]) -> tuple[Plugin, ...]:
    points: dict[tuple[str, str, str], list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist is not None else "an unknown package"
        version = point.dist.version if point.dist is not None else ""
        points.setdefault((point.name.partition(".")[0], package, version), []).append(point)
    packages: dict[str, list[str]] = {}
    for name, package, version in sorted(points):
        packages.setdefault(name, []).append(f"{package} {version}")
    found = []
    for (name, package, version), some in sorted(points.items()):
        targets = list(dict.fromkeys(point.value for point in some))
        parts = (point.name.partition(".") for point in some)
        endings = tuple(f".{ending.lower()}" for _, _, ending in parts if ending)
        fault = ""
        if not name:
            fault = f"the entry point {some[0].name!r} has no name before its ending"
        elif name in own:
            fault = "Ringtape has an importer of this name; it needs another one"
        elif len(packages[name]) > 1:
            fault = f"several packages have it ({', '.join(packages[name])}); uninstall all but one"
        elif len(targets) > 1:
            fault = f"its package declares several objects: {', '.join(targets)}"
        found.append(Plugin(name, endings, targets[0], package, version, fault))
    return tuple(found)


def _load(plugin: Plugin) -> Importer | str:
    """Import an importer; return the reason if it cannot be used."""
    if plugin.fault:
        return plugin.fault
    try:
        found = EntryPoint(plugin.name, plugin.target, GROUP).load()
        fault = fault_of(found, plugin.name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the code of others raises
        return f"{type(error).__name__}: {text_of(error) or 'no message'}"
    return fault or found
