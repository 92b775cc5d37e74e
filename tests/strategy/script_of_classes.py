"""A script with all kinds of classes and functions, each shown by a function that begins "case_".

Run as a program it packs these functions into a file, for a process that never saw the script, and
prints what each gives here.
"""

import abc
import contextlib
import enum
import functools
import sys
import threading
import typing
from collections import namedtuple
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from numba import njit

from pipeline.strategy.source import pack


class Lot(enum.IntEnum):
    SMALL = 1
    BIG = 5


class Side(enum.Enum):
    LONG = 1
    SHORT = 2


@dataclass
class Plan:
    size: float = 1.0
    levels: list = field(default_factory=list)


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Fixed:
    size: float = 1.0
    lot: Lot = Lot.BIG


@dataclass
class Longer(Plan):
    side: Side = Side.LONG

    def __post_init__(self):
        self.double = 2 * self.size


def case_dataclasses():
    plan, fixed, longer = Plan(), Fixed(), Longer(3.0)
    return (
        plan,
        replace(plan, size=2.0),
        asdict(plan),
        plan.levels is Plan().levels,
        fixed < replace(fixed, size=2.0),
        hash(fixed) == hash(Fixed()),
        fixed.lot is Lot.BIG,
        hasattr(fixed, "__dict__"),
        longer,
        longer.double,
        [one.name for one in fields(Longer)],
    )


class Pair(typing.NamedTuple):
    one: float
    other: float = 2.0
    lot: Lot = Lot.BIG

    def total(self):
        return self.one + self.other

    def __repr__(self):
        return "a pair"


class Longest(Pair):
    def longest(self):
        return max(self[:2])


Point = namedtuple("Point", "x y")


def case_named_tuples():
    pair = Pair(1.0)
    return (
        pair,
        tuple(pair),
        pair.total(),
        pair.lot is Lot.BIG,
        pair._replace(one=5.0).one,
        Pair._field_defaults,
        list(Pair.__annotations__),
        Longest(3.0).longest(),
        Point(1, 2),
    )


T = typing.TypeVar("T")


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...


class Square(Shape):
    def area(self):
        return super().__class__ is Square


@Shape.register
class Else:
    pass


class Box(typing.Generic[T]):
    def __init__(self, held: T):
        self.held = held


class Numbers(Box[int]):
    pass


def case_classes_of_other_kinds():
    try:
        Shape()
    except TypeError:
        return Square().area(), issubclass(Else, Shape), Box[int](3).held, Numbers(4).held


class Slots:
    __slots__ = "one", "other"

    def __init__(self):
        self.one = 1


class Meta(type):
    def __new__(mcs, name, bases, members):
        return super().__new__(mcs, name, bases, {**members, "added": sorted(members)})


class Made(metaclass=Meta):
    size = 1


class Known:
    names = []  # noqa: RUF012

    def __init_subclass__(cls, key, **more):
        Known.names.append((cls.__name__, key))


class First(Known, key=1): ...


class Second(First, key=2): ...


def case_what_a_class_did_when_it_was_written_is_not_done_again():
    return hasattr(Slots(), "__dict__"), Made.added, Known.names, Second.__mro__[1] is First


class Lazy:
    @functools.cached_property
    def lot(self):
        return Lot.BIG


class Wrapped(Lazy):
    @property
    def own(self):
        return super().lot is Lot.BIG


def case_properties():
    return Lazy().lot is Lot.BIG, Wrapped().own


LOCK = threading.RLock()


def case_a_lock():
    with LOCK:
        return True


def is_even(number):
    return True if number == 0 else is_odd(number - 1)


def is_odd(number):
    return False if number == 0 else is_even(number - 1)


@functools.lru_cache
def fibonacci(number):
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


def counted():
    number = 0

    def count():
        nonlocal number
        number += 1
        return number

    return count


count = counted()


@functools.singledispatch
def kind_of(value):
    return "else"


@kind_of.register
def _(value: int):
    return "a number"


@contextlib.contextmanager
def held():
    yield Lot.BIG


def plus_one(function):
    @functools.wraps(function)
    def wrapper(*given):
        return function(*given) + 1

    return wrapper


@plus_one
def times_big(number):
    return number * Lot.BIG


exec("\n".join(f"def row_{at}(): return row_{at + 1}()" for at in range(300)))


def row_300():
    return "the end"


def case_functions():
    with held() as lot:
        return (
            is_even(10),
            fibonacci(20),
            count(),
            kind_of(1),
            kind_of(""),
            lot is Lot.BIG,
            times_big(2),
            times_big.__name__,
            functools.partial(times_big, 3)(),
            row_0(),  # noqa: F821
        )


REMEMBERED = {}


def remember(name):
    REMEMBERED[name] = Lot.BIG


def case_what_functions_share():
    remember("a")
    return REMEMBERED


@njit
def sized(side, lot):
    return lot + 1 if side == Side.LONG else 1


def case_a_compiled_function():
    return sized(Side.LONG, Lot.BIG)


if __name__ == "__main__":
    CASES = [one for name, one in list(globals().items()) if name.startswith("case_")]
    Path(sys.argv[1]).write_bytes(pack(CASES, []))
    for case in CASES:
        print(case.__name__, case())  # noqa: T201
