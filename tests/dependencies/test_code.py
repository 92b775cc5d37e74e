"""Which changes of code and values change the hash of a function or class, and which do not."""

import copyreg
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline.dependencies.code import code_hash
from tests.sweeps.sources import python

SOURCE = """
import numpy as np
from numba import njit
import settings

LEVEL = 1.0
LEVELS = np.array([1.0, 2.0])


@njit
def helper(x):
    return x + 1


def on_bar(self, bar, ctx, size=1):
    if bar.close > LEVEL + LEVELS[0] + settings.LEVEL:
        return helper(size) + settings.size()
    return [x for x in (1, 2)]
"""
SETTINGS = """
LEVEL = 3.0


def size():
    return 1
"""


def hashed(monkeypatch: pytest.MonkeyPatch, source: str = SOURCE, settings: str = SETTINGS) -> str:
    module: Any = ModuleType("settings")
    exec(settings, vars(module))
    monkeypatch.setitem(sys.modules, "settings", module)
    namespace: dict[str, Any] = {"__name__": "strategy"}
    exec(source, namespace)
    return code_hash(namespace["on_bar"])


def test_the_same_source_has_the_same_hash_wherever_it_stands(monkeypatch):
    moved = "# a comment\n\n\n" + SOURCE
    assert hashed(monkeypatch) == hashed(monkeypatch, moved)
    assert len(hashed(monkeypatch)) == 32


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bar.close >", "bar.close <"),
        ("bar.close", "bar.open"),
        ("LEVEL = 1.0", "LEVEL = 1.5"),
        ("[1.0, 2.0]", "[1.0, 2.5]"),
        ("x + 1", "x + 2"),
        ("size=1", "size=2"),
        ("(1, 2)", "(1, 3)"),
        ("x for x", "-x for x"),
    ],
)
def test_what_changes_the_result_changes_the_hash(monkeypatch, old: str, new: str):
    assert hashed(monkeypatch) != hashed(monkeypatch, SOURCE.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [("3.0", "3.5"), ("return 1", "return 2")])
def test_what_is_reached_through_a_module_counts(monkeypatch, old: str, new: str):
    changed = SETTINGS.replace(old, new)
    assert hashed(monkeypatch) != hashed(monkeypatch, settings=changed)


def test_functions_that_call_each_other_have_a_hash():
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    assert code_hash(even) == code_hash(even) != code_hash(odd)


def test_texts_count(tmp_path: Path):
    assert code_hash("a", "b") != code_hash("a", textwrap.dedent("c"))


def test_values_that_refer_to_themselves_end():
    circle: list[object] = [1]
    circle.append(circle)
    loop: type = type("Loop", (), {"__module__": "made", "circle": circle})
    loop.itself = loop()  # type: ignore[attr-defined]
    loop.itself.other = loop  # type: ignore[attr-defined]
    assert code_hash(loop) == code_hash(loop) != code_hash(loop, loop)


def test_methods_and_modules_without_a_file_are_followed():
    def hashed(number: int) -> str:
        made = ModuleType("made")
        exec(f"class A:\n    def f(self):\n        return {number}\na = A()", vars(made))
        space = {"made": made, "__name__": "elsewhere"}
        exec("def f():\n    return made.a.f()", space)
        return code_hash(space["f"], vars(made)["a"].f)

    assert hashed(1) == hashed(1) != hashed(2)


def test_a_class_whose_instance_was_pickled_keeps_its_hash():
    """Pickling notes the names of slots in the class, which changes nothing that it does."""

    class Pickled:
        size = 3

    before = code_hash(Pickled)
    copyreg._slotnames(Pickled)
    assert "__slotnames__" in vars(Pickled)
    assert code_hash(Pickled) == before


# --- values of every kind ------------------------------------------------------------------------

HELD = """
import collections, dataclasses, datetime, decimal, enum, functools, math, operator, re, types
import numba, numpy as np
from typing import NamedTuple


def scaled(x, by=2.0):
    return x * by


@functools.cache
def kept(x):
    return x + {number}


@numba.vectorize
def each(x):
    return x + {number}


class Side(enum.Enum):
    BUY = {number}


class Level(enum.IntEnum):
    LOW = {number}


class Named(NamedTuple):
    size: int = {number}


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    size: int = 1


class Plain:
    level = {number}


class Counted(dict):
    pass


class Marked(int):
    mark = {number}


def marked():
    pass


marked.level = {number}
counted = Counted()
counted.level = {number}
VALUE = {value}


def f():
    return VALUE
"""
VALUES = [
    "{number}",
    "{number}.0",
    "float({number})",
    "'{number}'",
    "[1, {{'a': {number}}}]",
    "{{'x', 'y', {number}}}",
    "frozenset(['x', {number}])",
    "types.MappingProxyType({{'a': {number}}})",
    "collections.OrderedDict(a={number})",
    "collections.deque([{number}])",
    "range({number})",
    "slice({number})",
    "complex({number})",
    "np.array([{number}])",
    "np.array([{number}, 'a'], object)",
    "np.float64({number})",
    "np.datetime64({number}, 'ns')",
    "np.dtype(('f8', {number}))",
    "datetime.timedelta({number})",
    "decimal.Decimal({number})",
    "re.compile('{number}')",
    "operator.itemgetter({number})",
    "numba.types.UniTuple(numba.float64, {number})",
    "functools.partial(scaled, by={number})",
    "lambda x, *, by={number}: x",
    "(lambda by: lambda x: x * by)({number})",
    "kept",
    "each",
    "Side.BUY",
    "Side",
    "Level.LOW",
    "Named()",
    "Slotted({number})",
    "Plain",
    "Plain()",
    "Plain().__class__.mro",
    "Marked(1)",
    "counted",
    "marked",
]


