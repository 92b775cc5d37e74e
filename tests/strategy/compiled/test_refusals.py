"""What a compiled hook may not do with what it is given: one line with its place and a way on."""

from typing import Any

import numpy as np
import pytest

from pipeline.strategy.names import NAMES
from tests.strategy.compiled.refused import INTERPRETED, Cases, assert_refused

READ_ONLY = (
    "it writes into an array that may only be read; work on a copy, as in ctx.window(...).copy()"
)
COMPARED = 'compare with ctx.symbol("ALFA"), or declare a parameter: leader: Symbol = "ALFA"'
UNKNOWN = COMPARED.replace("ALFA", "NAME")
NAMED = ("ALFA", "BETA")
CASES = Cases()
case = CASES.case


def is_alfa(symbol):
    return symbol == "ALFA"  # here


@case(f"a symbol is a number here and never equals the text 'ALFA': {COMPARED}")
def symbol_equals_text(self, bar, ctx):
    symbol = bar.symbol
    if symbol == "ALFA":  # here
        ctx.market(symbol, 1.0)


@case(f"a symbol is a number here and never equals the text 'ALFA': {COMPARED}", "on_fill")
def symbol_in_texts(self, fill, ctx):
    if fill.symbol not in NAMED:  # here
        ctx.market(0, 1.0)


@case(f"a symbol is a number here and never equals the text 'ALFA': {COMPARED}")
def symbol_in_a_set_of_one_text(self, bar, ctx):
    if bar.symbol not in {"ALFA"}:  # here
        ctx.market(bar.symbol, 1.0)


@case(f"a symbol is a number here and never equals the text 'ALFA': {COMPARED}", "on_fill")
def symbol_in_a_set_of_texts(self, fill, ctx):
    if fill.symbol in {"ALFA", "BRVO"}:  # here
        ctx.market(fill.symbol, 1.0)


@case(f"an integer, as a symbol is one here, never equals a text: {UNKNOWN}")
def a_pair_equals_a_pair_with_a_text(self, bar, ctx):
    if (bar.interval, bar.symbol) == (60, "ALFA"):  # here
        ctx.market(bar.symbol, 1.0)


@case(f"an integer, as a symbol is one here, never equals a text: {UNKNOWN}")
def a_list_equals_a_list_of_texts(self, bar, ctx):
    if [bar.symbol] == ["ALFA"]:  # here
        ctx.market(bar.symbol, 1.0)


@case(f"an integer, as a symbol is one here, never equals a text: {UNKNOWN}")
def a_pair_in_pairs_with_texts(self, bar, ctx):
    if (bar.symbol, 1) in {("ALFA", 1)}:  # here
        ctx.market(bar.symbol, 1.0)


@case(f"a symbol is a number here and never equals the text 'ALFA': {COMPARED}")
def a_symbol_is_matched_with_a_text(self, bar, ctx):
    match bar.symbol:
        case "ALFA":  # here
            ctx.market(bar.symbol, 1.0)


@case(f"a symbol is a number here and never equals the text 'ALFA': {COMPARED}")
def a_symbol_is_counted_among_texts(self, bar, ctx):
    if ["ALFA", "BRVO"].count(bar.symbol):  # here
        ctx.market(bar.symbol, 1.0)


@case(f"a symbol is a number here and never equals the text 'ALFA': {COMPARED}", "on_fill")
def a_place_of_a_symbol_among_texts(self, fill, ctx):
    ctx.market(["ALFA"].index(fill.symbol), 1.0)  # here


@case(f"an integer, as a symbol is one here, never equals the text 'ALFA': {COMPARED}")
def a_text_among_symbols(self, bar, ctx):
    if "ALFA" in ctx.symbols:  # here
        ctx.market(bar.symbol, 1.0)


@case(
    f"a text of a symbol is that of its number, as '0' is, and never equals the text 'ALFA': "
    f"{COMPARED}"
)
def a_text_of_a_symbol_equals_another(self, bar, ctx):
    name = f"{bar.symbol}"
    if name == "ALFA":  # here
        ctx.market(bar.symbol, 1.0)


@case(f"an integer, as a symbol is one here, never equals the text 'ALFA': {COMPARED}")
def text_differs_from_a_parameter(self, bar, ctx):
    if "ALFA" != self.leader:  # here  # noqa: SIM300
        ctx.market(0, 1.0)


@case(f"an integer, as a symbol is one here, never equals the text 'ALFA': {COMPARED}")
def symbol_equals_text_in_a_function(self, bar, ctx):
    if is_alfa(bar.symbol):  # calls it
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
    (
        "self.steps is a list, which may change; make it a tuple or a NumPy array; what changes is"
        f" a state{INTERPRETED}"
    ),
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


@case(
    f"ctx.time has no 'hours'; did you mean hour?; it has: {', '.join(sorted(NAMES['ctx.time']))}"
)
def no_such_field_of_the_time(self, bar, ctx):
    ctx.market(0, ctx.time.hours)  # here


@case("it sets ctx.time.hour, which may only be read; keep what you need in a state")
def the_time_is_set(self, bar, ctx):
    ctx.time.hour = 3  # here


@case(
    "it calls ctx.window with an integer, the text 'close', a number, expected ctx.window(symbol, "
    "column, rows, interval=); rows must be a whole number"
)
def half_a_row(self, bar, ctx):
    ctx.window(0, "close", 2.5)  # here


@case("it sets ctx.memory, which may only be read; keep what you need in a state")
def ctx_is_set(self, bar, ctx):
    ctx.memory = 5.0  # here


@case(READ_ONLY, "on_bars")
def an_array_is_written(self, bars, ctx):
    bars.close[0] = 5.0  # here


@case(READ_ONLY, "on_bars")
def an_array_is_sorted_in_its_place(self, bars, ctx):
    bars.close.sort()  # here


@case(
    "it calls add with an array that may only be read and a number and an array that may only be "
    "read; if it writes there, work on a copy, as in ctx.window(...).copy()",
    "on_bars",
)
def a_result_is_put_into_an_array(self, bars, ctx):
    np.add(bars.close, 1.0, bars.close)  # here


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
    "ctx.stop(symbol, quantity, price, until=); did you mean price= in place of prize=?"
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


@pytest.mark.parametrize(("function", "said", "hook", "members"), CASES)
def test_each_is_refused_in_one_line_with_its_place_and_a_way_on(
    function: Any, said: str, hook: str, members: dict[str, Any]
):
    assert_refused(function, said, hook, members)
