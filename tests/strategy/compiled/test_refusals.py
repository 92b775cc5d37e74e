"""What a compiled hook may not do: each kind of it ends in one line with its place and a way on.

Every strategy here is refused while its types are inferred, which is quick.
"""

import datetime as dt
import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import Strategy, Symbol, state
from pipeline.errors import StrategyError
from pipeline.execution.fills import FILL
from pipeline.execution.orders import ORDER
from pipeline.lane.spec import bars_dtype
from pipeline.strategy.compiled.hooks import compile_hooks
from pipeline.strategy.names import NAMES
from pipeline.strategy.strategy import record_dtype
from pipeline.tape.slot import SESSION

INTERPRETED = '; strategy mode "interpreted" runs it'
COMPARED = 'compare with ctx.symbol("ALFA"), or declare a parameter: leader: Symbol = "ALFA"'
SEEN: dict[int, float] = {}
LEVELS = [1.0, 2.0]
NAMED = ("ALFA", "BETA")
log = logging.getLogger("hooks")


class Plain:
    """A class of the user's."""

    NUMBER = 1
    GROWING = [1.0]  # noqa: RUF012


THING = Plain()


@functools.cache
def remembered(value):
    return value


def is_alfa(symbol):
    return symbol == "ALFA"  # here


CASES: list[Any] = []


def case(said: str, hook: str = "on_bar", **members: Any) -> Callable[[Any], Any]:
    """Have a function be compiled as a hook of a class with some members, and be refused.

    Its line that ends with "# here" is the one that is to be named.
    """

    def keep(function: Any) -> Any:
        CASES.append(pytest.param(function, said, hook, members, id=function.__name__))
        return function

    return keep


@case(f"a symbol is a number here and never equals the text 'ALFA': {COMPARED}")
def symbol_equals_text(self, bar, ctx):
    symbol = bar.symbol
    if symbol == "ALFA":  # here
        ctx.market(symbol, 1.0)


@case(f"a symbol is a number here and never equals the text 'ALFA': {COMPARED}", "on_fill")
def symbol_in_texts(self, fill, ctx):
    if fill.symbol not in NAMED:  # here
        ctx.market(0, 1.0)


@case(f"an integer, as a symbol is one here, never equals the text 'ALFA': {COMPARED}")
def text_differs_from_a_parameter(self, bar, ctx):
    if "ALFA" != self.leader:  # here  # noqa: SIM300
        ctx.market(0, 1.0)


@case(f"an integer, as a symbol is one here, never equals the text 'ALFA': {COMPARED}")
def symbol_equals_text_in_a_function(self, bar, ctx):
    if is_alfa(bar.symbol):
        ctx.market(0, 1.0)


@case("a number never equals 'high'")
def price_equals_text(self, bar, ctx):
    if bar.close == "high":  # here
        ctx.market(0, 1.0)


@case(f"ctx has no 'buy'; did you mean market?; it has: {', '.join(sorted(NAMES['ctx']))}")
def no_such_method(self, bar, ctx):
    ctx.buy(bar.symbol, 1.0)  # here


@case(f"bar has no 'rsi'; it has: {', '.join(sorted((*NAMES['bar'], 'r')))}")
def no_such_indicator(self, bar, ctx):
    ctx.market(0, bar.rsi)  # here


@case(f"bars has no 'symbol'; it has: {', '.join(sorted((*NAMES['bars'], 'r')))}", "on_bars")
def no_such_array(self, bars, ctx):
    ctx.market(0, bars.symbol[0])  # here


@case(
    f"fill has no 'qty'; did you mean quantity?; it has: {', '.join(sorted(NAMES['fill']))}",
    "on_fill",
)
def no_such_field(self, fill, ctx):
    ctx.market(0, fill.qty)  # here


@case(
    f"order has no 'trail'; did you mean until?; it has: {', '.join(sorted(NAMES['order']))}",
    "on_order",
)
def a_field_that_only_the_kernel_knows(self, order, ctx):
    ctx.market(0, order.trail)  # here


@case("self has no 'conut'; did you mean count?; it has: count, leader")
def no_such_state(self, bar, ctx):
    ctx.market(0, self.conut)  # here


@case("Refused.on_bar sets self.seen, which is not declared; declare it: seen: int = state(1)")
def a_state_that_is_not_declared(self, bar, ctx):
    self.seen = 1  # here


@case("it sets self.LEVEL, a constant of the class; declare it: LEVEL: int = state(3)", LEVEL=3)
def a_constant_is_set(self, bar, ctx):
    self.LEVEL = 4  # here


@case(
    f"self.steps is a list, which may change; make it a tuple or a NumPy array{INTERPRETED}",
    steps=[1, 2],
)
def a_list_of_the_class(self, bar, ctx):
    ctx.market(0, self.steps[0])  # here


