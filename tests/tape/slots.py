"""Slots for the tests of what reads and writes them: small, of three symbols and two intervals."""

import numpy as np

from pipeline.codes import PRICE_COLUMNS
from pipeline.tape.slot import Slot, SlotShape

MINUTE = 60 * 10**9
SYMBOLS = ("AAA", "BBB", "CCC")
INDICATOR = "sma_3"


def shape_of(*, lookback: int = 4, rows: int = 16, quality: bool = False) -> SlotShape:
    columns = [(*PRICE_COLUMNS,), (*PRICE_COLUMNS, INDICATOR)]
    return SlotShape.plan(
        SYMBOLS, ["1m", "5m"], columns, lookback=lookback, rows=rows, quality=quality
    )


def slot_of(shape: SlotShape) -> Slot:
    return Slot(shape, memoryview(bytearray(shape.layout.size)))


def bars(first: int, rows: int, step: int = MINUTE) -> tuple:
    """Rows numbered from `first`: ts, close_ts and five columns, all different."""
    number = np.arange(first, first + rows)
    ts = number * step
    columns = [number + 1000.0 * (place + 1) for place in range(len(PRICE_COLUMNS))]
    return ts, ts + step, columns


def cursor_of(slot: Slot) -> np.ndarray:
    """Everything that is in the slot is known."""
    return np.array([table.first + table.count - 1 for table in slot.tables])
