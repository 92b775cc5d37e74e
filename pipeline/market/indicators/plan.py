"""The indicator plan: the columns that a run computes, each once for all lanes that ask for it.

A plan is a value. The supervisor builds it from the indicators of all lanes, the slot takes its
column names from it, the processors compute it, and the engines look their columns up in it. It
holds plain data only (and the plain Python functions of users), so it can be sent to any process.
Functions from ``__main__`` or a notebook need ``multiprocess`` or ``dill`` for that.
"""

from __future__ import annotations

import keyword
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.codes import PRICE_COLUMNS
from pipeline.errors import DataError, StrategyError
from pipeline.market.indicators.declared import Indicator, Output, power_of
from pipeline.market.indicators.layout import KINDS, state_cells
from pipeline.market.indicators.split_scaling import PRICE_POWERS, Power

Wanted = Indicator | Output
Binding = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class PlannedIndicator:
    """One indicator of a table, with the places of its outputs and its state."""

    indicator: Indicator
    """The indicator, its interval spelled out."""
    columns: tuple[int, ...]
    """Column index of each output, -1 for an output that no lane asked for."""
    state: tuple[int, int]
    """Begin and end of its cells in a symbol's state."""


@dataclass(frozen=True)
class IntervalPlan:
    """The part of the plan that fills one interval's bar table."""

    interval: str
    """The interval, such as "5m"."""
    columns: tuple[str, ...]
    """Names of all float64 columns of the table in order: five prices, then indicators."""
    indicators: tuple[PlannedIndicator, ...]
    """The indicators of the table."""
    state_size: int
    """Number of float64 cells of state for each symbol."""

    @property
    def needs_sessions(self) -> bool:
        """True if the session of each row must be known to compute an indicator."""
        return any(planned.indicator.kind == "vwap" for planned in self.indicators)

    @property
    def powers(self) -> tuple[Power, ...]:
        """For each column, the power of the price by which it scales when a share is split."""
        found = list(PRICE_POWERS) + [None] * (len(self.columns) - len(PRICE_POWERS))
        for planned in self.indicators:
            for column in planned.columns:
                if column >= 0:
                    found[column] = power_of(planned.indicator)
        return tuple(found)

    @property
    def warmup(self) -> int:
        """Number of rows before every indicator of the table has its first value."""
        return max((planned.indicator.warmup for planned in self.indicators), default=0)


@dataclass(frozen=True)
class IndicatorPlan:
    """The union of (indicator, parameters, interval) over all lanes, as columns per interval.

    Build it with `IndicatorPlan.build`. ``tables`` are in the order of the run's intervals, the
    base first; an interval without indicators has a table of just the prices.
    """

    tables: tuple[IntervalPlan, ...]

    @classmethod
    def build(
        cls, requests: Sequence[Mapping[str, Wanted]], intervals: Sequence[str]
    ) -> IndicatorPlan:
        """Join the indicators for which the strategies of a run ask.

        ``requests`` has one mapping per strategy, from a name to the indicator. ``intervals`` are
        those of the run, the base first. Columns are in the order in which they are first asked
        for, so equal arguments give equal plans. Raises StrategyError for a name that cannot be an
        attribute or is used twice, and for a value that is no indicator. Raises DataError for an
        interval that is not in ``intervals``.
        """
        if not intervals or len(set(intervals)) != len(intervals):
            found = ", ".join(intervals) or "none"
            raise DataError(f"intervals must be different and at least one, were {found}")
        outputs: list[dict[Indicator, set[str]]] = [{} for _ in intervals]
        for request in requests:
            for index, indicator, name in cls._series(request, intervals):
                outputs[index].setdefault(indicator, set()).add(name)
        return cls(
            tuple(
                _table(interval, wanted)
                for interval, wanted in zip(intervals, outputs, strict=True)
            )
        )

    @classmethod
    def check(cls, request: Mapping[str, Wanted], intervals: Sequence[str]) -> None:
        """Raise as `build` does if the indicators of one strategy cannot be planned."""
        for _ in cls._series(request, intervals):
            pass

    @staticmethod
    def _series(
        request: Mapping[str, Wanted], intervals: Sequence[str]
    ) -> Iterator[tuple[int, Indicator, str]]:
        for _, wanted in _bound(request):
            yield _resolved(wanted, tuple(intervals))

    @property
    def intervals(self) -> tuple[str, ...]:
        """The run's intervals in table order, the base first."""
        return tuple(table.interval for table in self.tables)

    def table(self, interval: str) -> IntervalPlan:
        """Return the part of one interval. DataError if the plan does not have the interval."""
        return self.tables[_index(interval, self.intervals, "the plan")]

    def columns(self, interval: str) -> tuple[str, ...]:
        """Return the names of an interval's float64 columns in order, the five prices first."""
        return self.table(interval).columns

    def needs_sessions(self, interval: str) -> bool:
        """Return whether computing an interval needs ``session_of_row``."""
        return self.table(interval).needs_sessions

    def state_size(self, interval: str) -> int:
        """Return the float64 cells of state per symbol that one interval needs."""
        return self.table(interval).state_size

    def column(self, wanted: Wanted) -> tuple[int, int]:
        """Return (interval index, column index) of one series.

        Raises DataError if the series is not in the plan, or if the indicator has several outputs
        and none is named.
        """
        index, indicator, name = _resolved(wanted, self.intervals)
        column = self._columns_of[index].get((indicator, name))
        if column is None:
            raise DataError(
                f"{wanted.label} on {self.intervals[index]} is not in the indicator plan"
            )
        return index, column

    @cached_property
    def _columns_of(self) -> tuple[dict[tuple[Indicator, str], int], ...]:
        """For each table, the column of each (indicator, output), for quick look-ups by lanes."""
        return tuple(
            {
                (planned.indicator, name): column
                for planned in table.indicators
                for name, column in zip(
                    planned.indicator.outputs or ("",), planned.columns, strict=True
                )
                if column >= 0
            }
            for table in self.tables
        )

    def binding(self, request: Mapping[str, Wanted]) -> Binding:
        """Return (name, interval index, column index) of every series of a request, in its order.

        An indicator with several outputs under the name ``bb`` gives ``bb_upper`` and so on. Raises
        as `build` and `column` do.
        """
        return tuple((name, *self.column(wanted)) for name, wanted in _bound(request))


