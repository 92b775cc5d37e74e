"""The stats block: counters and timings of a run, read by anyone, written by one process per row.

::

    description   JSON: the names of all rows, counters and timers        creator, before ready
    row i         version | 7 unused words                                writer of row i
                  session: counters | per timer: count total minimum maximum, counts[BUCKETS]
                  before:  the same, of the sessions that are over

All cells are int64. A value is recorded in ``session``. `stats_row.RowWriter.reset_session` adds
``session`` to ``before`` and sets it to zero. The figures of the full run are the sum of both, so
recording a value costs one write. Timings and resets are written under the row's version, so that a
reader has a row as it was at one moment (`seqlock` states the order). A counter is one cell.
Reading writes nothing.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from shm.closing import Closing
from shm.errors import Closed, SegmentMismatch
from shm.histogram import Distribution
from shm.layout import Field, Layout
from shm.segment import Segment
from shm.seqlock import SeqLock
from shm.stats_row import (
    COUNT,
    FIRST_BUCKET,
    MAXIMUM,
    MINIMUM,
    TOTAL,
    VERSION_WORDS,
    RowSpec,
    RowWriter,
    Timer,
    add_scope,
)

__all__ = ["Figures", "RowSnapshot", "RowSpec", "RowWriter", "StatsBlock", "Timer"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Counters and timers of a row, by name."""

    #: What each counter has counted.
    counters: dict[str, int]
    #: The distribution of the values that each timer was given, in ns.
    timers: dict[str, Distribution]


@dataclass(frozen=True, slots=True)
class RowSnapshot:
    """The content of one row at one moment: a copy, valid for ever."""

    #: The row's name.
    name: str
    #: The figures since the writer's last `stats_row.RowWriter.reset_session`.
    session: Figures
    #: The figures since the start or the writer's last `stats_row.RowWriter.reset`.
    full: Figures
    #: False if the writer was killed while it wrote: figures may contradict each other.
    consistent: bool


class StatsBlock(Closing):
    """The stats of one run, in the segment `rt-<run_id>-<pid>-stats`, which describes itself.

    Made by `create` or, from any process that knows the name, `attach`; pickling passes the name.
    The creator removes the name in `close()` or `with`.
    """

    def __init__(self, segment: Segment, specs: tuple[RowSpec, ...], layout: Layout) -> None:
        self._segment = segment
        self.specs = specs
        views = layout.views(segment.payload)
        self._rows: list[npt.NDArray[np.int64]] | None = [
            views[f"row {i}"] for i in range(len(specs))
        ]
        self._writers: dict[str, RowWriter] = {}

    @classmethod
    def create(cls, run_id: str, rows: Sequence[RowSpec], *, kind: str = "stats") -> Self:
        """Create a block with these rows, all zero.

        Raises ValueError for a name given twice, and all that `Segment.create` raises.
        """
        specs = tuple(rows)
        _refuse_repeated("row", [spec.name for spec in specs])
        for spec in specs:
            _refuse_repeated(f"counter of row {spec.name!r}", spec.counters)
            _refuse_repeated(f"timer of row {spec.name!r}", spec.timers)
        description = json.dumps([asdict(spec) for spec in specs]).encode()
        layout = _layout(specs, len(description))
        segment = Segment.create(run_id, kind, layout.size, layout_hash=layout.hash)
        views = layout.views(segment.payload)
        views["length"][0] = len(description)
        views["description"][:] = np.frombuffer(description, np.uint8)
        segment.mark_ready()
        return cls(segment, specs, layout)

    @classmethod
    def attach(cls, name: str) -> Self:
        """Attach to the block of this name, from any process, related to the run or not.

        Raises what `Segment.attach` raises.
        """
        segment = Segment.attach(name)
        try:
            specs, layout = _describe(segment)
        except SegmentMismatch:
            segment.close()
            raise
        segment.check_layout(layout)
        return cls(segment, specs, layout)

    @property
    def name(self) -> str:
        """The segment's name, for `attach`."""
        return self._segment.name

    def row(self, name: str) -> RowWriter:
        """Return the writer's side of a row, for the one process that writes it.

        The same object every time, valid until `close`. Raises KeyError for an unknown name.
        """
        rows = self._open()
        if name not in self._writers:
            for spec, cells in zip(self.specs, rows, strict=True):
                if spec.name == name:
                    self._writers[name] = RowWriter(spec, cells)
        return self._writers[name]

    def snapshot(self) -> dict[str, RowSnapshot]:
        """Return a copy of every row, by name. Anyone, at any time; no writer has to wait."""
        rows = zip(self.specs, self._open(), strict=True)
        return {spec.name: _snapshot(spec, cells) for spec, cells in rows}

    def counters(self) -> dict[str, dict[str, int]]:
        """Return the counters of every row since the start, by name; much less than a snapshot.

        Anyone, at any time; no writer has to wait.
        """
        rows = zip(self.specs, self._open(), strict=True)
        return {spec.name: _counters(spec, cells) for spec, cells in rows}

    def timed(self) -> dict[str, dict[str, int]]:
        """Return how often and how long each timer of every row has timed since the start.

        By row: ``<timer>_count`` values, and ``<timer>_ns``, their sum. These can be added to those
        of other blocks. It costs as little as `counters`.
        """
        rows = zip(self.specs, self._open(), strict=True)
        return {spec.name: _timed(spec, cells) for spec, cells in rows}

    def close(self) -> None:
        """Flush the rows written here, remove the name (owner only), unmap. Again does nothing."""
        for writer in self._writers.values():
            writer._close()
        self._rows = None
        self._segment.close()

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).attach, (self.name,)

    def _open(self) -> list[npt.NDArray[np.int64]]:
        if self._rows is None:
            raise Closed(f"stats block {self.name!r}")
        return self._rows