@case("it sets bar.close, which may only be read; keep what you need in a state")
def a_price_is_set(self, bar, ctx):
    bar.close = 5.0  # here


@case("it sets fill.price, which may only be read; keep what you need in a state", "on_fill")
def a_field_is_set(self, fill, ctx):
    fill.price = 5.0  # here


@case("it sets ctx.memory, which may only be read; keep what you need in a state")
def ctx_is_set(self, bar, ctx):
    ctx.memory = 5.0  # here


@case(
    "it writes into an array that may only be read; work on a copy, as in ctx.window(...).copy()",
    "on_bars",
)
def an_array_is_written(self, bars, ctx):
    bars.close[0] = 5.0  # here


@case(
    "it calls ctx.target with the text 'ALFA', a number, expected ctx.target(symbol, quantity); "
    'a symbol is a number here: ctx.symbol("ALFA"), or a parameter, leader: Symbol = "ALFA"'
)
def an_order_by_name(self, bar, ctx):
    ctx.target("ALFA", 1.0)  # here


@case(
    "it calls ctx.market with an integer, a value or None, expected "
    "ctx.market(symbol, quantity); give it a number, nan where there is none"
)
def none_and_then_a_number(self, bar, ctx):
    size = None
    if bar.close > 3:
        size = 10.0
    ctx.market(0, size)  # here


@case(
    "it calls ctx.stop with an integer, a number, prize=a number, expected "
    "ctx.stop(symbol, quantity, price, until=)"
)
def an_unknown_argument(self, bar, ctx):
    ctx.stop(0, 1.0, prize=3.0)  # here


@case(
    "it calls ctx.window with an integer, a text, an integer, expected ctx.window(symbol, "
    "column, rows, interval=); the column is written as a text in the call, or is a constant"
)
def a_column_that_is_not_known(self, bar, ctx):
    column = "close" if bar.close > 1.0 else "open"
    ctx.window(0, column, 3)  # here


@case(
    f"ctx.data is for interpreted strategies; ctx.window and ctx.count show the past in both"
    f"{INTERPRETED}"
)
def session_data(self, bar, ctx):
    ctx.data.quality(0)  # here


@case(
    "it has a format in an f-string, like {x:.2f}; print the value without it, or round(x, 2)"
    f"{INTERPRETED}"
)
def a_format(self, bar, ctx):
    print(f"{bar.close:.2f}")  # here  # noqa: T201


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


@case("it has a `:=` that the compiler cannot follow; assign on a line of its own" + INTERPRETED)
def a_walrus(self, bar, ctx):
    if len(window := ctx.window(0, "close", 3)) < 3:  # here
        return
    ctx.market(0, window[0])


@case(
    "SEEN is a dict, which may change; make it a tuple or a NumPy array; what changes is a state"
    f"{INTERPRETED}"
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


@case(
    "open is a function of a library; functions of your own, of math and most of NumPy's are "
    f"compiled{INTERPRETED}"
)
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


@case("it uses datetime.datetime; times are ns UTC here, as bar.ts and ctx.now" + INTERPRETED)
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


@case(f"it has the operation add of the method position and an integer{INTERPRETED}")
def a_method_is_not_called(self, bar, ctx):
    ctx.market(0, ctx.position + 1)  # here


@case(
    f"it has an empty list, of which no type is known; use an array of a size, as in np.zeros(20)"
    f"{INTERPRETED}"
)
def an_empty_list(self, bar, ctx):
    found = []  # here  # noqa: F841


@case(f"it has a set of what the compiler takes in no set; use a tuple{INTERPRETED}")
def a_set_of_one_text(self, bar, ctx):
    if bar.symbol in {"ALFA"}:  # here
        ctx.market(0, 1.0)


@case(f"it deletes self.count{INTERPRETED}")
def a_state_is_deleted(self, bar, ctx):
    del self.count  # here


@pytest.mark.parametrize(("function", "said", "hook", "members"), CASES)
def test_each_is_refused_in_one_line_with_its_place_and_a_way_on(
    function: Any, said: str, hook: str, members: dict[str, Any]
):
    function.__name__ = hook
    cls: Any = type("Refused", (Strategy,), {**members, hook: function, "lookback": 3})
    cls.__annotations__ = {"leader": Symbol, "count": int}
    cls.leader, cls.count = "ALFA", state(0)
    names = ("r",)
    data = {"bars": bars_dtype(names, 2), "fill": FILL, "order": ORDER, "session": SESSION}
    with pytest.raises(StrategyError) as told:
        compile_hooks(cls, record_dtype(cls), dict.fromkeys(names, True), data)
    place, _, reason = str(told.value).partition(f": Refused.{hook} cannot be compiled: ")
    assert reason == said
    file, _, line = place.rpartition(":")
    assert file == __file__
    assert "# here" in Path(__file__).read_text().splitlines()[int(line) - 1]
