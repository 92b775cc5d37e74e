"""What a strategy demands of the run that cannot be: one line with its place and what to write."""

from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy
from pipeline.errors import StrategyError
from pipeline.strategy.demands import intervals_of, lookback_of, warmup_of


class OneText(Strategy):
    intervals = "1m"


class Numbers(Strategy):
    intervals = (5,)


class OneNumber(Strategy):
    intervals = 5


class AMethod(Strategy):
    def lookback(self):
        return 3


class Misspelt(Strategy):
    span: int = 5
    lookback = property(lambda self: self.sapn)


class Divided(Strategy):
    span: int = 0

    @property
    def warmup(self):
        return 5 // self.span


class Endless(Strategy):
    lookback = 10**22


@pytest.mark.parametrize(
    ("cls", "demand", "mark", "told"),
    [
        (
            OneText,
            intervals_of,
            'intervals = "1m"',
            "OneText.intervals must be a tuple of texts, was '1m'; write intervals = ('1m',)",
        ),
        (
            Numbers,
            intervals_of,
            "intervals = (5,)",
            'Numbers.intervals must be a tuple of texts, was (5,); write intervals = ("5m",)',
        ),
        (
            OneNumber,
            intervals_of,
            "intervals = 5",
            'OneNumber.intervals must be a tuple of texts, was 5; write intervals = ("5m",)',
        ),
        (
            AMethod,
            lookback_of,
            "def lookback(self):",
            (
                "AMethod.lookback must be a number of bars, from 0 to 2**53, was a method; write "
                "@property above def lookback(self)"
            ),
        ),
        (
            Endless,
            lookback_of,
            "lookback = 10",
            f"Endless.lookback must be a number of bars, from 0 to 2**53, was {10**22}",
        ),
        (
            Misspelt,
            lookback_of,
            "self.sapn",
            (
                "Misspelt(span=5).lookback raised AttributeError: self has no 'sapn'; did you mean "
                "span?; it has: span"
            ),
        ),
        (
            Divided,
            warmup_of,
            "5 // self.span",
            "Divided(span=0).warmup raised ZeroDivisionError: integer division or modulo by zero",
        ),
    ],
)
def test_it_is_refused_in_one_line(cls: Any, demand: Any, mark: str, told: str):
    lines = Path(__file__).read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if mark in text)
    with pytest.raises(StrategyError) as caught:
        demand(cls())
    assert str(caught.value) == f"{__file__}:{line}: {told}"


def test_a_list_of_texts_is_taken_and_none_means_all():
    listed = type("Listed", (Strategy,), {"intervals": ["1m", "5m"]})
    assert intervals_of(listed()) == ("1m", "5m")
    assert intervals_of(Strategy()) == ()
