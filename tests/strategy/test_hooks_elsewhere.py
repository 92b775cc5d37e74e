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


class Closed(Strategy):
    def on_bars_closed(self, bars, ctx):
        """Nothing."""


class Joined(Strategy):
    def onBar(self, bar, ctx):  # noqa: N802
        """Nothing."""


class Opened(Strategy):
    def on_open(self, session, ctx):
        """Nothing."""


class Ticked(Strategy):
    def on_tick(self, tick, ctx):
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
        (
            Closed,
            "def on_bars_closed(self, bars, ctx):",
            "Closed.on_bars_closed is not a hook; did you mean on_bars?",
        ),
        (
            Joined,
            "def onBar(self, bar, ctx):  # noqa: N802",
            "Joined.onBar is not a hook; did you mean on_bar?",
        ),
        (
            Opened,
            "def on_open(self, session, ctx):",
            "Opened.on_open is not a hook; did you mean on_session_open?",
        ),
        (
            Ticked,
            "def on_tick(self, tick, ctx):",
            (
                "Ticked.on_tick is not a hook; there are on_start, on_session_open, on_fill, "
                "on_order, on_bar, on_bars, on_session_close, on_stop"
            ),
        ),
    ],
)
def test_it_is_told_with_its_line(cls: type[Strategy], head: str, said: str):
    with pytest.raises(StrategyError) as told:
        hooks_of(cls)
    assert str(told.value) == f"{__file__}:{_line_of(head)}: {said}"
