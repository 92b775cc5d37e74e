"""Slippage: by how much a fill's price is worse than the one reached."""

from typing import Any

import numpy as np

from pipeline.codes import HIGH, LOW, VOLUME
from pipeline.execution.orders import on_tick
from pipeline.native.kernel import kernel
from pipeline.native.memory import load_f8


@kernel()
def slipped(account: Any, symbol: int, quantity: float, price: float) -> float:
    """Price after slippage, in the bar being matched, moved on to the next tick.

    Worse by the sum of an amount, of basis points of the price, of a fraction of the bar's range,
    and of ``impact`` x price x share^2, where share is the part of the bar's volume that is filled,
    at most 1 (as in Zipline's VolumeShareSlippage).
    """
    worse = account.slippage + account.slippage_bps * 1e-4 * price
    if account.slippage_range != 0.0:
        high = load_f8(account.bar, HIGH * account.plane)
        worse += account.slippage_range * (high - load_f8(account.bar, LOW * account.plane))
    if account.impact != 0.0:
        volume = load_f8(account.bar, VOLUME * account.plane)
        share = min(abs(quantity) / volume, 1.0) if volume > 0.0 else 1.0
        worse += account.impact * price * share * share
    if worse == 0.0:
        return price
    account.slipped += 1
    return on_tick(account, symbol, price + np.copysign(worse, quantity), quantity > 0.0)
