"""What of Python a compiled hook may not use, in one line with its place and a way on."""

import datetime as dt
import enum
import functools
import logging
import math
import pdb
from typing import Any

import numpy as np
import pytest

from tests.strategy.compiled.refused import INTERPRETED, MAY_RUN, Cases, assert_refused

SEEN: dict[int, float] = {}
LEVELS = [1.0, 2.0]
CASES = Cases()
case = CASES.case
log = logging.getLogger("hooks")


class Plain:
    """A class of the user's."""

    NUMBER = 1
    GROWING = [1.0]  # noqa: RUF012


THING = Plain()


class Colour(enum.Enum):
    RED = 1


class Leg(enum.IntEnum):
    ONE = 1


class Sides(enum.IntFlag):
    LEFT = 1
    RIGHT = 2


def depth(self, n):
    return 1 if n < 2 else n * self.depth(n - 1)  # here


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


def is_even(n):
    return True if n == 0 else is_odd(n - 1)  # here


def endless(n):
    return endless(n - 1) + 1  # here


@functools.cache
def remembered(value):
    return value


@case(
    "it has a format in an f-string, like {x:.2f};"
    f' print the value beside the text: print("close", x){INTERPRETED}'
)
def a_format(self, bar, ctx):
    print(f"{bar.close:.2f}")  # here  # noqa: T201


@case(
    "it makes a text of a float, in an f-string or by str();"
    f' print the value beside the text: print("close", x){INTERPRETED}'
)
def a_text_of_a_float(self, bar, ctx):
    print(f"close {bar.close}")  # here  # noqa: T201


@case(f"it formats a text with %; print the values themselves{INTERPRETED}")
def a_format_by_per_cent(self, bar, ctx):
    print("%f" % bar.close)  # here  # noqa: T201, UP031


@case(f"it has an `except ... as error`; write `except Exception:`{INTERPRETED}")
def an_error_with_a_name(self, bar, ctx):
    try:
        self.count = 1 // self.count
    except Exception as error:  # here  # noqa: BLE001, F841
        self.count = 0


@case(
    "it has an `except` of one kind of exception; write `except Exception:`, which catches every "
    f"kind{INTERPRETED}"
)
def one_kind_of_error(self, bar, ctx):
    try:
        self.count = 1 // self.count
    except ZeroDivisionError:  # here
        self.count = 0


@case("it sets a global variable; memory of a strategy is declared: name: float = state(0.0)")
def a_global_is_set(self, bar, ctx):
    global counted
    counted = 1  # here


@case(f"it has an import; import at the top of the file{INTERPRETED}")
def an_import(self, bar, ctx):
    import math  # here  # noqa: F401


@case(f"it has a `with` block{INTERPRETED}")
def a_with(self, bar, ctx):
    with open("x") as file:  # here  # noqa: PTH123
        file.read()


@case(
    "it has a `:=` within a comprehension; write a loop, or assign on a line of its own"
    f"{INTERPRETED}"
)
def a_walrus_in_a_comprehension(self, bar, ctx):
    found = [twice for one in range(3) if (twice := 2 * one) > 1]  # here
    ctx.market(0, found[0])


@case(
    'SEEN is a dict, which may change; make it a tuple of pairs, as in (("a", 0.5), ("b", 1.5)), '
    f"to go through with `for name, number in ...`; what changes is a state{INTERPRETED}"
)
def a_dict_of_the_module(self, bar, ctx):
    SEEN[bar.symbol] = 1  # here


@case(
    "LEVELS is a list, which may change; make it a tuple or a NumPy array; what changes is a "
    f"state{INTERPRETED}"
)
def a_list_of_the_module(self, bar, ctx):
    ctx.market(0, LEVELS[0])  # here


@case(f"THING is an object of {Plain.__module__}.Plain{INTERPRETED}")
def an_object(self, bar, ctx):
    ctx.market(0, THING.NUMBER)  # here


@case("it makes an object of the class Plain; use numbers, tuples and named tuples" + INTERPRETED)
def a_new_object(self, bar, ctx):
    ctx.market(0, Plain().NUMBER)  # here


