"""Rates in basis points that are likely fractions are told."""

from typing import Any

import pytest

from pipeline.config.execution.costs import ExecutionConfig
from pipeline.runner.rates import on_small_rates


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"commission_bps": 0.002}, "execution.commission_bps is 0.002"),
        ({"commission_maker_bps": -0.0001}, "execution.commission_maker_bps is -0.0001"),
        (
            {"commission_bps": 0.001, "slippage_bps": 0.0005},
            "execution.commission_bps is 0.001, execution.slippage_bps is 0.0005",
        ),
        (
            {"commission_tiers": [{"above": 0, "bps": 10}, {"above": 9, "maker_bps": 0.02}]},
            "execution.commission_tiers.1.maker_bps is 0.02",
        ),
        ({"commission_bps": 0.05, "slippage_bps": 0, "commission_maker_bps": -0.2}, None),
        ({}, None),
    ],
)
def test_rates_below_any_brokers_are_told(settings: dict[str, Any], told: str | None):
    notes = list(on_small_rates(ExecutionConfig(**settings)))
    begin = f"Rates in basis points are hundredths of a per cent: {told}. "
    assert [note[: len(begin)] for note in notes] == ([] if told is None else [begin])


def test_the_note_says_what_the_rate_is_and_what_to_write():
    (note,) = on_small_rates(ExecutionConfig(commission_bps=0.002))
    assert note.endswith(
        " 0.002 basis points are 0.00002 %. If the fraction 0.002, which is 0.2 %, is meant, write"
        " 20."
    )
