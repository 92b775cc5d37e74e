"""Performance metrics: what every process measures of itself, and reports over all processes.

::

    row              written by     timers                              counters
    coordinator      that process   initial_load, subsequent_load,      bars slots sessions
                                    session_gap, session_duration,
                                    fill, wait_for_room, lag
    processor <i>    that process   data_processor, wait_for_bars       bars slots
    engine <i>       that process   analysis_engine, wait_for_slot,     bars slots sessions fills
                                    latency
    supervisor       that process   backtest

The first three have the counters of a time account besides (`time_account`). A stage has a timer
for its work on a slot (fill, data_processor, analysis_engine), and one for its wait for each slot.
Bars that are offered at a rate have a latency, and their generator has a lag.

The rows are those of a `shm.stats` block, and a process writes its own row alone. A reader merges
the rows of a role: counts add, and so do histograms, so the p99 of four engines is the p99 of all
their timings together. Timings are kept in ns and reported in seconds.
"""

import math
import textwrap
import time
from collections.abc import Callable
from typing import Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt

from pipeline.stages.latencies import count_values
from shm.histogram import Distribution
from shm.stats import Figures, RowSpec, RowWriter, StatsBlock

Scope = Literal["session", "backtest"]

#: The counters of a time account (`time_account`), in ns.
TIME_ACCOUNT = ("busy_ns", "starved_ns", "blocked_ns", "processor_ns")
#: The counter of the coordinator's row with the processor time that all programs took during the
#: tape, of the processors that the run may use, in ns; 0 if the system does not tell.
MACHINE_TIME = "machine_ns"
_FLOW = ("bars", "slots")
_SPECS = {
    "coordinator": RowSpec(
        "coordinator",
        (*_FLOW, "sessions", *TIME_ACCOUNT, MACHINE_TIME),
        (
            *("initial_load", "subsequent_load", "session_gap", "session_duration"),
            *("fill", "wait_for_room", "lag"),
        ),
    ),
    "processor": RowSpec("processor", (*_FLOW, *TIME_ACCOUNT), ("data_processor", "wait_for_bars")),
    "engine": RowSpec(
        "engine",
        (*_FLOW, "sessions", "fills", *TIME_ACCOUNT),
        ("analysis_engine", "wait_for_slot", "latency"),
    ),
    "supervisor": RowSpec("supervisor", (), ("backtest",)),
}
# In the order of a report; every timer belongs to one role.
_TIMERS = (
    *("analysis_engine", "data_processor", "fill"),
    *("wait_for_slot", "wait_for_bars", "wait_for_room", "latency", "lag"),
    *("initial_load", "subsequent_load", "session_gap", "session_duration", "backtest"),
)
# The timer of each role's waits for slots.
_WAITS = {
    "coordinator": "wait_for_room",
    "processor": "wait_for_bars",
    "engine": "wait_for_slot",
}
_WIDTH = 80
_LABEL = 16

_HOUR = 3.6e12

_now = time.perf_counter_ns


def metrics_rows(processors: int, engines: int) -> list[RowSpec]:
    """Return the rows of a run, for `StatsBlock.create`.

    They are named "coordinator", "processor 0", ..., "engine 0", ..., "supervisor".
    """
    counts = {"coordinator": None, "processor": processors, "engine": engines, "supervisor": None}
    rows = []
    for role, count in counts.items():
        spec = _SPECS[role]
        names = [role] if count is None else [f"{role} {index}" for index in range(count)]
        rows += [RowSpec(name, spec.counters, spec.timers) for name in names]
    return rows


