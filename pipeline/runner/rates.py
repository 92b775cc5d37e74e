"""Rates in basis points that are likely meant as fractions or in per cent."""

from collections.abc import Iterator

import numpy as np

from pipeline.config.execution.costs import ExecutionConfig
from pipeline.results.report.figures import first_of

#: Below so many basis points no broker charges, and 0.001 to 0.05 are usual as fractions.
_LEAST = 0.05
#: So many settings are named.
_NAMED = 3


def on_small_rates(costs: ExecutionConfig) -> Iterator[str]:
    """Tell of rates that are so small that a fraction, 0.002 for 0.2 %, is likely meant."""
    small = [(name, rate) for name, rate in _rates(costs) if rate and 0.0 < abs(rate) < _LEAST]
    if small:
        told = [f"{name} is {rate:g}" for name, rate in small]
        rate = small[0][1]
        yield (
            f"Rates in basis points are hundredths of a per cent: {first_of(told, _NAMED)}."
            f" {rate:g} basis points are {_plain(rate / 100)} %. If the fraction {rate:g}, which is"
            f" {100 * rate:g} %, is meant, write {10_000 * rate:g}."
        )


def _plain(value: float) -> str:
    """Return a number without an exponent, with two digits that count."""
    return np.format_float_positional(value, precision=2, fractional=False, trim="-")


def _rates(costs: ExecutionConfig) -> Iterator[tuple[str, float | None]]:
    """Give each rate in basis points with its setting."""
    for name in ("commission_bps", "commission_maker_bps", "slippage_bps"):
        yield f"execution.{name}", getattr(costs, name)
    for number, tier in enumerate(costs.commission_tiers):
        for name in ("bps", "maker_bps"):
            yield f"execution.commission_tiers.{number}.{name}", getattr(tier, name)
