"""One run, from its configuration to its results."""

import math
import os
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import DataWarning, why_ended
from pipeline.results.folder import RunFolder
from pipeline.results.statistics import monthly_returns
from pipeline.runner.crew import COORDINATOR, Crew
from pipeline.runner.extent import Extent
from pipeline.runner.lanes import Given, make_lanes
from pipeline.runner.preparation import Division, divide_evenly, prepare, shape_of, work_of
from pipeline.runner.settings import GivenConfig, load_settings
from pipeline.runner.starting import start_context
from pipeline.runner.summary import session_rows, summarise
from pipeline.stages import compiling
from shm.control import MemberSnapshot
from shm.space import available_shared_memory
from shm.stats import StatsBlock

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, by its slowest engine."""

    #: Date of the session under way; None until the tape begins.
    session_date: date | None
    #: Sessions that are over.
    sessions: int
    sessions_total: int
    #: Base bars walked so far.
    bars: int
    #: All base bars of the run.
    bars_total: int
    #: Seconds since the tape began; 0.0 until then.
    seconds: float
    #: Name of the code that is compiled before the tape begins, and how far that is, such as "the
    #: lane loop (2 of 5)"; "" for none.
    compiling: str = ""


class Result:
    """The result of a run: its summary, and its tables, read from the run folder on demand."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self.summary = folder.summary

    @property
    def run_dir(self) -> Path:
        """The run folder."""
        return self._folder.path

    @property
    def digest(self) -> str:
        """Hash of fills and equity; equal digests mean equal results."""
        return str(self.summary["digest"])

    @property
    def fills(self) -> "pa.Table":
        """One row per fill: ts, symbol, side, quantity, price, commission, order_id, lane."""
        return self._folder.table("fills")

    @property
    def orders(self) -> "pa.Table":
        """One row per order, with its final state."""
        return self._folder.table("orders")

    @property
    def equity(self) -> "pa.Table":
        """One row per lane and base timestamp: ts (close), lane, equity, cash."""
        return self._folder.table("equity")

    @property
    def round_trips(self) -> "pa.Table":
        """One row per round trip: lane, symbol, side, quantity, entry, exit, profit and the rest.

        Prices are averages, `profit` is after `commission`. `max_adverse` and `max_favourable` say
        how far the price went against the position and in its favour, from the entry price. `bars`
        counts the base bars that ended between entry and exit. A position that is still open at the
        end has no exit, and its profit is that at the last close.
        """
        return self._folder.table("round_trips")

    @property
    def sessions(self) -> "pa.Table":
        """One row per lane and session: lane, date, equity (at the close), return, benchmark.

        The last two are simple returns, null where they are not defined: see `returns`.
        """
        return self._folder.table("sessions")

    @property
    def statistics(self) -> dict[str, Any]:
        """The summary of the first lane."""
        statistics: dict[str, Any] = self.summary["lanes"][0]
        return statistics

    def to_pandas(self, name: str) -> "pd.DataFrame":
        """Return a table, "fills" or "round_trips" for example, as a pandas DataFrame."""
        return self._folder.table(name).to_pandas()

    def returns(self, lane: int = 0) -> "pd.Series":
        """Return a lane's simple return per session as a float64 Series, by session date.

        The index is a DatetimeIndex of dates without a time zone, as pyfolio, QuantStats and
        empyrical take it. The first return is relative to the initial cash. A return relative to an
        equity that is not positive is NaN. Raises ValueError if there is no such lane.
        """
        return self._per_session("return", lane)

    def benchmark_returns(self) -> "pd.Series":
        """Return the simple returns of the benchmark per session, in the form of `returns`.

        The first return is relative to the open of the benchmark's first bar. Returns before that
        bar are NaN, and all are without a benchmark.
        """
        return self._per_session("benchmark", 0)

    def monthly(self, lane: int = 0) -> "pd.DataFrame":
        """Return a lane's compound returns by year (rows) and month 1 to 12 (columns).

        NaN where a month had no session. Raises ValueError if there is no such lane.
        """
        import pandas as pd

        returns = self.returns(lane)
        grown = monthly_returns(returns.index.to_numpy("M8[ns]").view("i8"), returns.to_numpy())
        years = sorted({int(month[:4]) for month in grown})
        table = pd.DataFrame(math.nan, years, range(1, 13))
        for month, value in grown.items():
            table.loc[int(month[:4]), int(month[5:])] = value
        return table

    def _per_session(self, column: str, lane: int) -> "pd.Series":
        import pandas as pd

        lanes = len(self.summary["lanes"])
        if not 0 <= lane < lanes:
            raise ValueError(f"lane must be 0 to {lanes - 1}, was {lane}")
        sessions = self.sessions
        # Every lane has a row for every session.
        rows = sessions.num_rows // lanes
        own = sessions.slice(lane * rows, rows)
        dates = own["date"].to_numpy().astype("M8[ns]")
        return pd.Series(own[column].to_numpy(), pd.DatetimeIndex(dates, name="date"), name=column)