@case(
    "Plain has no constant or function 'GROWING'; constants are numbers, texts, tuples and arrays"
)
def a_list_of_another_class(self, bar, ctx):
    ctx.market(0, Plain.GROWING[0])  # here


@case("it sets Plain.NUMBER; memory of a strategy is declared: name: float = state(0.0)")
def a_class_is_set(self, bar, ctx):
    Plain.NUMBER = 2  # here


@case(f"remembered is a function with a cache; leave the decorator out{INTERPRETED}")
def a_function_with_a_cache(self, bar, ctx):
    ctx.market(0, remembered(3))  # here


@case(f"it calls super(); name the base class, as in Base.method(self, bar){INTERPRETED}")
def a_call_of_super(self, bar, ctx):
    super().on_bar(bar, ctx)  # here


@case(f"it calls open, which is not compiled{INTERPRETED}")
def a_function_of_python(self, bar, ctx):
    open("x")  # here  # noqa: PTH123, SIM115


@case(
    "it uses logging.info, of a library; functions of your own, of math and most of NumPy's are "
    f"compiled{INTERPRETED}"
)
def a_function_of_a_library(self, bar, ctx):
    logging.info("x")  # here


@case(f"log is an object of logging.Logger{INTERPRETED}")
def an_object_of_a_library(self, bar, ctx):
    log.info("x")  # here


@case(
    "it uses datetime.datetime; ctx.time has the hour, the weekday and more on the exchange's clock"
    f"{INTERPRETED}"
)
def a_date(self, bar, ctx):
    ctx.market(0, dt.datetime.fromtimestamp(bar.ts).hour)  # here  # noqa: DTZ006


@case(f"it uses numpy.busday_count in a way that the compiler does not know{INTERPRETED}")
def a_function_of_numpy(self, bar, ctx):
    ctx.market(0, np.busday_count(bar.ts, bar.ts))  # here


@case("name 'quantiy' is not defined")
def an_unknown_name(self, bar, ctx):
    ctx.market(0, quantiy)  # here  # noqa: F821


@case(
    "size is first a number, then the text 'a'; give it one type; nan stands for a number that "
    f"is not there{INTERPRETED}"
)
def a_number_and_then_a_text(self, bar, ctx):
    size = 1.0
    if bar.close > 3:
        size = "a"
    print(size)  # here  # noqa: T201


@case("it puts the text 'a' where an integer belongs")
def a_text_in_a_number(self, bar, ctx):
    self.count = "a"  # here


@case("it calls an integer; leave the parentheses out where a name is a value")
def a_number_is_called(self, bar, ctx):
    ctx.market(0, ctx.now())  # here


@case("it has the operation add of the method position and an integer")
def a_method_is_not_called(self, bar, ctx):
    ctx.market(0, ctx.position + 1)  # here


@case(
    "it has an empty list, of which no type is known; use an array of a size, as in np.zeros(20); "
    f"for numbers[1:2] = [] write numbers.pop(1){INTERPRETED}"
)
def an_empty_list(self, bar, ctx):
    found = []  # here  # noqa: F841


@case("it has the operation getitem of a number and an integer")
def a_number_is_taken_for_a_series(self, bar, ctx):
    ctx.market(0, bar.close[-1])  # here


@case("it has the operation len of a number")
def a_number_is_counted(self, bar, ctx):
    ctx.market(0, len(bar.close))  # here


@case("a number has no attribute 'mean'")
def a_number_is_taken_for_an_array(self, bar, ctx):
    ctx.market(0, bar.close.mean())  # here


@case("it has the operation gt of ctx and an integer")
def ctx_is_compared(self, bar, ctx):
    if ctx > 1:  # here
        ctx.market(0, 1.0)


@case(f"it has the operation or_ of a dict and a dict{INTERPRETED}")
def dicts_are_joined(self, bar, ctx):
    ctx.market(0, len({1: 1.0} | {2: 1.0}))  # here


@case("it has the operation mul of a list and a list")
def lists_are_multiplied(self, bar, ctx):
    ctx.market(0, ([1.0] * [2.0])[0])  # here


@case("math has no 'sqroot'; did you mean sqrt?")
def a_function_that_a_library_lacks(self, bar, ctx):
    ctx.market(0, math.sqroot(bar.close))  # here