# Bytes of the description, the first word of the payload.
_LENGTH = struct.Struct("=q")


def _layout(specs: Sequence[RowSpec], description_length: int) -> Layout:
    return Layout(
        [
            Field("length", np.int64, (1,)),
            Field("description", np.uint8, (description_length,)),
            *(Field(f"row {i}", np.int64, (spec.words,)) for i, spec in enumerate(specs)),
        ]
    )


def _describe(segment: Segment) -> tuple[tuple[RowSpec, ...], Layout]:
    """Return rows and layout by a block's description; SegmentMismatch if it has none."""
    try:
        (length,) = _LENGTH.unpack_from(segment.payload)
        start = _layout((), 0).size
        rows = json.loads(bytes(segment.payload[start : start + length]))
        specs = tuple(
            RowSpec(row["name"], tuple(row["counters"]), tuple(row["timers"])) for row in rows
        )
    except (struct.error, ValueError, TypeError, KeyError):
        raise SegmentMismatch(segment.name, "no description", "", "that of a stats block") from None
    return specs, _layout(specs, length)


def _snapshot(spec: RowSpec, cells: npt.NDArray[np.int64]) -> RowSnapshot:
    words, consistent = SeqLock(cells.data).read(cells.copy)
    session = words[VERSION_WORDS:][: spec.scope_words]
    full = words[VERSION_WORDS + spec.scope_words :]
    add_scope(spec, full, session)
    return RowSnapshot(spec.name, _figures(spec, session), _figures(spec, full), consistent)


def _counters(spec: RowSpec, cells: npt.NDArray[np.int64]) -> dict[str, int]:
    """Return the counters of a row."""
    return _since_start(spec, cells, {name: i for i, name in enumerate(spec.counters)})


def _timed(spec: RowSpec, cells: npt.NDArray[np.int64]) -> dict[str, int]:
    """Return the count and the total of each timer of a row."""
    words: dict[str, int] = {}
    for index, timer in enumerate(spec.timers):
        first = spec.first_word(index)
        words |= {f"{timer}_count": first + COUNT, f"{timer}_ns": first + TOTAL}
    return _since_start(spec, cells, words)


def _since_start(
    spec: RowSpec, cells: npt.NDArray[np.int64], words: dict[str, int]
) -> dict[str, int]:
    """Return some words of a row by name, those of the session added to those of before."""
    places = np.fromiter(words.values(), np.intp, len(words))
    session = cells[VERSION_WORDS:]
    before = cells[VERSION_WORDS + spec.scope_words :]
    values, _ = SeqLock(cells.data).read(lambda: (session[places] + before[places]).tolist())
    return dict(zip(words, values, strict=True))


def _figures(spec: RowSpec, scope: npt.NDArray[np.int64]) -> Figures:
    counters = {name: int(scope[i]) for i, name in enumerate(spec.counters)}
    timers = {}
    for index, name in enumerate(spec.timers):
        words = spec.timer_words(scope, index)
        timers[name] = Distribution(
            count=int(words[COUNT]),
            total=int(words[TOTAL]),
            minimum=int(words[MINIMUM]),
            maximum=int(words[MAXIMUM]),
            counts=words[FIRST_BUCKET:],
        )
    return Figures(counters, timers)


def _refuse_repeated(what: str, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"{what} must be given once, {name!r} was given {names.count(name)} times"
            )
