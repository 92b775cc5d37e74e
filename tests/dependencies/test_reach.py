"""Which functions a function leads to."""

import functools
import sys
from types import ModuleType
from typing import Any

from pipeline.dependencies.reach import Reach, functions_of

SOURCE = """
import functools
from numba import njit

class Model:
    def used(self):
        return deep()

    def unused(self):
        return far()

    @property
    def shown(self):
        return 1

@njit
def deep():
    return 1

def far():
    return 2

def late():
    return 3

model = Model()

def root():
    from beside import late
    return model.used() + late()

class Own:
    def method(self):
        return self.other()

    def other(self):
        return far()
"""


def made(monkeypatch: Any) -> Any:
    module: Any = ModuleType("made")
    beside: Any = ModuleType("beside")
    exec(SOURCE, vars(module))
    beside.late = vars(module).pop("late")
    monkeypatch.setitem(sys.modules, "made", module)
    monkeypatch.setitem(sys.modules, "beside", beside)
    return module


def reached(reach: Reach, root: Any) -> list[str]:
    return sorted({function.__qualname__ for function, _ in reach.references(root)})


def test_functions_are_reached_by_name_by_import_and_as_methods_that_may_be_called(monkeypatch):
    module = made(monkeypatch)
    # A function that refers to nothing is given with none of its references.
    names = {name for _, one in Reach().references(module.root) for name in [one.name]}
    assert names == {"model", "late", "deep"}
    assert reached(Reach(), module.root) == ["Model.used", "root"]


def test_methods_of_a_class_reach_each_other_through_self(monkeypatch):
    module = made(monkeypatch)
    assert reached(Reach(module.Own), module.Own.method) == ["Own.method", "Own.other"]
    assert reached(Reach(), module.Own.method) == []


def test_what_an_earlier_root_has_led_to_is_left_out(monkeypatch):
    module = made(monkeypatch)
    reach = Reach(module.Own)
    assert reached(reach, module.Own.other) == ["Own.other"]
    assert reached(reach, module.Own.method) == ["Own.method"]


def test_the_functions_of_which_a_value_is_made():
    def plain() -> None: ...

    bound = functools.partial(plain)
    for value in (plain, bound, property(plain), staticmethod(plain), functools.cache(plain)):
        assert list(functions_of(value)) == [plain]
    assert list(functions_of(3)) == []
