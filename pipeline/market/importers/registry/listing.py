"""The list of all importers, for people: Ringtape's own, and those that other packages declare."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec

from pipeline.errors import ConfigError, nearest
from pipeline.market.importers.registry.importer import Conventions
from pipeline.market.importers.registry.own import own_importers, own_names
from pipeline.market.importers.registry.plugins import Plugin, Plugins

_RINGTAPE = "ringtape"


@dataclass(frozen=True, slots=True)
class Listed:
    """An importer as the list has it."""

    name: str
    """Its name, for ``--layout``."""
    package: str
    """The package that has it."""
    version: str
    """Version of another package; "" of Ringtape."""
    endings: tuple[str, ...]
    """Endings of its files; none if it is known by other signs alone."""
    signs: str
    """By which signs it recognises a file; "" of those of other packages."""
    target: str
    """Module and object of another package; "" of Ringtape."""
    conventions: Conventions | None
    """What holds for all its files; None if only an import of it would show that."""
    uses: tuple[str, ...] = ()
    """The options that it uses, beside those that hold for all importers of other packages."""
    fault: str = ""
    """Why it cannot be used, as far as that is known; else ""."""


def list_importers() -> list[Listed]:
    """Return all importers, Ringtape's own first. No package is imported for it."""
    return [*_own(), *map(_declared, Plugins(own_names()).all())]


def describe_importer(name: str) -> Listed:
    """Import an importer and return what it is. ConfigError if there is none of this name.

    DataError, with its package and the reason, if it cannot be used.
    """
    plugins = Plugins(own_names())
    for own in _own():
        if own.name == name:
            return own
    for plugin in plugins.all():
        if plugin.name == name:
            importer = plugins.load(plugin)
            return replace(_declared(plugin), conventions=importer.conventions, uses=importer.uses)
    names = [*own_names(), *(plugin.name for plugin in plugins.all())]
    near = nearest(name, names, 1)
    meant = f"; did you mean {near[0]}?" if near else "; `ringtape importers` lists all"
    raise ConfigError(f"there is no importer {name!r}{meant}")


def _own() -> list[Listed]:
    return [
        Listed(one.name, _RINGTAPE, "", one.endings, one.signs, "", one.conventions)
        for one in own_importers()
    ]


def _is_there(module: str) -> bool:
    """Return whether there is a module of a name without dots, which is not imported for it."""
    return module.isidentifier() and find_spec(module) is not None


def _declared(plugin: Plugin) -> Listed:
    """Return what the metadata of a package say, and whether its module is there at all."""
    fault = plugin.fault
    module = plugin.target.partition(":")[0].strip().partition(".")[0]
    if not fault and module not in sys.modules and not _is_there(module):
        fault = f"there is no module {module}"
    return Listed(
        *(plugin.name, plugin.package, plugin.version, plugin.endings, "", plugin.target, None),
        fault=fault,
    )
