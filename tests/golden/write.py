"""Pins what has no digest yet: ``python -m tests.golden.write``, from the repository's folder.

Use it for a case or an example that is new, and for nothing else. A pin is what the first code that
had the case gave for it; a change that gives anything else is a fault of the change, or a change of
the contract, which its commit and CHANGELOG.md must explain. So this refuses to replace a pin: who
means to must delete it from the file by hand, where a reviewer sees it go.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipeline.native.code_cache import kernel_variables

os.environ.update(kernel_variables())  # before anything imports Numba

from pipeline.market.catalog.catalog import Catalog
from pipeline.market.catalog.sample import write_sample
from tests.golden.cases import CASES
from tests.golden.pins import COMPILED, EXAMPLES, FILE, INTERPRETED, pin_case, pin_example, pinned


def with_new(
    before: dict[str, dict[str, Any]], found: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return the pins with the new ones among them; ValueError if one would be replaced."""
    for kind, pins in found.items():
        for name in pins.keys() & before.get(kind, {}).keys():
            raise ValueError(f"{name} is pinned, and a pin never changes: see {__name__}")
    kinds = dict.fromkeys((*before, *found))
    return {kind: {**before.get(kind, {}), **found.get(kind, {})} for kind in kinds}


def _new_case(name: str) -> dict[str, Any]:
    pin, compiled = pin_case(name, INTERPRETED), pin_case(name, COMPILED)
    if pin != compiled:
        raise ValueError(f"{name}: interpreted and compiled differ: {pin} {compiled}")
    return pin


def write() -> list[str]:
    """Pin all that has no pin, and return the names."""
    before: dict[str, dict[str, Any]] = pinned() if FILE.exists() else {}
    found: dict[str, dict[str, Any]] = {"cases": {}, "examples": {}}
    for name in CASES.keys() - before.get("cases", {}).keys():
        found["cases"][name] = _new_case(name)
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Catalog(Path(folder, "catalog")))
        for name in EXAMPLES.keys() - before.get("examples", {}).keys():
            found["examples"][name] = pin_example(name, Path(folder, "catalog"), Path(folder))
    text = json.dumps(with_new(before, found), indent=1, sort_keys=True)
    FILE.write_text(text + "\n", "utf-8")
    return sorted(name for pins in found.values() for name in pins)


if __name__ == "__main__":
    for pinned_name in write():
        sys.stdout.write(f"pinned {pinned_name}\n")