def run(
    config: GivenConfig,
    *,
    strategy: Given | None = None,
    overrides: Iterable[str] = (),
    out: str | os.PathLike[str] = "runs",
    progress: Callable[[Progress], None] | None = None,
) -> Result:
    """Run a session configuration and return its result.

    Args:
        config: a SessionConfig, a dict of the same form, or the path of a JSON or TOML file.
        strategy: a Strategy class, a strategy, or a list of them (one lane each), in place of
            the configuration's ``strategy`` section.
        overrides: settings to replace, each ``"dotted.path=value"``.
        out: folder in which the run folder is made.
        progress: called with a Progress about ten times a second.

    Raises a RingtapeError in one line: ConfigError and DataError for wrong input, StrategyError
    with the strategy's file and line, RunError that names the process which failed. A run folder
    that was begun is then marked partial, and so it is after KeyboardInterrupt. Sessions of the
    range before the first bar and after the last are not run, which a DataWarning says.
    """
    began = time.perf_counter()
    settings = load_settings(config, overrides, strategy)
    context = start_context(settings.pipeline.start_method)
    lanes = make_lanes(settings, strategy)
    preparation = prepare(settings)
    if preparation.extent.warning:
        warnings.warn(preparation.extent.warning, DataWarning, stacklevel=2)
    shape = shape_of(settings, lanes)
    shape.check_memory(settings.pipeline.slots, available_shared_memory())
    folder = RunFolder.create(Path(out), settings.session_name, settings.dump())
    shares = divide_evenly(len(lanes.specs), settings.pipeline.engines)
    try:
        crew = Crew(
            context,
            work_of(preparation, lanes, shape, Division(shares, folder.path)),
            slots=settings.pipeline.slots,
            slot_size=shape.layout.size,
            mode="clock" if settings.backtest_config.speed_multiplier > 0 else "data",
        )
        with crew:
            crew.start()
            members = crew.members
            facts = crew.watch(_ticker(progress, preparation.extent, members))
            rows = folder.merge(shape.symbols)
            folder.write_sessions(session_rows(facts, preparation.benchmark))
            summary, report = summarise(preparation, lanes, facts, crew, rows, folder.path)
        summary["seconds"] = time.perf_counter() - began
        folder.write_performance(report)
        folder.write_summary(summary)
    except BaseException as error:
        folder.mark_partial(why_ended(error))
        folder.merge(shape.symbols)
        error.add_note(f"partial results: {folder.path}")
        raise
    return Result(folder)


def _ticker(
    progress: Callable[[Progress], None] | None,
    extent: Extent,
    members: Callable[[], Sequence[MemberSnapshot]],
) -> Callable[[StatsBlock], None]:
    """Return a function that turns the engines' counters and the members' cells into Progress."""
    began, sessions = 0.0, extent.sessions

    def tick(stats: StatsBlock) -> None:
        nonlocal began
        if progress is None:
            return
        rows = stats.snapshot()
        if rows[COORDINATOR].full.counters["slots"] and not began:
            began = time.perf_counter()
        engines = [row.full.counters for name, row in rows.items() if name.startswith("engine")]
        counters = min(engines, key=lambda counted: counted["slots"])
        done = counters["sessions"]
        day = sessions.date_ns[min(done, len(sessions) - 1)] if began else None
        progress(
            Progress(
                None if day is None else day.astype("M8[ns]").astype("M8[D]").item(),
                done,
                len(sessions),
                counters["bars"],
                extent.bars,
                time.perf_counter() - began if began else 0.0,
                "" if began else compiling.words(members()),
            )
        )

    return tick
