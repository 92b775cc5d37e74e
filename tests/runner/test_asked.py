"""What a strategy asks for that is no indicator: refused with file, line and parameters."""

from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy
from pipeline import indicators as ind
from pipeline.errors import DataError, StrategyError
from pipeline.runner.asked import indicators_of


class Zero(Strategy):
    fast: int = 0
    size: float = 1.5

    def indicators(self):
        slow = ind.sma(20)
        return {"fast": ind.sma(self.fast), "slow": slow}


class Plain(Strategy):
    def indicators(self):
        return {"hour": ind.sma(20, interval="1h")}


class Field(Strategy):
    def indicators(self):
        return {"close": ind.sma(20)}


class OfBars(Strategy):
    def indicators(self):
        return {"count": ind.sma(20)}


class Uncalled(Strategy):
    def indicators(self):
        return {"average": ind.sma}


class Number(Strategy):
    def indicators(self):
        return {"average": 20}


class Without(Strategy):
    def indicators(self):
        {"average": ind.sma(20)}


class Listed(Strategy):
    def indicators(self):
        return [ind.sma(20)]


class Raising(Strategy):
    span: int = 3

    def indicators(self):
        odd = {}
        return odd["span"]


@pytest.mark.parametrize(
    ("cls", "line", "kind", "message"),
    [
        (
            Zero,
            2,
            DataError,
            " with fast=0, size=1.5: sma: period must be an integer of at least 1, was 0",
        ),
        (Plain, 0, DataError, ": sma(20): interval '1h' is not in this run, which has 1m, 5m"),
        (
            Field,
            0,
            StrategyError,
            ": 'close' is a field that bar has already; give the indicator another name",
        ),
        (
            OfBars,
            0,
            StrategyError,
            ": 'count' is a field that bars has already; give the indicator another name",
        ),
        (
            Uncalled,
            0,
            StrategyError,
            (
                ": indicator 'average' must be an indicator such as ind.sma(10), was the function"
                " sma: call it, as in sma(...)"
            ),
        ),
        (
            Number,
            0,
            StrategyError,
            ": indicator 'average' must be an indicator such as ind.sma(10), was 20",
        ),
        (
            Without,
            0,
            StrategyError,
            (
                " returned nothing: is a `return` missing? expected a dict of indicators by name,"
                ' as in {"average": ind.sma(20)}'
            ),
        ),
        (
            Listed,
            0,
            StrategyError,
            (
                " returned a list; expected a dict of indicators by name, as in"
                ' {"average": ind.sma(20)}'
            ),
        ),
        (Raising, 2, StrategyError, " with span=3 raised KeyError: span"),
    ],
)
def test_one_line_says_where_and_what(cls: Any, line: int, kind: type[Exception], message: str):
    with pytest.raises(kind) as caught:
        indicators_of(cls(), ["1m", "5m"])
    where = f"{Path(__file__)}:{cls.indicators.__code__.co_firstlineno + line}"
    assert str(caught.value) == f"{where}: {cls.__name__}.indicators{message}"
