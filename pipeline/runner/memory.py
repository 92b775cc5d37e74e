"""What a run takes of the memory, before it starts: its ring, and what its indicators keep."""

from pipeline.config.session import SessionConfig
from pipeline.errors import ConfigError, RunError
from pipeline.market.indicators.plan import PlannedIndicator
from pipeline.runner.fitting_ring import MEMBER_BYTES, fewest_slots
from pipeline.runner.lanes import Lanes
from pipeline.runner.preparation import shape_of
from pipeline.strategy.strategy import Strategy
from pipeline.tape.slot import SlotShape
from shm.space import available_memory, available_shared_memory

_CELL = 8
#: The fewest rows of all symbols that a slot is shortened to.
_FEWEST_ROWS = 8_192


def shape_within(settings: SessionConfig, lanes: Lanes, most: int) -> SlotShape:
    """Return the shape of slots of ``most`` bytes, unless the configuration says how many rows.

    Slots are shorter than usual where memory is scarce, or where thousands of columns make a row
    wide. Results do not depend on the shape.
    """
    shape = shape_of(settings, lanes)
    if settings.pipeline.slot_rows is not None or shape.layout.size <= most:
        return shape
    fewest = max(1, _FEWEST_ROWS // len(shape.symbols))
    # A strip has the lookback besides, is rounded up to 8 rows, and has one derived bar.
    rows = int(shape.stride * most / shape.layout.size) - shape.lookback - 9
    return shape_of(settings, lanes, min(max(fewest, rows), shape.rows))


def check_members(processors: int, engines: int) -> None:
    """Raise RunError, with both numbers, if the processes of a run do not fit into the memory.

    The system would kill one of them.
    """
    members = 1 + processors + engines
    needed, memory = members * MEMBER_BYTES, available_memory()
    if needed > memory:
        raise RunError(
            f"the {members} processes of a run need {needed / 2**20:,.1f} MiB of memory beside its "
            f"ring, there are {memory / 2**20:,.1f} MiB: end other programs, allow more (in a "
            "container: --memory), or lower pipeline.processors or pipeline.engines"
        )


def check_memory(settings: SessionConfig, lanes: Lanes, shape: SlotShape) -> None:
    """Raise ConfigError, with both numbers, if a run does not fit into the memory there is.

    The message names the strategy that asks for most.
    """
    slots, shared, memory = fewest_slots(settings), available_shared_memory(), available_memory()
    try:
        shape.check_memory(slots, shared)
    except ConfigError as error:
        raise ConfigError(f"{_deepest(lanes, shape)}{error}") from None
    kept, left = kept_by_indicators(lanes, shape), memory - slots * shape.layout.size
    if kept > left:
        raise ConfigError(
            f"indicators need {kept / 2**20:,.1f} MiB of memory, beside the ring there are "
            f"{left / 2**20:,.1f} MiB; {advice(lanes, shape, slots)}"
        )


def kept_by_indicators(lanes: Lanes, shape: SlotShape) -> int:
    """Return how many bytes the indicators of a run keep from bar to bar, of all symbols."""
    return _CELL * len(shape.symbols) * sum(table.state_size for table in lanes.plan.tables)


def advice(lanes: Lanes, shape: SlotShape, slots: int) -> str:
    """Say what makes lanes smaller that do not fit: of ring and indicators, the larger part."""
    if kept_by_indicators(lanes, shape) < slots * shape.layout.size:
        return (
            f"{_deepest(lanes, shape)}lower pipeline.slots, pipeline.slot_rows, "
            "sweep.lanes_per_pass or the strategy's lookback"
        )
    cells, index, planned = max(
        (
            (_cells(planned), index, planned)
            for index, table in enumerate(lanes.plan.tables)
            for planned in table.indicators
        ),
        key=lambda one: one[0],
    )
    return (
        f"{_asking(lanes, index, planned)} asks for {planned.indicator.label}, which keeps "
        f"{cells:,} numbers of each of {len(shape.symbols):,} symbols: make it shorter"
    )


def _deepest(lanes: Lanes, shape: SlotShape) -> str:
    """Return the beginning of a message with the longest lookback, if it makes slots larger."""
    if lanes.lookback <= shape.rows:
        return ""
    deepest = max(lanes.specs, key=lambda spec: spec.lookback)
    return f"{deepest.strategy!r} has a lookback of {deepest.lookback:,} bars: "


def _cells(planned: PlannedIndicator) -> int:
    return planned.state[1] - planned.state[0]


def _asking(lanes: Lanes, table: int, planned: PlannedIndicator) -> Strategy:
    """Return the first strategy that asks for an indicator of a table."""
    columns = set(planned.columns)
    return next(
        spec.strategy
        for spec in lanes.specs
        if any(index == table and column in columns for _, index, column in spec.bindings)
    )
