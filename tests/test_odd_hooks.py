"""Hooks that end the process, fork it, raise what has no text, or never return: each is named."""

import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import Strategy, run
from pipeline.errors import HookError, StrategyError
from pipeline.market.catalog.sample import FIRST_DATE, LAST_DATE, SYMBOLS
from pipeline.runner.progress import Progress
from tests.reference.processes import assert_nothing_left, partial_folder, settings_of


@pytest.fixture
def config(sample: Path) -> dict[str, Any]:
    settings = settings_of("US_EQUITY", FIRST_DATE, LAST_DATE, SYMBOLS, ["1m", "5m"], sample)
    settings["pipeline"] = {"slot_rows": 1}
    return settings


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    assert_nothing_left()


ODD = """
import os
import sys

from pipeline import Strategy


class TextlessError(Exception):
    def __str__(self):
        raise KeyError("no text")


class Odd(Strategy):
    what: int = 0

    def on_bar(self, bar, ctx):
        if self.what == 0:
            sys.exit(5)
        if self.what == 1:
            raise TextlessError
        if self.what == 2:
            ctx.target(9, 1.0)
        if self.what == 3:
            os.fork()
        if self.what == 4:
            raise ValueError("one\\n\\ntwo")
        if self.what == 5:
            raise KeyboardInterrupt
        breakpoint()
        ctx.count(0)
"""


@pytest.mark.parametrize(
    ("what", "line", "said"),
    [
        (0, "sys.exit(5)", "SystemExit: 5"),
        (1, "raise TextlessError", "TextlessError: its text cannot be made: KeyError"),
        (2, "ctx.target(9, 1.0)", "IndexError: a symbol's index must be 0 to "),
        (3, "os.fork()", "RuntimeError: a process of a run cannot be forked"),
        (4, 'raise ValueError("one\\n\\ntwo")', "ValueError: one; two"),
        (5, "raise KeyboardInterrupt", "KeyboardInterrupt: no message"),
        (6, "ctx.count(0)", "BdbQuit: a debugger needs a run in one process: run(..., inline=True"),
    ],
)
def test_whatever_an_interpreted_hook_does_is_named_with_its_line(
    config, tmp_path: Path, what: int, line: str, said: str
):
    source = tmp_path / "odd.py"
    source.write_text(ODD)
    (number,) = [i for i, text in enumerate(ODD.splitlines(), 1) if text.strip() == line]
    config["strategy"] = {"name": f"{source}:Odd", "parameters": {"what": what}}
    with pytest.raises(HookError) as caught:
        run(config, out=tmp_path / "runs", mode="interpreted")
    message = str(caught.value)
    assert message.startswith(f"{source}:{number}: Odd.on_bar raised {said}")
    assert re.search(r" \(for ALFA at 2024-10-22 13:31:00Z\)$", message)
    assert "\n" not in message
    assert "Traceback" in caught.value.trace


class Typo(Strategy):
    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, bar.clos)


class Divides(Strategy):
    def on_bar(self, bar, ctx):
        ctx.target(bar.symbol, 1.0 / (bar.close - bar.close))


@pytest.mark.parametrize("strategy", [Typo, Divides])
def test_what_python_shows_of_an_error_ends_with_its_message(
    config, tmp_path: Path, strategy: type[Strategy]
):
    """The traceback of the process in which it happened is at hand, and not shown."""
    with pytest.raises(StrategyError) as caught:
        run(config, strategy=strategy, out=tmp_path / "runs")
    shown = "".join(traceback.format_exception(caught.value))
    _, _, after = shown.partition(str(caught.value))
    assert re.fullmatch(r"\n(partial results: [^\n]*\n)?", after)
    assert "numba" not in shown
    assert "division by zero" in caught.value.trace or "numba" in caught.value.trace


class Endless(Strategy):
    def on_bar(self, bar, ctx):
        x = 1
        while True:
            x += 1


def test_a_compiled_hook_that_does_not_return_is_named_while_it_lasts_and_after_ctrl_c(
    config, tmp_path: Path
):
    said: list[str] = []

    def tell(progress: Progress) -> None:
        if progress.stuck:
            said.append(progress.stuck)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(config, strategy=Endless, out=tmp_path / "runs", progress=tell)
    line = Endless.on_bar.__code__.co_firstlineno
    expected = rf"{re.escape(__file__)}:{line}: Endless\.on_bar has not returned for \d+ s"
    assert re.fullmatch(expected, said[0])
    assert re.fullmatch(expected, caught.value.__notes__[0])
    assert re.fullmatch(f"interrupted; {expected}\n", partial_folder(tmp_path / "runs")[0])
