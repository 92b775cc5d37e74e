"""How large a pass is: the slots of its ring, and the memory that it takes."""

from pipeline.config.session import SessionConfig
from pipeline.runner.lanes import Lanes
from pipeline.runner.memory import kept_by_indicators
from pipeline.runner.preparation import shape_of
from pipeline.tape.slot import SlotShape
from shm.space import available_shared_memory

#: The most bytes of a slot, and the fewest rows of all symbols that a slot is shortened to.
_SLOT_BYTES, _FEWEST_ROWS = 16 << 20, 8_192
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

    The ring gets half of them. Slots are shorter than usual where memory is scarce, or where
    thousands of columns make a row wide. Results do not depend on the shape.
    """
    shape = shape_of(settings, lanes)
    most = min(_SLOT_BYTES, allowed // (2 * settings.pipeline.slots))
    if settings.pipeline.slot_rows is not None or shape.layout.size <= most:
        return shape
    fewest = max(1, _FEWEST_ROWS // len(shape.symbols))
    rows = max(fewest, int(shape.rows * most / shape.layout.size))
    return shape_of(settings, lanes, min(rows, shape.rows))


def memory_needed(settings: SessionConfig, lanes: Lanes, sessions: int, allowed: int) -> int:
    """Return about how many bytes a pass takes that may take ``allowed``, without its programs."""
    shape = slot_shape(settings, lanes, allowed)
    lane = _LANE_BYTES + _SYMBOL_BYTES * len(shape.symbols) + 8 * sessions
    ring = shape.layout.size * settings.pipeline.slots
    return ring + kept_by_indicators(lanes, shape) + lane * len(lanes.specs)
