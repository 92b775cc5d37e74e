"""The rows in which a recorder gets what a lane does, each field of 8 bytes."""

from typing import Any, Final

import numpy as np


def _fields(**kinds: str) -> np.dtype[Any]:
    return np.dtype([(name, f"<{kind}") for name, kind in kinds.items()])


#: A fill.
FILL_ROW: Final = _fields(
    ts="i8",
    symbol="i8",
    quantity="f8",
    price="f8",
    commission="f8",
    order_id="i8",
)
#: An order: when it has ended, or at the end of the run.
ORDER_ROW: Final = _fields(
    order_id="i8",
    ts="i8",
    symbol="i8",
    quantity="f8",
    filled="f8",
    price="f8",
    kind="i8",
    state="i8",
    done_ts="i8",
    limit="f8",
    stop="f8",
    until="i8",
    reason="i8",
    parent="i8",
    found="f8",
    allowed="f8",
)
#: The account at the close of base bars.
EQUITY_ROW: Final = _fields(
    ts="i8",
    equity="f8",
    cash="f8",
)
#: A round trip; `exit_ts` is 0 if it has not ended.
TRIP_ROW: Final = _fields(
    symbol="i8",
    quantity="f8",
    entry_ts="i8",
    entry_price="f8",
    exit_ts="i8",
    exit_price="f8",
    profit="f8",
    commission="f8",
    max_adverse="f8",
    max_favourable="f8",
    bars="i8",
)
