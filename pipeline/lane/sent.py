"""Lanes on their way to an engine: their classes travel once, and the rest as plain data.

To send thousands of strategies as objects takes a hundred times as long.
"""

import pickle
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Final

from pipeline.lane.spec import LaneSpec
from pipeline.strategy.source import pack, unpack
from pipeline.strategy.strategy import Strategy

#: The fields of a specification but its strategy.
_PLAIN: Final = tuple(field.name for field in fields(LaneSpec) if field.name != "strategy")


def pack_specs(specs: Sequence[LaneSpec], names: Iterable[str]) -> bytes:
    """Pack lanes for `unpack_specs` in another process; ``names`` as for `strategy.source.pack`.

    A strategy has nothing but its parameters and states, which are numbers and texts.
    """
    classes = list(dict.fromkeys(type(spec.strategy) for spec in specs))
    index = {cls: number for number, cls in enumerate(classes)}
    rows = [
        (
            index[type(spec.strategy)],
            vars(spec.strategy),
            [getattr(spec, name) for name in _PLAIN],
        )
        for spec in specs
    ]
    return pack((classes, pickle.dumps(rows)), names)


def unpack_specs(packed: bytes) -> list[LaneSpec]:
    """Return the lanes that `pack_specs` was given."""
    classes, rows = unpack(packed)
    found = []
    for index, values, plain in pickle.loads(rows):  # noqa: S301 - from our own supervisor
        strategy: Strategy = object.__new__(classes[index])
        vars(strategy).update(values)
        found.append(LaneSpec(strategy=strategy, **dict(zip(_PLAIN, plain, strict=True))))
    return found
