"""What the results of a run follow from besides its settings: code, data and Ringtape itself.

Hashes in the summary say afterwards whether two runs had the same of each.
"""

import platform
from typing import TYPE_CHECKING, Any

from pipeline.dependencies.code import Dependencies, version_of
from pipeline.native.code_cache import source_hash
from pipeline.strategy.source import load_function

if TYPE_CHECKING:
    from pipeline.runner.lanes import Lanes
    from pipeline.runner.preparation import Preparation


def made_from(preparation: "Preparation", lanes: "Lanes") -> dict[str, Any]:
    """Return the summary's entry "made_from"; hashes are texts of hex digits.

    ``ringtape`` and ``python`` are versions and ``sources`` is a hash of the sources that are
    compiled. ``code`` has a hash for each strategy and for the user's commission, by name: of its
    code and of all code and values of the user's that it refers to. It is another one in another
    version of Ringtape or Python. ``bars`` and ``actions`` are the catalog's hashes of the series
    that the run reads, of all their rows, also those outside of the run's dates.
    """
    settings, contents = preparation.settings, preparation.extent.contents
    own = settings.execution.commission
    named: list[tuple[str, Any]] = [
        (setting.name, type(spec.strategy))
        for setting, spec in zip(settings.strategies, lanes.specs, strict=True)
    ]
    named += [] if own is None else [(own, load_function(own))]
    return {
        "ringtape": version_of(__name__),
        "python": platform.python_version(),
        "sources": source_hash(),
        "code": {name: _code_hash(value) for name, value in dict(named).items()},
        "bars": dict(contents.bars),
        "actions": dict(contents.actions),
    }


def _code_hash(value: Any) -> str:
    """Return the hash of a class or function, which is the same in whatever file it is."""
    found = Dependencies({value.__module__: ""})
    found.add(value)
    return found.hashed()
