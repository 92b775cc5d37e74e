"""One run, from its configuration to its results."""

import contextlib
import html
import math
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from pipeline.errors import (
    ConfigError,
    DataWarning,
    RingtapeError,
    RunError,
    StoppedError,
    why_ended,
)
from pipeline.results.folder import LATEST, RunFolder
from pipeline.results.report.page import format_summary
from pipeline.results.statistics import monthly_returns
from pipeline.runner.arguments import arguments_told
from pipeline.runner.crew import Crew
from pipeline.runner.fitting_ring import fewest_slots, ring_note
from pipeline.runner.inline import InlineCrew
from pipeline.runner.lanes import Given, make_lanes
from pipeline.runner.made_from import made_from
from pipeline.runner.memory import check_members, check_memory, shape_within
from pipeline.runner.named import Named, NamedAttributes
from pipeline.runner.notes import on_hashes
from pipeline.runner.preparation import Division, divide_evenly, prepare, work_of
from pipeline.runner.progress import Follower, Progress
from pipeline.runner.progress_line import Report, reported
from pipeline.runner.run_folders import find_run, summary_of
from pipeline.runner.settings import Asked, GivenConfig, Loaded, folder_of, loaded
from pipeline.runner.starting import start_context
from pipeline.runner.steered import steered_note
from pipeline.runner.summary import session_rows, summarise
from pipeline.runner.verification import Verification
from pipeline.strategy.guard import refuse_inside
from shm.command import CommandPage
from shm.space import available_shared_memory

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from pipeline.runner.reporting.notebook import Plot


_ALIASES = {"trades": "round_trips"}


