"""A script with all kinds of enums, each shown by a function that begins "case_".

Run as a program it packs these functions into a file, for a process that never saw the script, and
prints what each gives here.
"""

import datetime as dt
import enum
import sys
from pathlib import Path

from pipeline.strategy.source import pack


class Lot(enum.IntEnum):
    SMALL = 1
    BIG = 5
    HUGE = 5

    @property
    def half(self):
        return self / 2


def case_an_enum_of_numbers():
    return (
        Lot.BIG is Lot(5),
        Lot["BIG"] is Lot.BIG,
        Lot.HUGE is Lot.BIG,
        list(Lot),
        Lot.BIG + 1,
        list(Lot.__members__),
        repr(Lot),
        Lot.BIG in Lot,
        type(Lot.BIG) is Lot,
        Lot.BIG.half,
    )


class Side(enum.Enum):
    LONG = enum.auto()
    SHORT = enum.auto()

    def turned(self):
        return Side.SHORT if self is Side.LONG else Side.LONG

    @classmethod
    def of(cls, number):
        return cls.LONG if number > 0 else cls.SHORT

    @classmethod
    def _missing_(cls, value):
        return cls.LONG


def case_an_enum():
    return Side.LONG.turned() is Side.SHORT, Side.of(-1), Side(1) is Side.LONG, Side(9)


class Body(enum.Enum):
    EARTH = (1.0, 2.0)
    MARS = (3.0, 4.0)

    def __init__(self, mass, radius):
        self.mass, self.radius = mass, radius


Body.EARTH.next = Body.MARS


def case_members_with_attributes():
    return Body.MARS.mass, Body.EARTH.next is Body.MARS, Body((1.0, 2.0)) is Body.EARTH


class Axis(bytes, enum.Enum):
    X = (0, "across")
    Y = (1, "up")

    def __new__(cls, number, label):
        member = bytes.__new__(cls, [number])
        member._value_, member.label = number, label
        return member


def case_members_that_are_made_in_a_way_of_their_own():
    return Axis.X.label, Axis(1) is Axis.Y, bytes(Axis.Y)


class Rights(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()
    BOTH = READ | WRITE


class Bits(enum.IntFlag):
    FOUR = 4
    TWO = 2


def case_flags():
    return (
        Rights.READ | Rights.WRITE is Rights.BOTH,
        list(Rights.BOTH),
        Rights(3) is Rights.BOTH,
        Bits.FOUR | Bits.TWO,
        Bits.FOUR | 8,
    )


class Name(enum.StrEnum):
    A = enum.auto()
    B = "b"


class Day(dt.date, enum.Enum):
    FIRST = (2020, 1, 2)


class Base(enum.IntEnum):
    def twice(self):
        return 2 * self


class Derived(Base):
    THREE = 3

    def thrice(self):
        return super().twice() + self


def case_enums_that_are_more():
    return Name.A == "a", Name("b") is Name.B, f"{Name.A}", Day.FIRST.year, Derived.THREE.thrice()


class Odd(enum.Enum):
    OBJECT = object()
    NAN = float("nan")
    LIST = [1, 2]  # noqa: RUF012  # as users write it


HELD = Odd.OBJECT, Odd.NAN, Odd.LIST


def case_members_whose_values_equal_no_copy():
    return [one is other for one, other in zip(HELD, Odd, strict=True)]


class Outer:
    class Kind(enum.Enum):
        ONE = 1

    kind = Kind.ONE

    def is_one(self):
        return self.kind is Outer.Kind.ONE is self.Kind.ONE


def case_an_enum_in_a_class():
    return Outer().is_one(), Outer.Kind.__qualname__


TABLE = {Lot.BIG: "big", Side.LONG: Lot.SMALL}


def case_values_with_members(lot=Lot.BIG, *, side=Side.LONG):
    return lot is Lot.BIG, side is Side.LONG, TABLE[Lot.BIG], TABLE[side] is Lot.SMALL


class Twice(enum.IntEnum):
    ONE = 1


OLD = Twice.ONE


class Twice(enum.IntEnum):
    ONE = 2


def case_two_enums_of_one_name():
    return OLD, Twice.ONE, OLD is Twice.ONE, type(OLD) is Twice


if __name__ == "__main__":
    CASES = [one for name, one in list(globals().items()) if name.startswith("case_")]
    Path(sys.argv[1]).write_bytes(pack(CASES, []))
    for case in CASES:
        print(case.__name__, case())  # noqa: T201
