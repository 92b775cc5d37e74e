"""What lanes of one strategy have in common: an engine finds and compiles it once for them all."""

from collections.abc import Hashable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import StrategyError
from pipeline.execution.fills import FILL
from pipeline.execution.orders import REPORTED
from pipeline.lane.image import Image, Memory
from pipeline.lane.opening import Opening
from pipeline.lane.outbox import INBOX, Outbox
from pipeline.lane.program import HOOK_INDEX, PROGRAM
from pipeline.lane.spec import LaneSpec, Terms, bars_dtype
from pipeline.lane.warm_up import INDICATORS, ready_cells
from pipeline.native.call import code_address
from pipeline.strategy.compiled import operations
from pipeline.strategy.compiled.bar_record import BAR, BINDING
from pipeline.strategy.compiled.column_names import name_table, symbol_table
from pipeline.strategy.compiled.hooks import compile_hooks
from pipeline.strategy.compiled.records import CONTEXT
from pipeline.strategy.strategy import (
    Strategy,
    Symbol,
    hooks_of,
    parameters_of,
    record_dtype,
    states_of,
)
from pipeline.strategy.symbol import unknown
from pipeline.tape.slot import SHOWN_SESSION, SlotShape

#: Cells of the random numbers of a lane.
_RANDOM: Final = 6


