"""Calls with arguments that are not taken: the nearest name, and how it is written."""

import math
from typing import Any

import pytest

from pipeline import indicators as ind
from pipeline.strategy.attribute_error import retold
from pipeline.strategy.context import Context
from pipeline.strategy.type_error import retold_call
from pipeline.strategy.wrong_call import written, wrong_call


def test_how_a_method_is_written():
    assert written("ctx.limit", Context.limit) == "ctx.limit(symbol, quantity, price, until=)"
    assert written("ind.obv", ind.obv) == "ind.obv(interval=)"


@pytest.mark.parametrize(
    ("method", "given", "keywords", "told"),
    [
        ("market", 2, (), ""),
        ("market", 0, ("quantity", "symbol"), ""),
        ("bracket", 2, ("sl",), "ctx.bracket has no argument 'sl'; did you mean stop_loss?; "),
        ("bracket", 2, ("tp",), "ctx.bracket has no argument 'tp'; did you mean take_profit?; "),
        ("limit", 3, ("tif",), "ctx.limit has no argument 'tif'; did you mean until?; "),
        ("limit", 2, ("prize",), "ctx.limit has no argument 'prize'; did you mean price?; "),
        ("market", 2, ("colour",), "ctx.market has no argument 'colour'; expected "),
        ("market", 3, (), "ctx.market takes 2 arguments without a name, was given 3; "),
        ("position", 2, (), "ctx.position takes 1 argument without a name, was given 2; "),
        ("market", 1, (), "ctx.market is not given quantity; "),
        ("stop", 0, ("quantity",), "ctx.stop is not given symbol and price; "),
    ],
)
def test_a_call_is_told_what_is_wrong(method: str, given: int, keywords: Any, told: str):
    found = wrong_call(f"ctx.{method}", getattr(Context, method), given, keywords)
    assert found.startswith(told)
    call = written(f"ctx.{method}", getattr(Context, method))
    assert found == "" if not told else found.endswith(f"expected {call}")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda: ind.sma(length=10),
            (
                "ind.sma has no argument 'length'; did you mean period?; expected "
                "ind.sma(period=, column=, interval=)"
            ),
        ),
        (
            lambda: ind.macd(1, 2, 3, 4),
            "ind.macd() takes from 0 to 3 positional arguments but 4 were given; expected ind.",
        ),
        (lambda: math.sqrt("a"), "must be real number, not str"),
    ],
)
def test_pythons_words_are_ours_where_the_call_is_of_ours(call: Any, told: str):
    with pytest.raises(TypeError) as caught:
        call()
    assert retold_call(caught.value).startswith(told)


def test_an_indicator_that_is_not_there_is_told_the_nearest():
    with pytest.raises(AttributeError) as caught:
        ind.SMA  # noqa: B018
    found = retold(caught.value)
    assert found.startswith("ind has no 'SMA'; did you mean sma?; it has: atr, ")
    assert found.endswith("; ind.window and ind.custom make an indicator of your own")
    assert set(ind.DECLARED) == {
        name for name in ind.__all__ if callable(getattr(ind, name)) and name.islower()
    } - {"power_of", "source_power"}
