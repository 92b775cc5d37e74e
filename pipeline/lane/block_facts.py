"""What the lanes of a block came to, found for all of them at once.

It is what `lane.lane.Lane.facts` tells of a single lane.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.execution.fields import TOLD
from pipeline.lane.facts import OpenPosition
from pipeline.lane.group import LaneBlock
from pipeline.lane.opening import by_symbol
from pipeline.lane.warm_up import first_called, never_ready

_PLAIN: Final = tuple(name for name in TOLD if name != "next_order")


def are_alike(block: LaneBlock) -> bool:
    """Return whether `facts_of_block` can tell of the lanes.

    A lane with a watch for first values, or with several lots of a symbol, is asked itself.
    """
    return block.kind.waits and not block.kind.opening.terms.fifo


def facts_of_block(block: LaneBlock, places: npt.NDArray[np.int64]) -> dict[str, Sequence[Any]]:
    """Return what the lanes at these places came to, by their names and by column."""
    accounts = block.column("account")[places, 0]
    columns: dict[str, Sequence[Any]] = {name: accounts[name].tolist() for name in _PLAIN}
    columns["orders"] = (accounts["next_order"] - 1).tolist()
    columns["lane"] = [block.members[place].spec.number for place in places.tolist()]
    columns["positions"] = _positions(block, places)
    return columns | _warmed_up(block, places)


def _warmed_up(block: LaneBlock, places: npt.NDArray[np.int64]) -> dict[str, Sequence[Any]]:
    kind, ready = block.kind, block.column("ready")[places]
    series = kind.shape.intervals, kind.shape.symbols, kind.names
    waited: list[bool] = np.any(ready < 0, axis=(1, 2)).tolist()
    unready = [
        tuple(never_ready(one, kind.wanted, *series)) if waits else ()
        for one, waits in zip(ready, waited, strict=True)
    ]
    names = [tuple(name for name, _ in found) for found in unready]
    called = [tuple(name for name, to_the_end in found if to_the_end) for found in unready]
    first = first_called(ready, kind.wanted).tolist()
    return {"first_called": first, "never_ready": names, "never_called": called}


def _positions(block: LaneBlock, places: npt.NDArray[np.int64]) -> list[tuple[OpenPosition, ...]]:
    """Return what each lane holds, with the profit that `execution.lots.report_open` gives."""
    reals, wholes = (block.column(name)[places] for name in ("reals", "wholes"))
    first, price, multiplier = (
        by_symbol(name, reals, wholes) for name in ("first_lot", "last_price", "multiplier")
    )
    held: list[tuple[OpenPosition, ...]] = [()] * len(places)
    lanes, symbols = np.nonzero(first)
    lots = block.column("lots")[places[lanes], first[lanes, symbols] - 1]
    units = 0.0 + lots["units"]
    value = units * (price[lanes, symbols] * multiplier[lanes, symbols])
    profit = 0.0 + lots["flow"] + value
    found = (one.tolist() for one in (lanes, symbols, units, value, profit))
    for lane, *position in zip(*found, strict=True):
        held[lane] += (OpenPosition(*position),)
    return held
