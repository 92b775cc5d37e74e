"""What a holder of a symbol pays and has, however the bars are cut into blocks."""

import numpy as np
import pytest

from pipeline.tape.holding import Holding, HoldingFinder


@pytest.mark.parametrize("step", [1, 2, 99])
def test_the_first_open_is_paid_and_the_last_close_is_had(step: int):
    session = np.array([3, 3, 4, 6])
    opens, closes = np.array([10.0, 11.0, 12.0, 13.0]), np.array([10.5, 11.5, 12.5, 13.5])
    finder = HoldingFinder()
    assert finder.found is None
    for at in range(0, len(session), step):
        part = slice(at, at + step)
        finder.look_at(session[part], (opens[part], opens[part], opens[part], closes[part]))
    assert finder.found == Holding(3, 10.0, 13.5)