@case("numpy has no 'meen'; did you mean mean?")
def a_function_that_numpy_lacks(self, bar, ctx):
    ctx.market(0, np.meen(ctx.window(0, "close", 3)))  # here


@case(f"it has a set of what the compiler takes in no set; use a tuple{INTERPRETED}")
def a_set_of_one_text(self, bar, ctx):
    names = {"ALFA"}  # here
    if "BRVO" in names:
        ctx.market(0, 1.0)


@case(
    "it calls breakpoint(); a debugger needs a run in one process: run(..., inline=True), or "
    "ringtape run --inline"
)
def a_breakpoint(self, bar, ctx):
    breakpoint()  # here


@case(
    "it calls set_trace(); a debugger needs a run in one process: run(..., inline=True), or "
    "ringtape run --inline"
)
def a_breakpoint_of_older_days(self, bar, ctx):
    pdb.set_trace()  # here


@case(
    "it calls itself through self; write a loop, or a function outside the class, which may call "
    f"itself{INTERPRETED}",
    depth=depth,
)
def a_method_that_calls_itself(self, bar, ctx):
    ctx.market(0, self.depth(3))  # calls it


@case(
    "it has a function inside that calls itself or sets a variable of the outer one; write it "
    f"outside, as a function of the module{INTERPRETED}"
)
def a_function_inside_that_calls_itself(self, bar, ctx):
    def product(n):  # here
        return 1 if n < 2 else n * product(n - 1)

    ctx.market(0, product(3))


@case(
    "it calls itself wherever it returns, so that no call would end; return a value without a call "
    "in one of its cases"
)
def a_call_without_an_end(self, bar, ctx):
    ctx.market(0, endless(3))  # calls it


@case(
    "it calls is_odd, which leads back here; make one function of those that call each other, "
    f"which may call itself, or a loop{INTERPRETED}"
)
def functions_that_call_each_other(self, bar, ctx):
    ctx.market(0, 1.0 + is_odd(3))  # calls it


@case(
    "it calls ctx.market with an integer, a member of Colour, expected ctx.market(symbol, "
    "quantity); write .value behind it"
)
def a_member_that_is_no_number(self, bar, ctx):
    ctx.market(0, Colour.RED)  # here


@case(f"it puts a member of Leg into an array; write .value behind it{INTERPRETED}")
def a_member_in_an_array(self, bar, ctx):
    ctx.market(0, np.array([Leg.ONE, Leg.ONE])[0])  # here


@case(f"it has the operation zeros of a member of Leg; write .value behind it{INTERPRETED}")
def a_member_as_a_size(self, bar, ctx):
    ctx.market(0, np.zeros(Leg.ONE)[0])  # here


@case("it has the operation or_ of a member of Sides; write .value behind it" + MAY_RUN)
def flags(self, bar, ctx):
    ctx.market(0, Sides.LEFT | Sides.RIGHT)  # here


@case(
    "it raises an exception with a list in it, such as a group of exceptions; raise one exception, "
    f"with a text{INTERPRETED}"
)
def a_group_of_exceptions(self, bar, ctx):
    raise ExceptionGroup("several", [ValueError("a"), TypeError("b")])  # here


@case(f"it has a `raise ... from`; leave out the from and what follows it{INTERPRETED}")
def an_exception_from_another(self, bar, ctx):
    raise ValueError("a") from None  # here


@case("it raises SystemExit, which is no Exception; raise an Exception, such as ValueError")
def an_exit(self, bar, ctx):
    raise SystemExit(3)  # here


@case("it raises what is no Exception; raise an Exception, such as ValueError")
def an_interrupt(self, bar, ctx):
    raise KeyboardInterrupt  # here


@case(f"it has an `except*`; write `except Exception:`{INTERPRETED}")
def a_handler_of_groups(self, bar, ctx):
    try:
        self.count = 1 // self.count
    except* ZeroDivisionError:  # here
        self.count = 0


@pytest.mark.parametrize(("function", "said", "hook", "members"), CASES)
def test_each_is_refused_in_one_line_with_its_place_and_a_way_on(
    function: Any, said: str, hook: str, members: dict[str, Any]
):
    assert_refused(function, said, hook, members)
