"""The record by which a walk finds a lane's strategy: its memory, its indicators and its hooks."""

from typing import Any

import numpy as np

from pipeline.native.memory import record_at
from pipeline.strategy.strategy import HOOKS

#: What a walk knows of a lane's strategy.
#: ``self``: address of one record of parameters and state per symbol, then one of the lane's own.
#: ``self_cells``: 8-byte cells of such a record.
#: ``bar``: address of the lane's BAR. ``bars``: address of the record that on_bars is given.
#: ``bindings``: address of BINDING[``binding_count``], its indicators.
#: ``intervals``: bit i is set if it wants bars of interval i.
#: ``hooks``: bit i is set if it defines hook number i (`HOOK_INDEX`).
#: ``resets``: address of i8[``reset_count``, 2]: cells of a self record that are reset when a
#: session opens, and the bits that each gets.
#: ``ready``: address of i8[intervals, symbols], and ``warmup``: bars of it; see `warm_up`.
#: ``on_...``: addresses of its compiled hooks.
PROGRAM: np.dtype[Any] = np.dtype(
    [
        (name, "i8")
        for name in (
            *("self", "self_cells", "bar", "bars", "bindings", "binding_count"),
            *("intervals", "hooks", "resets", "reset_count", "ready", "warmup"),
            *HOOKS,
        )
    ]
)
program_at = record_at(PROGRAM)

#: The number of each hook, by its name.
HOOK_INDEX = {name: index for index, name in enumerate(HOOKS)}
