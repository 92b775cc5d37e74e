"""How large a pass is: the slots of its ring, and the memory that it takes."""

from pipeline.config.session import SessionConfig
from pipeline.runner.lanes import Lanes
from pipeline.runner.memory import kept_by_indicators, shape_within
from pipeline.tape.slot import SlotShape
from shm.space import available_shared_memory

#: The most bytes of a slot.
_SLOT_BYTES = 16 << 20
#: Bytes of a lane without its symbols and sessions (15 kB in its engine, measured, and the rest for
#: its results), and bytes that each symbol adds.
_LANE_BYTES, _SYMBOL_BYTES = 40_000, 600
#: The share of the free memory that a sweep takes unless the configuration says how much.
_SHARE_OF_MEMORY = 0.8


def allowed_memory(wanted: float | None) -> int:
    """Return how many bytes a pass may take on this machine.

    ``wanted`` is in GiB and limited by the free memory; None stands for most of the free memory.
    """
    available = available_shared_memory()
    if wanted is None:
        return int(_SHARE_OF_MEMORY * available)
    return min(int(wanted * 2**30), available)


def slot_shape(settings: SessionConfig, lanes: Lanes, allowed: int) -> SlotShape:
    """Return the shape of the slots of a pass that may take ``allowed`` bytes.

    The ring gets half of them.
    """
    most = min(_SLOT_BYTES, allowed // (2 * settings.pipeline.slots))
    return shape_within(settings, lanes, most)


def memory_needed(settings: SessionConfig, lanes: Lanes, sessions: int, allowed: int) -> int:
    """Return about how many bytes a pass takes that may take ``allowed``, without its programs."""
    shape = slot_shape(settings, lanes, allowed)
    lane = _LANE_BYTES + _SYMBOL_BYTES * len(shape.symbols) + 8 * sessions
    ring = shape.layout.size * settings.pipeline.slots
    return ring + kept_by_indicators(lanes, shape) + lane * len(lanes.specs)