def bound_names(request: Mapping[str, Wanted]) -> tuple[str, ...]:
    """Return the names of all series of a request; StrategyError as `IndicatorPlan.binding`."""
    return tuple(name for name, _ in _bound(request))


def _bound(request: Mapping[str, Wanted]) -> Iterator[tuple[str, Wanted]]:
    """Yield each single series of a request with its name."""
    seen: dict[str, str] = {}
    for key, wanted in request.items():
        if not isinstance(key, str) or not key.isidentifier() or keyword.iskeyword(key):
            raise StrategyError(f"indicator name {key!r} must be a Python name")
        if key.startswith("_"):
            raise StrategyError(f"indicator name {key!r} must not begin with an underscore")
        if not isinstance(wanted, Indicator | Output):
            named = getattr(wanted, "__name__", "") if callable(wanted) else ""
            found = f"the function {named}: call it, as in {named}(...)" if named else repr(wanted)
            raise StrategyError(
                f"indicator {key!r} must be an indicator such as ind.sma(10), was {found}"
            )
        series: list[tuple[str, Wanted]] = [(key, wanted)]
        if isinstance(wanted, Indicator) and wanted.outputs:
            series = [(f"{key}_{name}", Output(wanted, name)) for name in wanted.outputs]
        for name, one in series:
            if name in PRICE_COLUMNS:
                raise StrategyError(f"indicator name {name!r} is the name of a price column")
            if name in seen:
                raise StrategyError(
                    f"indicator name {name!r} is given twice, by {seen[name]!r} and {key!r}"
                )
            seen[name] = key
            yield name, one


def _resolved(wanted: Wanted, intervals: tuple[str, ...]) -> tuple[int, Indicator, str]:
    """Return (interval index, indicator with this interval spelled out, output name or '')."""
    if isinstance(wanted, Output):
        indicator, name = wanted.indicator, wanted.name
    else:
        indicator, name = wanted, ""
    interval = intervals[0] if indicator.interval is None else indicator.interval
    if interval not in intervals:
        raise _not_in(interval, intervals, wanted.label)
    return intervals.index(interval), indicator.on(interval), name


def _index(interval: str, intervals: tuple[str, ...], asker: str) -> int:
    if interval not in intervals:
        raise _not_in(interval, intervals, asker)
    return intervals.index(interval)


def _not_in(interval: str, intervals: tuple[str, ...], asker: str) -> DataError:
    return DataError(
        f"{asker}: interval {interval!r} is not in this run, which has {', '.join(intervals)}"
    )


def _table(interval: str, wanted: Mapping[Indicator, set[str]]) -> IntervalPlan:
    columns = list(PRICE_COLUMNS)
    labels = set(PRICE_COLUMNS)
    planned = []
    begin = 0
    for indicator, names in wanted.items():
        label = _unused(indicator.label, labels)
        labels.add(label)
        places = []
        for output in indicator.outputs or ("",):
            places.append(len(columns) if output in names else -1)
            if output in names:
                columns.append(f"{label}.{output}" if output else label)
        period = int(indicator.params[0]) if indicator.params else 0
        end = begin + state_cells(KINDS[indicator.kind], period, indicator.memory)
        planned.append(PlannedIndicator(indicator, tuple(places), (begin, end)))
        begin = end
    return IntervalPlan(interval, tuple(columns), tuple(planned), begin)


def _unused(label: str, taken: Container[str]) -> str:
    """Return a label that is not taken: it gets a number if another function has its name."""
    numbered = label
    count = 1
    while numbered in taken:
        count += 1
        numbered = f"{label}#{count}"
    return numbered