class Result(NamedAttributes):
    """The result of a run: its summary, and its tables, read from the run folder on demand.

    It shows its summary where it is printed. As the value of a notebook's cell it shows its first
    figures and its equity, and a ranking if it has several lanes.
    """

    def __init__(self, folder: RunFolder, strategy: Given | None = None) -> None:
        if not isinstance(folder, RunFolder):
            raise TypeError(f"write Result.load({str(folder)!r}) for the result of an earlier run")
        self._folder = folder
        self._strategy = strategy  # as it was given from Python; None if names tell where it is
        summary = summary_of(folder)
        figures: dict[str, Any] = next(iter(summary.get("lanes") or ()), {})
        self.summary: dict[str, Any] = Named("summary", summary, {"result.statistics": figures})

    @classmethod
    def load(
        cls, run: str | os.PathLike[str] = LATEST, out: str | os.PathLike[str] = "runs"
    ) -> Self:
        """Return the result of an earlier run.

        Args:
            run: path of its folder, or its name in the folder ``out``. The beginning or the end of
                a name is enough; "latest" is the newest run.
            out: folder in which the run folders are.

        Raises RingtapeError if there is no such run, or several. The summary of a run that is not
        done has the entries "partial" and "reason", and its tables may be missing.
        """
        return cls(find_run(str(folder_of("run", run)), folder_of("out", out)))

    def __repr__(self) -> str:
        return format_summary(self.summary).rstrip("\n")

    def _repr_html_(self) -> str:
        from pipeline.runner.reporting.notebook import shown

        text = f"<pre>{html.escape(repr(self))}</pre>"
        if len(self.summary.get("lanes") or ()) != 1:
            return text
        try:
            return shown(self._folder)
        except RingtapeError:  # a table of it is gone
            return text

    def plot(self, lane: int = 0, height: int = 900) -> "Plot":
        """Return the run's page for the cell of a notebook, in a frame ``height`` pixels high.

        Its chart is that of `report`, and so are the errors.
        """
        from pipeline.runner.reporting.notebook import Plot

        return Plot(self._folder, lane, self._strategy, height)

    @property
    def trades(self) -> "pd.DataFrame":
        """One row per round trip, as a pandas DataFrame: the columns are those of `round_trips`."""
        return self.to_pandas("round_trips")

    def report(self, path: str | os.PathLike[str] | None = None, lane: int = 0) -> Path:
        """Write the run's page, one HTML file that a browser opens without a network.

        Args:
            path: the file; by default `report.html` in the run folder.
            lane: which lane the page is about.

        Returns the path of the file. RunError if the run is not done, there is no such lane, or the
        file cannot be written. Where the catalog does not have the run's bars any more, the page
        says so and has no prices.
        """
        from pipeline.runner.reporting.report import write_report

        target = None if path is None else Path(path)
        return write_report(self._folder, target, lane, self._strategy).path

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
        """The summary of the first lane. A KeyError names the figure that is likely meant."""
        return Named("statistics", self.summary["lanes"][0])

    def to_pandas(self, name: str = "") -> "pd.DataFrame":
        """Return a table, "fills" or "round_trips" for example, as a pandas DataFrame.

        "trades" is another name of "round_trips". ValueError names all tables if there is none of
        this name, or none is named.
        """
        return self._folder.table(_ALIASES.get(name, name)).to_pandas()

    @override
    def _elsewhere(self) -> Mapping[str, Mapping[str, Any]]:
        summary: dict[str, Any] = vars(self).get(
            "summary", {}
        )  # a copy that is being made has none yet
        figures: dict[str, Any] = next(iter(summary.get("lanes") or ()), {})
        return {"result.statistics": figures, "result.summary": summary}

    def returns(self, lane: int = 0) -> "pd.Series":
        """Return a lane's simple return per session as a float64 Series, by session date.

        The index is a DatetimeIndex of dates without a time zone, as pyfolio, QuantStats and
        empyrical take it. The first return is relative to the initial cash. Sessions after one that
        closed at an equity of zero or below have NaN. Raises ValueError if there is no such lane.
        """
        return self._per_session("return", lane)

    def benchmark_returns(self) -> "pd.Series":
        """Return the simple returns of the benchmark per session, in the form of `returns`.

        The first return is relative to the open of the benchmark's first bar. A session without a
        bar of it has NaN, and so have all without a benchmark.
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


@arguments_told
def run(
    config: GivenConfig | None = None,
    *,
    data: Any = None,
    strategy: Given | None = None,
    overrides: Iterable[str] = (),
    out: str | os.PathLike[str] = "runs",
    progress: Callable[[Progress], None] | bool | None = None,
    mode: str | None = None,
    inline: bool = False,
    **settings: Any,
) -> Result:
    """Run a strategy on data, or a session configuration, and return the result.

        run(strategy=SmaCross, data=frame)

    Args:
        config: a SessionConfig, a dict of the same form, or the path of a JSON or TOML file. It may
            be left out where ``data`` are given.
        data: bars in place of the configuration's catalog: a pandas or Polars frame, an Arrow table
            or reader, anything else with ``__arrow_c_stream__``, a dict of these by symbol, or the
            path of a file, folder or catalog. What the configuration and ``settings`` do not say
            (symbols, interval, dates, calendar, currency) is inferred from them, which
            ``result.summary["inferred"]`` tells. Times that name no zone need ``tz=``, unless they
            are dates.
        strategy: a Strategy class, a strategy, its name as in the configuration, or a list of
            them (one lane each), in place of the configuration's ``strategy`` section.
        overrides: settings to replace, each ``"dotted.path=value"``.
        out: folder in which the run folder is made.
        progress: called with a Progress about ten times a second. True shows a progress line on
            stderr or in the cell of a notebook, and None does where stderr is a terminal and the
            run is not inline.
        mode: "compiled" or "interpreted", in place of what the configuration says for each
            strategy.
        inline: run everything in this process, interpreted, so that `breakpoint()`, an editor's
            debugger and coverage work in a hook. The result is the same, and slower to come.
        settings: settings by the names of their fields, such as ``initial_cash=10_000`` or
            ``start_date="2024-01-02"``, whole sections as dicts, and with ``data`` the options of
            `import_bars`, such as ``symbol="GOOG"``.

    Raises a RingtapeError in one line: ConfigError, DataError and StrategyError for wrong input,
    HookError with file and line where a strategy raises, RunError that names the process which
    failed, StoppedError where ``ringtape control`` ends the run. A run folder is then marked
    partial, and so it is after KeyboardInterrupt. If the tape has not begun by then, no folder is
    left. Sessions of the range before the first bar and after the last are not run, which a
    DataWarning says.
    """
    began = time.perf_counter()
    refuse_inside("run")
    folder = folder_of("out", out)
    if inline and mode not in (None, "interpreted"):
        raise ConfigError(f'mode is {mode!r}, expected "interpreted": a run with inline=True is')
    if mode == "inline":
        raise ConfigError(
            'mode is "inline", expected "compiled" or "interpreted"; write inline=True'
        )
    mode = "interpreted" if inline else mode
    asked = Asked(config, data, strategy, overrides, settings, mode)
    shown = False if inline and progress is None else progress
    with reported(shown) as report, loaded(asked, _importing(report)) as found:
        return _replay(found, strategy, folder, report, began, inline=inline)


def run_steered(asked: Asked, out: Path, command: CommandPage) -> Result:
    """Run without progress what is asked for, steered by the page of a sweep that it is part of."""
    began = time.perf_counter()
    with loaded(asked, _importing(None)) as found:
        return _replay(found, asked.strategy, out, None, began, command=command)


def _importing(report: Report) -> Callable[[str], None]:
    """Return what reports words on an import of given data."""

    def say(words: str) -> None:
        if report is not None:
            report(Progress(None, 0, 0, 0, 0, 0.0, importing=words))

    return say


def _replay(
    found: Loaded,
    strategy: Given | None,
    out: Path,
    report: Report,
    began: float,
    *,
    inline: bool = False,
    command: CommandPage | None = None,
) -> Result:
    """Run what the settings say, from ``began`` on a `time.perf_counter`."""
    settings = found.settings
    context = None if inline else start_context(settings.pipeline.start_method)
    lanes = make_lanes(settings, strategy)

    def verifying(words: str) -> None:
        if report is not None:
            report(Progress(None, 0, 0, 0, 0, 0.0, verifying=words))

    preparation = prepare(settings, Verification(verifying, time.monotonic).tell)
    if preparation.extent.warning:
        warnings.warn(preparation.extent.warning, DataWarning, stacklevel=4)
    shape = shape_within(settings, lanes, available_shared_memory() // settings.pipeline.slots)
    check_memory(settings, lanes, shape)
    if not inline:
        check_members(settings.pipeline.processors, settings.pipeline.engines)
    folder = RunFolder.create(out, settings.session_name, settings.dump())
    shares = divide_evenly(len(lanes.specs), settings.pipeline.engines)
    division = Division(shares, folder.path)
    limit = settings.pipeline.held_up_seconds
    follower = Follower(report, preparation.sessions, preparation.extent.bars, limit)
    try:
        # Files that are edited while the run lasts are no part of it.
        made = made_from(preparation, lanes)
        crew = (InlineCrew if inline else Crew)(
            context,
            work_of(preparation, lanes, shape, division, travels=not inline),
            slots=settings.pipeline.slots,
            slot_size=shape.layout.size,
            fewest=fewest_slots(settings),
            mode="clock" if settings.backtest_config.speed_multiplier > 0 else "data",
            title=f"{settings.session_name}\n{folder.path.absolute()}",
            bars=preparation.extent.bars,
            command=command,
        )
        with crew, follower.following(crew):
            crew.start(follower.tick)
            facts = crew.watch(follower.tick)
            rows = folder.merge(shape.symbols)
            folder.write_sessions(session_rows(facts, preparation.benchmark))
            summary, timings = summarise(preparation, lanes, facts, crew, rows, folder.path, made)
        summary["notes"] += ring_note(settings.pipeline.slots, crew.slots)
        if facts.tape is not None:
            summary["notes"] += steered_note(facts.tape.commands, facts.tape.stood_ns)
        summary |= {"inferred": dict(found.told)} if found.told else {}
        if inline:
            summary["notes"] += on_hashes(type(spec.strategy) for spec in lanes.specs)
        summary["seconds"] = time.perf_counter() - began
        folder.write_performance(timings)
        folder.write_summary(summary)
    except BaseException as error:
        _end_early(folder, error, follower, shape.symbols)
        raise
    return Result(folder, strategy)


def _end_early(
    folder: RunFolder, error: BaseException, follower: Follower, symbols: Sequence[str]
) -> None:
    """Keep what a run has left when an error ended it; nothing if no bar was replayed."""
    why = why_ended(error)
    if follower.stuck and isinstance(error, KeyboardInterrupt | SystemExit | StoppedError):
        error.add_note(follower.stuck)
        why += f"; {follower.stuck}"
    if not follower.tape_began:
        shutil.rmtree(folder.path, ignore_errors=True)
        return
    folder.mark_partial(why)
    with contextlib.suppress(RunError):  # must not hide the error that ended the run
        folder.write_kept(symbols)
    error.add_note(f"partial results: {folder.path}")
