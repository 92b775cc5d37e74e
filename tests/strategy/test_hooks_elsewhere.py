"""A class that is written for another library is told what its hooks are called here."""

import pytest

from pipeline import Strategy
from pipeline.errors import StrategyError
from pipeline.strategy.strategy import HOOKS, hooks_of

EXPECTED = f"; expected on_bar or another of: {', '.join(HOOKS)}"


class Foreign(Strategy):
    def init(self):
        """Nothing."""

    def next(self):
        """Nothing."""


class Empty(Strategy):
    pass


class Data(Strategy):
    def on_data(self, data):
        """Nothing."""


def _line_of(head: str) -> int:
    with open(__file__) as file:  # noqa: PTH123
        return 1 + [line.strip() for line in file].index(head)


@pytest.mark.parametrize(
    ("cls", "head", "said"),
    [
        (
            Foreign,
            "class Foreign(Strategy):",
            "Foreign defines no hook; next is on_bar here, init is indicators here" + EXPECTED,
        ),
        (
            Empty,
            "class Empty(Strategy):",
            "Empty defines no hook" + EXPECTED,
        ),
        (
            Data,
            "def on_data(self, data):",
            "Data.on_data is not a hook; did you mean on_bar?",
        ),
    ],
)
def test_it_is_told_with_its_line(cls: type[Strategy], head: str, said: str):
    with pytest.raises(StrategyError) as told:
        hooks_of(cls)
    assert str(told.value) == f"{__file__}:{_line_of(head)}: {said}"
