"""Hooks that cannot be compiled, and the one line that each ends in.

Every one is refused while its types are inferred, which is quick.
"""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, Symbol, state
from pipeline import indicators as ind
from pipeline.errors import HookError, StrategyError
from pipeline.execution.fills import FILL
from pipeline.execution.orders import ORDER
from pipeline.lane.spec import bars_dtype
from pipeline.strategy.compiled.hooks import compile_hooks
from pipeline.strategy.strategy import record_dtype
from pipeline.tape.slot import SESSION
from tests.reference.in_process import Setup, run_in_process
from tests.strategy.compiled.test_hooks import market_of

#: How a line ends about what plain Python runs.
INTERPRETED = '; mode="interpreted" (--set strategy.mode=interpreted) runs it'
#: How it ends where that is not known.
MAY_RUN = INTERPRETED.replace("runs it", "may run it")


#: What is said of a function that a hook calls.
CALLED = re.compile(r"; (\w+) calls it at line (\d+)")


def lines_of(function: Any) -> list[str]:
    """Return the lines of a function's source."""
    return inspect.getsourcelines(function)[0]


class Cases(list[Any]):
    """Cases of `assert_refused`, made by decorating functions."""

    def case(self, said: str, hook: str = "on_bar", **members: Any) -> Callable[[Any], Any]:
        """Have a function be compiled as a hook of a class with some members, and be refused.

        Its line that ends with "# here" is the one that is to be named. Where that lies in a
        function that it calls, the line of the call ends with "# calls it".
        """

        def keep(function: Any) -> Any:
            self.append(pytest.param(function, said, hook, members, id=function.__name__))
            return function

        return keep


def class_of(function: Any, hook: str, members: dict[str, Any]) -> Any:
    """Return the class of a strategy with a hook.

    The strategy has a parameter `leader`, a state `count`, and an indicator `r`.
    """
    function.__name__ = hook
    cls: Any = type("Refused", (Strategy,), {**members, hook: function, "lookback": 3})
    cls.__annotations__ = {"leader": Symbol, "count": int}
    cls.leader, cls.count = "A", state(0)
    cls.indicators = lambda self: {"r": ind.sma(1)}
    return cls


def compile_refused(cls: Any) -> None:
    """Compile the hooks of a class of `class_of`, as a run does."""
    names = ("r",)
    data = {"bars": bars_dtype(names, 2), "fill": FILL, "order": ORDER, "session": SESSION}
    compile_hooks(cls, record_dtype(cls), dict.fromkeys(names, True), data)


def assert_refused(function: Any, said: str, hook: str, members: dict[str, Any]) -> None:
    """Assert that a hook is refused with what is said, at its line, and that this is true.

    What is said that the interpreted mode runs, it runs: it may raise what the hook itself raises,
    or of what is not there, but no error of a wrong type or name.
    """
    cls = class_of(function, hook, members)
    with pytest.raises(StrategyError) as told:
        compile_refused(cls)
    place, _, reason = str(told.value).partition(f": Refused.{hook} cannot be compiled: ")
    file, _, line = place.rpartition(":")
    assert file == function.__code__.co_filename
    lines = Path(file).read_text().splitlines()
    assert "# here" in lines[int(line) - 1]
    called = CALLED.search(reason)
    assert (called is not None) == any("# calls it" in one for one in lines_of(function))
    if called is not None:
        assert called[1] == hook
        assert "# calls it" in lines[int(called[2]) - 1]
    assert CALLED.sub("", reason) == said
    if said.endswith(INTERPRETED):
        raised = ""
        try:
            run_in_process(market_of(), [cls()], Setup(mode="interpreted"))
        except HookError as error:
            raised = str(error)
        assert not re.search(r"raised (TypeError|AttributeError|NameError)", raised)
