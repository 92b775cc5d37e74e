"""What is no number is refused where ``ctx`` takes one, in both modes, with its line."""

import math
from typing import Any

import pytest

from pipeline import Strategy, tif
from pipeline.errors import StrategyError
from tests.reference.in_process import Setup, run_in_process
from tests.strategy.compiled.test_hooks import market_of

MODES = ("compiled", "interpreted")
#: Each call of ``ctx`` that takes numbers, with an odd one in a place, and that place's name.
CALLS = (
    ("ctx.market(0, ODD)", "quantity"),
    ("ctx.market_on_open(0, ODD)", "quantity"),
    ("ctx.market_on_close(0, ODD)", "quantity"),
    ("ctx.limit(0, 1.0, ODD)", "price"),
    ("ctx.stop(0, 1.0, ODD)", "price"),
    ("ctx.stop_limit(0, 1.0, 2.0, ODD)", "limit"),
    ("ctx.trailing_stop(0, 1.0, percent=ODD)", "percent"),
    ("ctx.bracket(0, 1.0, take_profit=ODD)", "take_profit"),
    ("ctx.target(0, ODD)", "quantity"),
    ("ctx.target_value(0, ODD)", "value"),
    ("ctx.target_percent(0, ODD)", "fraction"),
    ("ctx.replace(1, limit=ODD)", "limit"),
    ('ctx.quantile(0, "close", 1, ODD)', "fraction"),
)


def strategy_of(call: str, folder: Any) -> Strategy:
    """Return a strategy, in a file of its own, whose line 4 makes a call at each bar."""
    path = folder / "made.py"
    path.write_text(
        "from pipeline import Strategy, tif\n"
        "class Made(Strategy):\n"
        f"    def on_bar(self, bar, ctx):\n        {call}\n"
    )
    names: dict[str, Any] = {"__name__": "made"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    made: Any = names["Made"]
    made.lookback = 1
    return made()


def refusal_of(call: str, mode: str, folder: Any) -> str:
    """Return the line with which a run of such a strategy ends."""
    with pytest.raises(StrategyError) as told:
        run_in_process(market_of(), [strategy_of(call, folder)], Setup(mode=mode))
    where = f"{folder / 'made.py'}:4: Made.on_bar "
    assert str(told.value).startswith(where)
    return str(told.value).removeprefix(where)


@pytest.mark.parametrize("odd", ['"10"', "True", "None"])
@pytest.mark.parametrize(("call", "name"), CALLS)
def test_an_interpreted_hook_is_told_what_it_gave(call: str, name: str, odd: str, tmp_path: Any):
    said = refusal_of(call.replace("ODD", odd), "interpreted", tmp_path)
    assert f"raised TypeError: {name} must be a number, was {eval(odd)!r}" in said


@pytest.mark.parametrize("odd", ['"10"', "True"])
@pytest.mark.parametrize(("call", "name"), CALLS)
def test_a_compiled_hook_is_told_how_it_is_called(call: str, name: str, odd: str, tmp_path: Any):
    said = refusal_of(call.replace("ODD", odd), "compiled", tmp_path)
    assert said.startswith(f"cannot be compiled: it calls {call[: call.index('(')]} with")
    assert said.endswith(f"; {name} must be a number")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "call", ['ctx.limit(0, 1.0, 2.0, "DAY")', 'ctx.stop(0, 1.0, 2.0, until="day")']
)
def test_a_text_as_until_is_answered_with_the_name_that_is_meant(
    call: str, mode: str, tmp_path: Any
):
    assert "write tif.DAY" in refusal_of(call, mode, tmp_path)
    every = ", ".join(f"tif.{one}" for one in tif.__all__)
    said = refusal_of(call.replace("DAY", "GTD").replace("day", "GTD"), mode, tmp_path)
    assert f"it is a time in ns UTC, or one of {every}" in said


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            "ctx.market(0, bar.close * float('nan'))",
            (
                "raised ValueError: the quantity of an order must be finite and not zero, was "
                "given quantity nan"
            ),
        ),
        (
            "ctx.limit(0, 0 * bar.symbol, 2.0)",
            (
                "raised ValueError: the quantity of an order must be finite and not zero, was "
                "given quantity 0, price 2.0"
            ),
        ),
        (
            "ctx.trailing_stop(0, -5, amount=1, percent=2)",
            (
                "raised ValueError: a trailing stop takes an amount or a percent, only one of the "
                "two, was given quantity -5, amount 1, percent 2"
            ),
        ),
        (
            "ctx.trailing_stop(0, -5)",
            (
                "raised ValueError: a trailing stop needs an amount, or a percent, of which 2 is "
                "2 %, was given quantity -5 ("
            ),
        ),
        (
            "ctx.bracket(0, 5, stop_loss=11, take_profit=10)",
            (
                "raised ValueError: the stop_loss of a bracket that buys must be below its "
                "take_profit, was given quantity 5, stop_loss 11, take_profit 10 ("
            ),
        ),
        (
            "ctx.bracket(0, -5, take_profit=11, limit=10)",
            (
                "raised ValueError: the take_profit of a bracket that sells must be below its "
                "entry, was given quantity -5, limit 10, take_profit 11 ("
            ),
        ),
        (
            "ctx.limit(0, 5, 1.5, 7)",
            (
                "raised ValueError: until must be tif.GTC, tif.DAY, tif.IOC, tif.FOK or a time to "
                "come in ns UTC, such as ctx.now + 30 * MINUTE, was given quantity 5, price 1.5, "
                "until 7 ("
            ),
        ),
        (
            'ctx.window(0, "close", 20)',
            (
                "raised ValueError: a window of 20 rows needs a lookback of 20: write lookback = "
                "20 in the class, where it is 1"
            ),
        ),
    ],
)
def test_a_number_that_cannot_be_meant_is_named(call: str, words: str, mode: str, tmp_path: Any):
    assert refusal_of(call, mode, tmp_path).startswith(words)


@pytest.mark.parametrize("mode", MODES)
def test_whole_numbers_and_numbers_of_numpy_are_numbers(mode: str, tmp_path: Any):
    call = "ctx.market(0, 2); ctx.limit(0, bar.symbol + 1, bar.close)"
    (found,), _ = run_in_process(market_of(), [strategy_of(call, tmp_path)], Setup(mode=mode))
    assert math.isclose(found.fills[0][2], 2.0)
