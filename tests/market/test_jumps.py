"""Which prices jump, whoever asks."""

import numpy as np
import pytest

from pipeline.market.jumps import is_jump, is_unit_step


@pytest.mark.parametrize(
    ("times", "jump", "unit"),
    [
        (1.0, False, False),
        (1.59, False, False),
        (1.6, True, False),
        (0.626, False, False),
        (0.625, True, False),
        (100.0, True, True),
        (109.0, True, True),
        (111.0, True, False),
        (0.01, True, True),
        (0.0092, True, True),
        (0.0089, True, False),
        (-0.5, False, False),
        (np.nan, False, False),
        (np.inf, True, False),
    ],
)
def test_a_price_that_became_so_many_times_as_high(times: float, jump: bool, unit: bool):
    assert (bool(is_jump(times)), bool(is_unit_step(times))) == (jump, unit)
    both = np.array([1.0, times])
    assert (is_jump(both).tolist(), is_unit_step(both).tolist()) == ([False, jump], [False, unit])
