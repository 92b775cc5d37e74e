"""Prices that change their unit and change it back."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.market.importers.rows import Rows
from pipeline.market.importers.tally import Tally
from pipeline.market.importers.units import Units


def seen(*blocks: list[float]) -> Tally:
    tally, units, line = Tally("a.csv"), Units(), 2
    for block in blocks:
        close = np.array(block)
        lines = np.arange(line, line + len(block))
        units.see(Rows(lines, None, (close,) * 5, lines), tally)
        line += len(block)
    return tally


@pytest.mark.parametrize(
    "blocks",
    [
        ([150.0, 1.51, 152.0],),
        ([150.0], [1.51], [152.0]),
        ([150.0, 1.51], [], [1.5, 149.0]),
    ],
)
def test_a_change_of_unit_and_back_is_told_at_its_first_row(blocks: tuple[list[float], ...]):
    with pytest.raises(DataError, match=r"line 3: close jumps from 150 to 1\.51, 100 times, and"):
        seen(*blocks).check()


@pytest.mark.parametrize("prices", [[150.0, 1.51, 1.5], [1.5, 150.0], [100.0, 50.0, 100.0], []])
def test_one_change_may_be_the_markets(prices: list[float]):
    seen(prices).check()
