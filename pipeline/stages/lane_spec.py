"""What a lane is made of, and the records through which its strategy sees bars."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.market.bars import PRICE_COLUMNS
from pipeline.strategy.strategy import Strategy


@dataclass(frozen=True)
class Terms:
    """On which terms a lane trades; all amounts in account currency.

    ``per_share``, ``basis_points`` (of the value), ``per_order``: commission, at least ``minimum``
    and at most ``maximum`` an order; ``slippage`` (of the price) and ``slippage_bps``: what prices
    are worse by; ``optimistic``: where a bar touches a stop and a limit, the limit comes first.
    """

    initial_cash: float
    per_share: float = 0.0
    basis_points: float = 0.0
    per_order: float = 0.0
    minimum: float = 0.0
    maximum: float = math.inf
    slippage: float = 0.0
    slippage_bps: float = 0.0
    optimistic: bool = False


@dataclass(frozen=True)
class LaneSpec:
    """One lane as it is sent to its engine.

    ``bindings``: (name, interval index, column index) of the strategy's indicators;
    ``wanted``: indices of the intervals whose bars it is called for.
    """

    number: int
    strategy: Strategy
    mode: str
    lookback: int
    bindings: tuple[tuple[str, int, int], ...]
    wanted: tuple[int, ...]


def bars_dtype(names: Sequence[str], symbols: int) -> np.dtype[Any]:
    """The record of all symbols' bars at one moment; every column is an array by symbol."""
    fixed: list[Any] = [(name, "i8") for name in ("ts", "interval", "count")]
    present = [("present", "i8", (symbols,))]
    return np.dtype(fixed + present + [(n, "f8", (symbols,)) for n in (*PRICE_COLUMNS, *names)])