class LaneKind:
    """What the lanes share whose specifications have one `key`; ``spec`` is one of these.

    Raises StrategyError if the strategy is no strategy or cannot be compiled.
    """

    def __init__(self, spec: LaneSpec, shape: SlotShape, terms: Terms, *, tabled: bool) -> None:
        cls = type(spec.strategy)
        self.shape = shape
        self.hooks = hooks_of(cls)
        self.names = tuple(name for name, _, _ in spec.bindings)
        self.wanted = spec.wanted
        #: Whether the strategy waits for its indicators.
        self.waits = spec.warmup is None and not {"on_bar", "on_bars"}.isdisjoint(self.hooks)
        self._parameters = parameters_of(cls)
        self._record = record_dtype(cls)
        self._symbol_keys = symbol_table(shape.symbols)
        self._zone = np.array(terms.zone, np.int64)
        self._universes: dict[tuple[int, ...], npt.NDArray[np.int64]] = {}
        self._resets = self._resets_of(cls)
        #: The functions of a compiled strategy by their names; empty for an interpreted one.
        self.compiled = self._compiled(spec) if spec.mode == "compiled" else {}
        reserve = INBOX if "on_order" in self.hooks else 0
        self.opening = Opening(shape, terms, reserve=reserve, tabled=tabled)
        self.image = self._make_image(spec)

    @staticmethod
    def key(spec: LaneSpec) -> Hashable:
        """Return what specifications of one kind have in common."""
        bound = tuple((name, index) for name, index, _ in spec.bindings)
        return type(spec.strategy), spec.mode, bound, spec.wanted, spec.warmup

    @property
    def may_be_grouped(self) -> bool:
        """Whether a lane is nothing but its memory until one of its hooks needs more.

        Lanes with messages under way, or with a book that ``on_order`` may fill within a moment,
        have large arrays of their own from the start.
        """
        return bool(self.compiled) and not self.opening.reserve and not self.opening.terms.delayed

    def make(
        self, specs: Sequence[LaneSpec], outbox: Outbox
    ) -> tuple[Memory, npt.NDArray[np.int64]]:
        """Return the memory of new lanes of this kind, and the address of each (`Image.copies`).

        Raises StrategyError if a parameter names a symbol that the run does not have.
        """
        image, values = self.image, [self.parameters(spec.strategy) for spec in specs]
        memory, addresses = image.copies(len(specs))
        selves = image.view(memory, "self")
        for parameter, column in zip(self._parameters, zip(*values, strict=True), strict=False):
            selves[parameter.name] = np.array(column)[:, np.newaxis]
        places = [[place for _, *place in spec.bindings] for spec in specs]
        if self.names:
            bindings = image.view(memory, "bindings").view(np.int64)
            bindings.reshape(len(specs), len(self.names), -1)[:, :, :2] = places
            image.view(memory, "columns")[:, len(PRICE_COLUMNS) :, 1:] = places
        image.view(memory, "random")[:] = [spec.random for spec in specs]
        context = image.view(memory, "context")[:, 0]
        universes = [self.universe(spec) for spec in specs]
        context["universe"] = [one.ctypes.data for one in universes]
        context["universe_count"] = [len(one) for one in universes]
        context["lookback"] = [spec.lookback for spec in specs]
        outbox.attach(image.view(memory, "account"))
        return memory, addresses

    def universe(self, spec: LaneSpec) -> npt.NDArray[np.int64]:
        """Return the indices of the symbols that a lane trades, i8[n], kept by the kind."""
        found = self._universes.get(spec.universe)
        if found is None:
            symbols = spec.universe or range(len(self.shape.symbols))
            found = self._universes[spec.universe] = np.array(symbols, np.int64)
        return found

    def parameters(self, strategy: Strategy) -> list[Any]:
        """Return the cells of a strategy's parameters; StrategyError for an unknown symbol."""
        return [
            self._index_of(value, type(strategy)) if one.type is Symbol else value
            for one in self._parameters
            for value in (getattr(strategy, one.name),)
        ]

    def _index_of(self, symbol: str, cls: type[Strategy]) -> int:
        if symbol not in self.shape.symbols:
            raise StrategyError(f"{cls.__name__}: {unknown('symbol', symbol, self.shape.symbols)}")
        return self.shape.symbols.index(symbol)

    def _selves(self, cls: type[Strategy]) -> npt.NDArray[Any]:
        """One record of parameters and state per symbol, and a last one of the lane's own."""
        records = np.zeros(len(self.shape.symbols) + 1, self._record)
        for name, declared in states_of(cls).items():
            records[name] = declared.initial
        return records

    def _resets_of(self, cls: type[Strategy]) -> npt.NDArray[np.int64]:
        """Return the cells that are reset by session, and their bits, i8[n, 2]."""
        fields = list(self._record.names or ())
        states = states_of(cls).items()
        resets = [name for name, declared in states if declared.reset == "session"]
        # The initial values as the record holds them, whatever their types, seen as bits.
        bits = self._selves(cls).view(np.int64).reshape(-1, len(fields))[0]
        cells = [fields.index(name) for name in resets]
        return np.array([(cell, bits[cell]) for cell in cells], np.int64).reshape(-1, 2)

    def _compiled(self, spec: LaneSpec) -> dict[str, Any]:
        data = {
            "bars": bars_dtype(self.names, len(self.shape.symbols)),
            "fill": FILL,
            "order": REPORTED,
            "session": SHOWN_SESSION,
        }
        indicators = {name: index == 0 for name, index, _ in spec.bindings}
        return compile_hooks(type(spec.strategy), self._record, indicators, data)

    def _make_image(self, spec: LaneSpec) -> Image:
        intervals, symbols = len(self.shape.intervals), len(self.shape.symbols)
        columns = {name: (-1, place) for place, name in enumerate(PRICE_COLUMNS)}
        columns |= {name: (index, 0) for name, index, _ in spec.bindings}
        arrays = {
            **self.opening.arrays,
            "context": np.zeros(1, CONTEXT),
            "program": np.zeros(1, PROGRAM),
            "self": self._selves(type(spec.strategy)),
            "ready": ready_cells(intervals, symbols, spec.warmup, len(spec.bindings)),
            "bindings": np.zeros(len(spec.bindings), BINDING),
            "columns": name_table(columns),
            "bar": np.zeros(1, BAR),
            "bars": np.zeros(1, bars_dtype(self.names, symbols)),
            "random": np.zeros(_RANDOM, np.int64),
        }
        self._fill_context(arrays["context"][0], len(arrays["columns"]))
        self._fill_program(arrays["program"][0], spec)
        image = Image(arrays)
        self.opening.point(image)
        for field, to in (
            *(("account", "account"), ("cursor", "cursor"), ("names", "columns")),
            *(("random", "random"), ("bar", "bar")),
        ):
            image.point("context", field, to)
        for name in ("self", "bar", "bars", "bindings", "ready"):
            image.point("program", name, name)
        image.point("bar", "bindings", "bindings")
        return image

    def _fill_context(self, record: Any, columns: int) -> None:
        record["intervals"] = len(self.shape.intervals)
        record["name_count"] = columns
        record["symbol_keys"] = self._symbol_keys.ctypes.data
        record["zone"], record["zone_count"] = self._zone.ctypes.data, len(self._zone)
        record["symbol"] = -1
        if self.compiled:
            record["operate"] = code_address(operations.entry())

    def _fill_program(self, record: Any, spec: LaneSpec) -> None:
        record["self_cells"] = self._record.itemsize // 8
        record["binding_count"] = len(spec.bindings)
        record["warmup"] = INDICATORS if spec.warmup is None else spec.warmup
        record["resets"], record["reset_count"] = self._resets.ctypes.data, len(self._resets)
        record["intervals"] = sum(1 << index for index in spec.wanted)
        record["hooks"] = sum(1 << HOOK_INDEX[name] for name in self.hooks)
        for name, hook in self.compiled.items():
            record[name] = code_address(hook)
