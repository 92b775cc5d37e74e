"""The expressions that a module computes for a name when it is imported."""

import importlib
import sys
from pathlib import Path

import pytest

from pipeline.dependencies.bindings import bindings

OWN = """
import bound_beside
from bound_beside import TAKEN as KEPT, pair
from bound_circle import CIRCLE

PLAIN = 1
LEFT, (RIGHT, *REST) = pair()
TYPED: float = 2.0
if PLAIN:
    CHOSEN = 3
else:
    CHOSEN = 4
try:
    TRIED = 5
except ValueError:
    TRIED = 6
TYPED += 7


def function():
    PLAIN = 8
    return PLAIN


class Model:
    size = 9
    small: int = 10

    def method(self):
        inside = 11


if __name__ == "__main__":
    PLAIN = 12
"""
BESIDE = "TAKEN = 20\n\n\ndef pair():\n    return 1, (2, 3)\n"
CIRCLE = "CIRCLE = 1\nif not CIRCLE:\n    from bound_own import CIRCLE\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "bound_own.py").write_text(OWN)
    (tmp_path / "bound_beside.py").write_text(BESIDE)
    (tmp_path / "bound_circle.py").write_text(CIRCLE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.import_module("bound_own")
    yield "bound_own"
    for name in ("bound_own", "bound_beside", "bound_circle"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("PLAIN", [1]),
        ("LEFT", [(1, (2, 3))]),
        ("REST", [(1, (2, 3))]),
        ("TYPED", [2.0, 7]),
        ("CHOSEN", [3, 4]),
        ("TRIED", [5, 6]),
        ("Model", [9, 10]),
        ("KEPT", [20]),
        ("CIRCLE", [1]),
        ("function", []),
        ("bound_beside", []),
        ("absent", []),
    ],
)
def test_all_that_may_give_a_name_its_value_is_found(own: str, name: str, values: list[object]):
    assert [one.expression() for one in bindings(own, name)] == values


def test_lines_are_those_of_the_file(own: str, tmp_path: Path):
    (only,) = bindings(own, "KEPT")
    code = only.expression.__code__
    assert (code.co_filename, code.co_firstlineno) == (str(tmp_path / "bound_beside.py"), 1)


def test_libraries_and_modules_without_a_file_have_none():
    assert list(bindings("os", "linesep")) == []
    assert list(bindings("absent", "name")) == []
