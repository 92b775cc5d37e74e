"""A strategy in a package whose modules hold constants of every kind, and one edit for each kind.

Every value is reached from `worth`, which the strategy's hook, a commission and an indicator call.
"""

import sys
from collections.abc import Collection
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGE = "edited"

STRATEGY = """
from pipeline import Strategy
from edited.worth import worth


class Own(Strategy):
    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, worth(bar.close))


def fee(order):
    return worth(order.value)


def spread(window, params):
    return worth(window[0])
"""

WORTH = """
import functools

from edited import arrays, choice, constants, jitted, outside
from edited.classes import Child, Point, Settings, Stored
from edited.enums import Level, Number, Permission
from edited.middle import deep, inner
from edited.nested import low


def scaled(x, by=2.0, *, plus=1.0):
    return x * by + plus


def maker(by):
    return lambda x: x * by


tripled, halved = maker(3.0), functools.partial(scaled, by=0.5)


def worth(x):
    total = Level.SIZE.value + Number.TWO + Permission.BOTH.value
    total += Child.size + Child.own + Settings().limit + Settings().made() + Point().x
    total += Stored().slot + Child().bonus + Child.doubled(1.0) + Child.named(1.0)
    total += scaled(x) + tripled(x) + halved(x) + deep(x) + inner
    total += constants.NUMBER + constants.TABLE["a"][0] + constants.VERY.LONG.PATH
    total += arrays.WEIGHTS[0] + arrays.PAIRS["a"][0] + low.deeper.DEPTH
    total += choice.chosen(x) + outside.FROM_FILE + outside.FROM_ENVIRONMENT
    total += jitted.plain(x) + jitted.fast(x) + jitted.outer(x) + jitted.typed(x)
    total += jitted.each(x) + jitted.back(x) + jitted.overloaded(x) + jitted.Machine(x).turned()
    return total
"""

ENUMS = """
import enum


class Level(enum.Enum):
    SIZE = 3.0


class Number(enum.IntEnum):
    TWO = 2


class Permission(enum.Flag):
    READ = 1
    WRITE = 2
    BOTH = READ | WRITE
"""

CLASSES = """
from dataclasses import dataclass, field
from typing import NamedTuple


class Base:
    size = 1.0

    @property
    def bonus(self):
        return 4.0

    @classmethod
    def named(cls, x):
        return x + 5.0


class Child(Base):
    own = 2.0

    @staticmethod
    def doubled(x):
        return x * 2.0


@dataclass(frozen=True)
class Settings:
    limit: float = 10.0
    made: object = field(default_factory=lambda: int)


class Point(NamedTuple):
    x: float = 6.0


class Stored:
    __slots__ = ("slot",)

    def __init__(self):
        self.slot = 7.0
"""

JITTED = """
from numba import cfunc, float32, float64, njit, vectorize
from numba.experimental import jitclass
from numba.extending import overload


def plain(x):
    return 1.0 / x


@njit
def fast(x):
    return x + 11.0


@njit(error_model="python")
def inner(x):
    return x + 12.0


@njit(nogil=True)
def outer(x):
    return inner(x)


@njit(locals={})
def typed(x):
    return x / 3


@vectorize
def each(x):
    return x + 13.0


@cfunc("float64(float64)")
def back(x):
    return x + 14.0


def overloaded(x):
    return 0.0


@overload(overloaded, inline="never")
def _overloaded(x):
    return lambda x: x + 15.0


@jitclass([("x", float64)])
class Machine:
    def __init__(self, x):
        self.x = x

    def turned(self):
        return 16.0
"""

FILES = {
    "__init__.py": "",
    "strategy.py": STRATEGY,
    "worth.py": WORTH,
    "enums.py": ENUMS,
    "classes.py": CLASSES,
    "jitted.py": JITTED,
    "constants.py": """
NUMBER = 1.0
TABLE = {"a": [1.5]}


class VERY:
    class LONG:
        PATH = 17.0
""",
    "arrays.py": """
import numpy as np

WEIGHTS = np.array([1.0, 2.0])
PAIRS = np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")])
""",
    "middle.py": "from edited.bottom import deep, inner\n",
    "bottom.py": "inner = 18.0\n\n\ndef deep(x):\n    return x + 19.0\n",
    "nested/__init__.py": "",
    "nested/low.py": "from edited.nested import deeper\n",
    "nested/deeper.py": "DEPTH = 20.0\n",
    "choice.py": """
FIRST = True
if FIRST:
    from edited.bottom import deep as chosen
else:
    from edited.other import deep as chosen
""",
    "other.py": "def deep(x):\n    return x + 19.5\n",
    "outside.py": """
import os
from pathlib import Path

FROM_FILE = float(Path(__file__).with_name("value.txt").read_text())
FROM_ENVIRONMENT = float(os.environ.get("EDITED_SIZE", "1.0"))
UNUSED = 1
""",
    "value.txt": "21.0",
}

