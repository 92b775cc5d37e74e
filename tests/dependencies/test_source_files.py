from pathlib import Path

import pytest

from pipeline.dependencies.source_files import SourceFiles
from pipeline.errors import StrategyError
from tests.sweeps.sources import write


def names(folder: Path, files: dict[str, str], package: str = "") -> list[str]:
    """What was found from the first of some files on."""
    write(folder, files)
    found = SourceFiles()
    found.add_file((folder / next(iter(files))).resolve(), package)
    return [name for name, _ in found.hashed()]


@pytest.mark.parametrize(
    "statement",
    [
        "import helper",
        "import helper as h",
        "from helper import f",
        "from helper import *",
        "import os, helper",
        "def f():\n    import helper",
        "class A:\n    def f(self):\n        from helper import f",
        "try:\n    import absent\nexcept ImportError:\n    import helper",
        "import importlib\nimportlib.import_module('helper')",
        "from importlib import import_module\nimport_module('helper')",
        "__import__('helper')",
    ],
)
def test_an_import_is_found_wherever_it_stands(tmp_path: Path, statement: str):
    files = {"own.py": statement, "helper.py": "", "unused.py": ""}
    assert names(tmp_path, files) == ["", "helper"]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("import pack.inner.a", ["pack", "pack.inner", "pack.inner.a"]),
        ("from pack.inner import a", ["pack", "pack.inner", "pack.inner.a"]),
        ("from pack import inner", ["pack", "pack.inner"]),
        ("import pack", ["pack"]),
    ],
)
def test_a_package_counts_with_the_packages_it_lies_in(tmp_path: Path, statement, found):
    files = {"own.py": statement} | dict.fromkeys(
        ["pack/__init__.py", "pack/inner/__init__.py", "pack/inner/a.py"], ""
    )
    assert names(tmp_path, files) == ["", *found]


def test_a_folder_without_an_init_file_is_a_package_too(tmp_path: Path):
    assert names(tmp_path, {"own.py": "from plain import a", "plain/a.py": ""}) == ["", "plain.a"]


def test_circles_of_imports_end(tmp_path: Path):
    files = {"own.py": "import a", "a.py": "import b", "b.py": "import a, own"}
    assert names(tmp_path, files) == ["", "a", "b", "own"]


def test_what_cannot_be_imported_is_no_obstacle(tmp_path: Path):
    files = {"own.py": "import bad, absent.x\nfrom ...up import x", "bad.py": "def ("}
    assert names(tmp_path, files) == ["", "bad"]


def test_a_file_beside_the_strategy_that_is_named_as_a_library_is_not_taken_for_it(tmp_path: Path):
    assert names(tmp_path, {"own.py": "import json, numpy", "json.py": ""}) == ["", "numpy"]


def test_libraries_count_by_their_versions_and_ringtape_not_at_all(tmp_path: Path, monkeypatch):
    (tmp_path / "own.py").write_text(
        "import numpy.linalg, dateutil, math, json\nimport pipeline.strategy.tif\nimport shm\n"
    )
    found = SourceFiles()
    found.add_file((tmp_path / "own.py").resolve())
    hashed = found.hashed()
    import numpy as np

    assert ["numpy", np.__version__] in hashed
    assert [name for name, _ in hashed] == ["", "dateutil", "numpy"]
    assert all(version for name, version in hashed if name in ("dateutil", "numpy"))
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0")
    assert found.hashed() != hashed


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    with pytest.raises(StrategyError, match=r"cannot read .*absent\.py: No such file"):
        SourceFiles().add_file(tmp_path / "absent.py")