class PerformanceMetrics:
    """Timings and counters of one process (`for_row`), or, without a row, of all for a reader.

    Valid until the block is closed. Others see a timing after the next `flush`; timings that a
    process has not flushed are lost when it dies.
    """

    def __init__(self, block: StatsBlock, row: RowWriter | None = None) -> None:
        self._block = block
        self._row = row
        self._analysis_engine = self._recorder("analysis_engine")
        self._data_processor = self._recorder("data_processor")
        self._initial_load = self._recorder("initial_load")
        self._subsequent_load = self._recorder("subsequent_load")
        self._session_gap = self._recorder("session_gap")
        self._session_duration = self._recorder("session_duration")
        self._backtest = self._recorder("backtest")
        self._fill = self._recorder("fill")
        self._lag = self._recorder("lag")
        #: Records how many ns the process has waited for a slot. KeyError in the supervisor's row.
        self.record_wait = self._recorder(_WAITS.get(_role_of(row.spec.name), "") if row else "")

    @classmethod
    def for_row(cls, block: StatsBlock, name: str) -> "PerformanceMetrics":
        """Return the writer's side of row `name`, for the one process that writes it.

        It can read all rows, too. Raises KeyError for a row that `metrics_rows` did not make.
        """
        return cls(block, block.row(name))

    # --- writing: the row's own process --------------------------------------------------------

    start_timer: Callable[[], int] = staticmethod(_now)
    """Return the present in ns, on a clock that only goes forward, for a later `record_...`."""

    def record_analysis_engine(self, start: int) -> None:
        """Record how long an engine has worked on a slot, since `start`. Engine only.

        As all ``record_`` methods, raises KeyError in a row of another role.
        """
        self._analysis_engine(_now() - start)

    def record_data_processor(self, start: int) -> None:
        """Record how long a processor has worked on a slot, since `start`. Processor only."""
        self._data_processor(_now() - start)

    def record_initial_load(self, start: int) -> None:
        """Record how long a symbol's first data took to load. Coordinator only."""
        self._initial_load(_now() - start)

    def record_subsequent_load(self, start: int) -> None:
        """Record how long more data of a symbol took to load. Coordinator only."""
        self._subsequent_load(_now() - start)

    def record_session_gap(self, start: int) -> None:
        """Record the time from a session's last slot to the next one's first. Coordinator only.

        The slot in which a session closes counts as its last, whatever else is in that slot.
        """
        self._session_gap(_now() - start)

    def record_session_duration(self, start: int) -> None:
        """Record the time from a session's first slot to its last. Coordinator only."""
        self._session_duration(_now() - start)

    def record_fill(self, start: int) -> None:
        """Record how long the coordinator has worked on a slot, since `start`. Coordinator only."""
        self._fill(_now() - start)

    def record_lag(self, ns: int) -> None:
        """Record by how many ns the generator of offered bars was late. Coordinator only."""
        self._lag(ns)

    def record_latencies(self, ns: npt.NDArray[np.int64]) -> None:
        """Record the latency of each of some offered bars. Engine only."""
        self._own().timer("latency").record_all(ns, count_values)

    def record_backtest(self, start: int) -> None:
        """Record how long the whole run took. Supervisor only."""
        self._backtest(_now() - start)

    def count(self, name: str, n: int = 1) -> None:
        """Add `n` to a counter of the row, visible at once. Raises KeyError for an unknown one."""
        self._own().count(name, n)

    def flush(self) -> None:
        """Show all recorded timings to readers; once per slot or so."""
        self._own().flush()

    def reset_session(self) -> None:
        """Begin a session: the row's session figures become 0; those of the backtest go on.

        Every process of a run calls it before the slot after the one that closed a session.
        """
        self._own().reset_session()

    def reset_all(self) -> None:
        """Begin all over: all figures of the row become 0.

        A run has a new block, so it needs no reset: this is for users who time something else.
        """
        self._own().reset()

    def _own(self) -> RowWriter:
        if self._row is None:
            raise KeyError("these metrics only read; `for_row` gives those that write a row")
        return self._row

    def _recorder(self, timer: str) -> Callable[[int], None]:
        """Return a function that records into a timer of the row, or refuses if it has none."""
        if self._row is not None and timer in self._row.spec.timers:
            return self._row.timer(timer).record

        def refuse(_: int) -> NoReturn:
            raise KeyError(f"row {self._own().spec.name!r} has no timer {timer!r}")

        return refuse

    # --- reading: anyone ----------------------------------------------------------------------

    def numbers(self, scope: Scope = "backtest") -> dict[str, Any]:
        """Return all figures as a JSON document.

        By timer (analysis_engine, ...): count, and total, minimum, mean, maximum, p50, p99, p999 in
        seconds (None where count is 0; quantiles are within 1/256). "counters": by role
        (coordinator, processor, engine) the counters, summed over its processes, without those of
        time accounts.
        """
        roles = self._by_role(scope)
        merged = {name: timer for role in roles.values() for name, timer in role.timers.items()}
        return {
            **{name: _seconds(merged[name]) for name in _TIMERS if name in merged},
            "counters": {
                name: _flow(role.counters) for name, role in roles.items() if role.counters
            },
        }

    def format_report(self, scope: Scope) -> str:
        """Return the figures of the last session, or of the backtest, as text 80 columns wide.

        The sessions of one slot count as one session. Timers that recorded nothing are left out. So
        is, in a report of a session, the time that the whole run took.
        """
        roles = self._by_role(scope)
        merged = {name: timer for role in roles.values() for name, timer in role.timers.items()}
        header = "".join(f"{name:>9}" for name in ("total", "mean", "p50", "p99", "p99.9", "max"))
        lines = [f"{f'{scope} timings':<{_LABEL}}{'count':>10}{header}"]
        told = [name for name in _TIMERS if name in merged and merged[name].count]
        if scope == "session" and "backtest" in told:
            told.remove("backtest")
        lines += [_timer_line(name, merged[name]) for name in told]
        counted = [line for name, role in roles.items() for line in _counter_lines(name, role)]
        if counted:
            lines += ["", f"{scope} counters", *counted]
        if scope == "backtest":
            lines += self._summary_lines(roles)
        return "\n".join(lines) + "\n"

    def _summary_lines(self, roles: dict[str, Figures]) -> list[str]:
        """Return lines about the time of the whole run."""
        backtest = roles["supervisor"].timers["backtest"].total if "supervisor" in roles else 0
        if not backtest:
            return []
        flow = roles["coordinator"].counters
        seconds = backtest / 1e9
        lines = [
            "",
            f"{flow['bars']:,} bars in {seconds:.3f} s: {flow['bars'] / seconds:,.0f} bars/s",
        ]
        if flow["sessions"]:
            each = _duration(backtest / flow["sessions"])
            lines.append(f"{flow['sessions']:,} sessions, {each} each")
        return lines

    def _by_role(self, scope: Scope) -> dict[str, Figures]:
        """Return the figures of each role, its processes merged, from one snapshot."""
        if scope not in ("session", "backtest"):
            raise ValueError(f"scope must be session or backtest, was {scope!r}")
        parts: dict[str, list[Figures]] = {}
        for name, row in self._block.snapshot().items():
            part = row.session if scope == "session" else row.full
            parts.setdefault(_role_of(name), []).append(part)
        return {role: _merge(figures) for role, figures in parts.items()}