#: By what is edited: the file, the text in it, and the text in its place.
EDITS = {
    "an enum's value": ("enums.py", "SIZE = 3.0", "SIZE = 7.0"),
    "an IntEnum's value": ("enums.py", "TWO = 2", "TWO = 3"),
    "a Flag's value": ("enums.py", "READ | WRITE", "WRITE"),
    "an inherited class attribute": ("classes.py", "size = 1.0", "size = 1.5"),
    "a class attribute": ("classes.py", "own = 2.0", "own = 2.5"),
    "an inherited property": ("classes.py", "return 4.0", "return 4.5"),
    "a class method": ("classes.py", "x + 5.0", "x + 5.5"),
    "a static method": ("classes.py", "x * 2.0", "x * 2.5"),
    "a dataclass field's default": ("classes.py", "= 10.0", "= 10.5"),
    "a dataclass field's factory": ("classes.py", "lambda: int", "lambda: float"),
    "a decorator's option in Python": ("classes.py", "frozen=True", "order=True"),
    "a named tuple's default": ("classes.py", "x: float = 6.0", "x: float = 6.5"),
    "what fills a slot": ("classes.py", "slot = 7.0", "slot = 7.5"),
    "a function's default": ("worth.py", "by=2.0", "by=2.5"),
    "a function's keyword default": ("worth.py", "plus=1.0", "plus=1.5"),
    "a closure": ("worth.py", "maker(3.0)", "maker(3.5)"),
    "a partial's argument": ("worth.py", "by=0.5", "by=0.75"),
    "a function behind two modules": ("bottom.py", "x + 19.0", "x + 19.25"),
    "a number behind two modules": ("bottom.py", "inner = 18.0", "inner = 18.5"),
    "which module is imported": ("choice.py", "FIRST = True", "FIRST = False"),
    "a number of a module": ("constants.py", "NUMBER = 1.0", "NUMBER = 1.5"),
    "the type of a number": ("constants.py", "[1.5]", "[1]"),
    "a class in a class": ("constants.py", "PATH = 17.0", "PATH = 17.5"),
    "an array": ("arrays.py", "[1.0, 2.0]", "[1.0, 2.5]"),
    "the type of an array": ("arrays.py", '"i4"', '"i8"'),
    "a module of a module": ("nested/deeper.py", "20.0", "20.5"),
    "a file": ("value.txt", "21.0", "21.5"),
    "a decorator that is added": ("jitted.py", "def plain", "@njit\ndef plain"),
    "a decorator that is removed": ("jitted.py", "@njit\ndef fast", "def fast"),
    "a decorator's option": ("jitted.py", "nogil=True", 'nogil=True, error_model="numpy"'),
    "another option": ("jitted.py", 'error_model="python"', "fastmath=True"),
    "a decorator's types": ("jitted.py", "locals={}", 'locals={"x": float32}'),
    "a vectorized function": ("jitted.py", "x + 13.0", "x + 13.5"),
    "options of vectorize": ("jitted.py", "@vectorize\n", "@vectorize(fastmath=True)\n"),
    "a callback": ("jitted.py", "x + 14.0", "x + 14.5"),
    "a callback's types": ("jitted.py", '"float64(float64)"', '"float32(float32)"'),
    "an overload": ("jitted.py", "x + 15.0", "x + 15.5"),
    "the fields of a jitclass": ("jitted.py", '("x", float64)', '("x", float32)'),
    "a method of a jitclass": ("jitted.py", "return 16.0", "return 16.5"),
}
#: The value of an environment variable, which the module `outside` reads when it is imported.
ENVIRONMENT = "EDITED_SIZE"


def write(folder: Path, edits: Collection[str] = ()) -> None:
    """Write the package into a folder with some of the edits made."""
    for name, text in FILES.items():
        for kind in edits:
            file, old, new = EDITS[kind]
            if file == name:
                assert old in text, kind
                text = text.replace(old, new)
        path = folder / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@contextmanager
def imported(folder: Path) -> Any:
    """Import the strategy's module anew from a folder, and forget the package again."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield __import__(f"{PACKAGE}.strategy", fromlist=["Own"])
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if name.partition(".")[0] == PACKAGE:
                del sys.modules[name]