def held(value: str, number: int) -> str:
    module: Any = ModuleType("held")
    exec(HELD.format(number=number, value=value.format(number=number)), vars(module))
    return code_hash(module.f)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_of_any_kind_counts_with_all_that_it_holds(value: str):
    assert held(value, 3) == held(value, 3) != held(value, 4)


def test_values_of_other_types_differ_and_functions_in_c_by_their_names():
    values = ("1", "1.0", "True", "'1'", "np.float32(1)", "[1]", "(1,)")
    functions = ("math.sqrt", "math.floor", "np.sqrt", "np.mean")
    found = [held(value, 1) for value in (*values, *functions)]
    assert len(set(found)) == len(found)


#: Values of libraries that keep something of the process, such as a generator or a lock.
LIBRARYS = [
    "__import__('scipy.stats').stats.norm",
    "__import__('scipy.stats').stats.norm({number})",
    "__import__('pandas').DataFrame({{'a': [{number}], 'b': ['x']}})",
    "__import__('logging').getLogger('{number}')",
    "__import__('threading').Lock()",
]


def test_every_process_finds_the_same_hash(tmp_path: Path):
    """Sets are ordered differently in each process, and objects lie elsewhere."""
    code = (
        "from tests.dependencies.test_code import LIBRARYS, VALUES, held\n"
        "print([held(value, 3) for value in VALUES + LIBRARYS])"
    )
    here = str([held(value, 3) for value in VALUES + LIBRARYS])
    assert python(code, working=tmp_path) == here


def test_objects_that_cannot_be_looked_into_count_by_their_type():
    def lock() -> str:
        return held("__import__('threading').Lock()", 1)

    assert lock() == lock() != held("(_ for _ in ())", 1)


def test_equal_constants_may_be_one_object_or_several():
    one, other = ((1.5, text) for text in ("a", "a"))
    assert one is not other
    assert code_hash([one, one]) == code_hash([one, other])


def test_values_may_be_nested_deeper_than_functions_can_call_each_other():
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    assert code_hash(deep) == code_hash(deep)


def test_a_function_that_calls_a_later_one_has_a_hash_before_that_is_made():
    def outer() -> Any:
        def early() -> Any:
            return late()

        before = code_hash(early)

        def late() -> int:
            return 1

        return before, code_hash(early)

    before, after = outer()
    assert before != after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def f(a, b):", "def f(a, *, b):"),
        ("def f(a, b):", "def f(a, b, *c):"),
        ("except ValueError", "except TypeError"),
        ("return a", "return b"),
    ],
)
def test_what_a_function_takes_and_catches_counts(old: str, new: str):
    source = "def f(a, b):\n    try:\n        return a\n    except ValueError:\n        return 1\n"
    assert old in source
    found = []
    for text in (source, source.replace(old, new)):
        space: dict[str, Any] = {"__name__": "made"}
        exec(text, space)
        found.append(code_hash(space["f"]))
    assert found[0] != found[1]


def test_modules_that_name_each_other_end(monkeypatch: pytest.MonkeyPatch):
    def hashed(number: int) -> str:
        left, right = ModuleType("left"), ModuleType("right")
        left.right, right.left, right.SIZE = right, left, number  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "left", left)
        monkeypatch.setitem(sys.modules, "right", right)
        space = {"left": left, "__name__": "made"}
        exec("def f():\n    return left.right.left.right.SIZE", space)
        return code_hash(space["f"])

    assert hashed(1) == hashed(1) != hashed(2)


def test_a_function_of_a_library_is_followed_if_it_is_what_is_asked_about(tmp_path, monkeypatch):
    """As one of a user's that is installed like a library."""

    def hashed(number: int, ask: str = "f") -> str:
        module = ModuleType("installed")
        module.__file__ = str(Path(pytest.__file__).with_name("installed.py"))
        monkeypatch.setitem(sys.modules, "installed", module)
        source = f"LEVEL = {number}\ndef g():\n    return LEVEL\ndef f():\n    return g()\n"
        exec(compile(source, module.__file__, "exec"), vars(module))
        outside = {"f": vars(module)["f"], "__name__": "made"}
        exec("def h():\n    return f()", outside)
        return code_hash({"f": outside["f"], "h": outside["h"]}[ask])

    assert hashed(1) == hashed(1) != hashed(2)
    assert hashed(1, "h") == hashed(2, "h")
