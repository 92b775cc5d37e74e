"""A user's functions: names mean in compiled code what they mean in Python."""

import enum
from dataclasses import dataclass

import numpy as np
import pytest
from numba.core.errors import TypingError

from tests.native.compiled import compiled
from tests.reference import costs
from tests.reference.own_process import python

TABLE = np.array([1.0, 2.0])


class Holder:
    NUMBER = 3
    TEXT = "close"
    TABLE = np.array([4.0, 5.0])
    GROWING = [6.0]  # noqa: RUF012  # a constant must not be one

    class Inner:
        PAIR = (7, "seven")

    @staticmethod
    def doubled(value):
        return 2 * value


class Colour(enum.Enum):
    RED = 1


class Leg(enum.IntEnum):
    NONE = 0
    ONE = 1
    TWO = 2


@dataclass(frozen=True)
class Frozen:
    rate: float


@dataclass
class Fluid:
    rate: float


FROZEN, FLUID = Frozen(0.5), Fluid(0.5)


def bounded(value, least=0, most=9):
    return min(max(value, least), most)


def read():
    return costs.HOUR


def even(n):
    return True if n == 0 else not even(n - 1)


def halves(n):
    """A whole number at first, and a fraction in the end."""
    if n > 0:
        return halves(n - 1) + 0.5
    return 0


def leg_of(x):
    return Leg.TWO if x > 0 else Leg.ONE


@pytest.mark.parametrize(
    "function",
    [
        lambda x: bounded(x) + bounded(x, most=1) + bounded(x, 3, most=5),
        lambda x: Holder.NUMBER + Holder.Inner.PAIR[0] + Holder.doubled(x),
        lambda x: Holder.TABLE[x] + TABLE[x] + costs.HOUR,
        lambda x: (Holder.Inner.PAIR[1] == "seven") + (Colour.RED == Colour.RED) + FROZEN.rate,
        lambda x: even(x),
        lambda x: halves(8 * x),
        lambda x: float(Leg.TWO) + int(leg_of(x)) + 0.5 * Leg.ONE + (leg_of(x) < 1.5),
        lambda x: bool(Leg.NONE) + (1 if Leg.TWO else 0) + round(leg_of(x)) + leg_of(x).value,
        lambda x: max(leg_of(x), 3) + min(0.5, Leg.ONE) + max(Leg.ONE, Leg.TWO),
        lambda x: (
            (7, 8, 9)[Leg.TWO] + (7.0, 8.0)[leg_of(x) - 1] + TABLE[Leg.ONE] + TABLE[x * Leg.ONE]
        ),
        lambda x: (7, 8, 9)[leg_of(x)] + Holder.TABLE[leg_of(-x)] + len(range(leg_of(x))),
        lambda x: (y := 2 * x) + y + (z := y if (y := y + 1) > 2 else 0.5) + z,
        lambda x: ((w := TABLE[1:]).sum() > 1.0 and (v := len(w)) > 0) + v + w[0],
        lambda x: (leg_of(x) == Leg.TWO) + (leg_of(x) is Leg.TWO) + (leg_of(x) in (1, 2)),
    ],
)
def test_a_function_gives_what_it_gives_in_python(function):
    assert compiled(function)(1) == function(1)


def shifts(table):
    table[0] += 1.0


@pytest.mark.parametrize(
    "function",
    [lambda: Holder.GROWING[0], lambda: FLUID.rate, lambda: shifts(Holder.TABLE)],
    ids=["a list", "a dataclass that can change", "a write into a constant"],
)
def test_what_code_could_change_is_no_constant(function):
    with pytest.raises(TypingError):
        compiled(function)()


TOLD = """
from numba import int64, njit
from numba.experimental import jitclass
from numba.extending import overload
from pipeline.native.users import users_part

def tenfold(value):
    raise NotImplementedError

@overload(tenfold)
def _tenfold(value):
    return lambda value: 10 * value

@jitclass([("value", int64)])
class Boxed:
    def __init__(self, value):
        self.value = value

body = users_part(lambda x: tenfold(x) + Boxed(x).value)
print(njit(lambda x: body(x))(3))
"""


def test_what_numba_was_told_of_by_the_user_is_left_as_it_is(tmp_path):
    """In a process of its own: all that is compiled depends on what Numba was told of there."""
    path = tmp_path / "told.py"
    path.write_text(TOLD)
    done = python(path)
    assert done.stdout == "33\n"


def test_a_function_is_compiled_anew_when_what_it_reads_has_changed(monkeypatch):
    outer = lambda: read()  # noqa: E731
    assert compiled(outer)() == costs.HOUR
    monkeypatch.setattr(costs, "HOUR", 2)
    assert compiled(outer)() == 2


def test_an_index_out_of_range_raises_in_a_function_that_is_called_too():
    def item(table, place):
        return table[place]

    with pytest.raises(IndexError):
        compiled(lambda place: item(TABLE, place))(2)
