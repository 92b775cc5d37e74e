"""Packages with importers, written by hand into a folder that Python searches."""

import sys
from collections.abc import Iterator, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

from pipeline.market.importers.registry import Conventions

PACKAGES = Path(__file__).parents[1]
ACME = PACKAGES / "plugin_package" / "ringtape_acme.py"
BARS = (
    "ACME bars;MSFT\n"
    "2024-03-04 09:31;100;101;99;100.5;1200\n"
    "2024-03-04 09:32;100.5;102;100;101;300\n"
    "2024-03-04 09:33;101;101.5;100.75;101;0\n"
    "END;3\n"
)
COLUMNS = {
    "ts": pa.array([0, 60, 120], pa.timestamp("s", "UTC")),
    "open": [1.0, 2.0, 3.0],
    "high": [1.0, 2.0, 3.0],
    "low": [1.0, 2.0, 3.0],
    "close": [1.0, 2.0, 3.0],
    "volume": [5, 6, 7],
}


def acme() -> ModuleType:
    """The module of the package in `plugin_package`, which is not installed."""
    spec = spec_from_file_location("ringtape_acme", ACME)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Plain:
    """An importer of files that begin with its word, of which each has the same rows."""

    name = "plain"
    conventions = Conventions("instants", "open", "no", None)
    uses: tuple[str, ...] = ()
    word = b"plain"
    score = 50
    columns: Mapping[str, Any] = COLUMNS

    def __init__(self, **others: Any) -> None:
        for name, value in others.items():
            setattr(self, name, value)

    def sniff(self, path: Path, head: bytes) -> int:
        return self.score if head.startswith(self.word) else 0

    def read(self, path: Path, options: Any) -> Iterator[pa.RecordBatch]:
        whole = pa.RecordBatch.from_pydict(dict(self.columns))
        for first in range(0, whole.num_rows, options.batch_rows):
            yield whole.slice(first, options.batch_rows)


def declare(
    folder: Path,
    patch: pytest.MonkeyPatch,
    package: str,
    points: Mapping[str, str],
    modules: Mapping[str, Any],
) -> None:
    """Write a package as an installer does; ``modules`` are texts, or objects named IMPORTER."""
    place = folder / package
    info = place / f"{package.replace('-', '_')}-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1\n")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(("[ringtape.importers]", *lines, "")))
    for name, content in modules.items():
        if isinstance(content, str):
            (place / f"{name}.py").write_text(content)
            patch.delitem(sys.modules, name, raising=False)
        else:
            module = ModuleType(name)
            module.IMPORTER = content  # type: ignore[attr-defined]
            patch.setitem(sys.modules, name, module)
    patch.syspath_prepend(place)
