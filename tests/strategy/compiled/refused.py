"""Hooks that cannot be compiled, and the one line that each ends in.

Every one is refused while its types are inferred, which is quick.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, Symbol, state
from pipeline.errors import StrategyError
from pipeline.execution.fills import FILL
from pipeline.execution.orders import ORDER
from pipeline.lane.spec import bars_dtype
from pipeline.strategy.compiled.hooks import compile_hooks
from pipeline.strategy.strategy import record_dtype
from pipeline.tape.slot import SESSION

#: How a line ends about what plain Python runs.
INTERPRETED = '; strategy mode "interpreted" runs it'


class Cases(list[Any]):
    """Cases of `assert_refused`, made by decorating functions."""

    def case(self, said: str, hook: str = "on_bar", **members: Any) -> Callable[[Any], Any]:
        """Have a function be compiled as a hook of a class with some members, and be refused.

        Its line that ends with "# here" is the one that is to be named.
        """

        def keep(function: Any) -> Any:
            self.append(pytest.param(function, said, hook, members, id=function.__name__))
            return function

        return keep


def assert_refused(function: Any, said: str, hook: str, members: dict[str, Any]) -> None:
    """Assert that a hook is refused with what is said, at its line.

    The strategy has a parameter `leader`, a state `count`, and an indicator `r`.
    """
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
    assert file == function.__code__.co_filename
    assert "# here" in Path(file).read_text().splitlines()[int(line) - 1]
