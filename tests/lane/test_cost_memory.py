"""A user's own commission in a lane: that where it fails is told, and how, in either mode."""

import re
from pathlib import Path

import numpy as np
import pytest

from pipeline import MINUTE
from pipeline.errors import StrategyError
from pipeline.lane.spec import Terms
from pipeline.strategy.source import load_function, pack
from tests.reference.in_process import Setup, run_in_process
from tests.reference.market import Market, random_walk, session_table
from tests.reference.traders import Desk

T0 = 1_700_006_400_000_000_000
FEES = """\
def fee(order):
    owed = 0.001 * order.value
    if order.traded > 1e3:
        {trouble}
    return owed
"""


def market() -> Market:
    ts = T0 + MINUTE * np.arange(40, dtype=np.int64)
    bars = {"A": random_walk(ts, 1), "B": random_walk(ts, 2)}
    return Market(bars, session_table([(T0, T0 + 40 * MINUTE)]), ("1m",))


def failure(folder: Path, trouble: str, mode: str = "compiled") -> str:
    """What a run is told whose commission is in trouble; it begins with the file."""
    path = folder / "fees.py"
    path.write_text(FEES.format(trouble=trouble))
    name = f"{path}:fee"
    terms = Terms(1e5, own_commission=pack(load_function(name), [name]))
    with pytest.raises(StrategyError) as caught:
        run_in_process(market(), [Desk()], Setup(mode=mode), terms)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}:")
    return message.removeprefix(f"{path}:")


@pytest.mark.parametrize("mode", ["compiled", "interpreted"])
@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ("raise ValueError('too much')", "4: fee raised ValueError: too much"),
        ("owed /= order.paid * 0.0", "4: fee raised ZeroDivisionError: float division by zero"),
        ("owed = order.price * 1e999", "1: fee returned inf, which is no finite number"),
    ],
)
def test_a_function_that_fails_is_named_with_its_line_the_symbol_and_the_time(
    tmp_path: Path, mode: str, trouble: str, told: str
):
    where_and_when = r" \(for [AB] at 2023-11-15 00:\d\d:00Z\)"
    assert re.fullmatch(re.escape(told) + where_and_when, failure(tmp_path, trouble, mode))


@pytest.mark.parametrize(
    ("trouble", "lines", "reason"),
    [
        ("owed += order.nothing", "4", "order has no 'nothing'; it has: "),
        # Which of the two returns Numba names changes from process to process.
        ("return [owed]", "45", "Can't unify return type"),
    ],
)
def test_a_function_that_cannot_be_compiled_is_named_with_its_line(
    tmp_path: Path, trouble: str, lines: str, reason: str
):
    found = failure(tmp_path, trouble)
    assert re.match(f"[{lines}]: fee cannot be compiled: ", found)
    assert reason in found