def _role_of(row: str) -> str:
    return row.partition(" ")[0]


def _flow(counters: dict[str, int]) -> dict[str, int]:
    """Return the counters of a role without those of a time account."""
    return {name: n for name, n in counters.items() if name not in TIME_ACCOUNT}


def _merge(parts: list[Figures]) -> Figures:
    """Add up the figures of rows with the same counters and timers."""
    return Figures(
        {name: sum(part.counters[name] for part in parts) for name in parts[0].counters},
        {name: Distribution.merge(part.timers[name] for part in parts) for name in parts[0].timers},
    )


def _seconds(timer: Distribution) -> dict[str, float | int | None]:
    known = timer.count > 0
    figures = {
        "total": timer.total,
        "minimum": timer.minimum,
        "mean": timer.mean,
        "maximum": timer.maximum,
        "p50": timer.p50,
        "p99": timer.p99,
        "p999": timer.p999,
    }
    return {
        "count": timer.count,
        **{name: value / 1e9 if known else None for name, value in figures.items()},
    }


def _timer_line(name: str, timer: Distribution) -> str:
    figures = (timer.total, timer.mean, timer.p50, timer.p99, timer.p999, timer.maximum)
    label = name.replace("_", " ")
    return f"{label:<{_LABEL}}{timer.count:>10,}" + "".join(f"{_duration(f):>9}" for f in figures)


def _counter_lines(name: str, role: Figures) -> list[str]:
    """Return the counters of a role that counted anything."""
    # A no-break space keeps a number and its word together: wrapping breaks at spaces only.
    told = ", ".join(f"{n:,}\u00a0{word}" for word, n in _flow(role.counters).items() if n)
    lines = textwrap.wrap(told, _WIDTH - _LABEL)
    labels = [name, *[""] * len(lines)]
    return [
        f"{label:<{_LABEL}}" + line.replace("\u00a0", " ")
        for label, line in zip(labels, lines, strict=False)
    ]


def _duration(ns: float) -> str:
    """Return a time in a unit of its size, with three figures or more, in at most 8 characters."""
    if ns >= _HOUR * 10:
        return f"{ns / _HOUR:.0f} h"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            value = ns / size
            digits = max(0, 2 - int(math.log10(value)))
            return f"{value:.{digits}f} {unit}"
    return f"{ns:.0f} ns"
