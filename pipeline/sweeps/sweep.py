"""One sweep, from its configuration to its report."""

import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.config.session import SessionConfig
from pipeline.config.sweep import OPTUNA_METHODS
from pipeline.errors import (
    ConfigError,
    DataError,
    DataWarning,
    RunError,
    StrategyError,
    why_ended,
)
from pipeline.results.folder import RunFolder
from pipeline.results.report.figures import many
from pipeline.runner.arguments import arguments_told
from pipeline.runner.lanes import Given
from pipeline.runner.lasting_page import lasting_page
from pipeline.runner.memory import check_members
from pipeline.runner.preparation import Preparation, prepare
from pipeline.runner.run_folders import LEDGER
from pipeline.runner.scores import check_length
from pipeline.runner.settings import Asked, GivenConfig, folder_of, loaded
from pipeline.runner.starting import start_context
from pipeline.runner.steered import steered_note
from pipeline.runner.verification import Verification
from pipeline.strategy.guard import refuse_inside
from pipeline.sweeps.conduct import Conductor
from pipeline.sweeps.details import run_best, write_pages
from pipeline.sweeps.executors.local import LocalExecutor
from pipeline.sweeps.ledger.ledger import LaneRow, Ledger, SweepRow
from pipeline.sweeps.progress import Meter, SweepProgress
from pipeline.sweeps.progress_line import Report, reported
from pipeline.sweeps.ranking import best_rows, scores_of
from pipeline.sweeps.result import SweepResult
from pipeline.sweeps.roster import Entry, Roster
from pipeline.sweeps.search.search import Search, make_search
from pipeline.sweeps.status import sweep_status
from pipeline.sweeps.summary import judge, summarise, write_page
from shm.command import CommandPage
from shm.names import new_run_id
from shm.processors import usable_processors

#: Name of the ledger's folder in the folder of the results, and of the file in the ledger's folder
#: in which Optuna keeps the search of a sweep.
_MOST_ENGINES = 64
_STORAGE = "search-{}.sqlite"
_BAD_INPUT = (ConfigError, DataError, StrategyError)


@arguments_told
def sweep(
    config: GivenConfig | None = None,
    *,
    data: Any = None,
    strategy: Given | None = None,
    overrides: Iterable[str] = (),
    out: str | os.PathLike[str] = "runs",
    ledger: str | os.PathLike[str] | None = None,
    engines: int | None = None,
    resume: bool = False,
    progress: Callable[[SweepProgress], None] | bool | None = None,
    reports: bool = False,
    **settings: Any,
) -> SweepResult:
    """Run every parameter set of a space, or of a configuration's ``sweep`` section, and rank them.

        sweep(strategy=SmaCross, data=frame, space={"fast": range(5, 50, 5), "slow": [50, 100]})

    Args:
        config: as `run` takes it, with a section "sweep" unless ``settings`` say it.
        data: as `run` takes them.
        strategy: as `run` takes it: in place of the configuration's ``strategy`` section.
        overrides: settings to replace, each ``"dotted.path=value"``.
        out: folder in which the sweep's folder is made.
        ledger: folder of the ledger, which sweeps can share; None: "ledger" in ``out``.
        engines: analysis engines; None: those of ``pipeline.engines`` if it is set, else one for
            each core. Results do not depend on it.
        resume: take lanes from the ledger that any sweep has run with the same data, code,
            settings and parameters.
        progress: called with a SweepProgress about ten times a second. True shows progress lines on
            stderr or in the cell of a notebook, and None does where stderr is a terminal.
        reports: whether each of the best sets' runs gets its page, to which report.html links.
        settings: as `run` takes them, those of the section "sweep" among them, such as ``space``
            and ``score``.

    Raises a RingtapeError in one line, as `run` does, and LedgerError if ``ledger`` holds something
    else. A lane that raises, takes too long or kills its engine twice fails alone. When a sweep is
    interrupted, the lanes that have ended are in the ledger.
    """
    began = time.perf_counter()
    refuse_inside("sweep")
    folder_out = folder_of("out", out)
    home = folder_out / LEDGER if ledger is None else folder_of("ledger", ledger)
    asked = Asked(config, data, strategy, overrides, settings, sweep=True)
    with reported(progress) as report, loaded(asked, _importing(report)) as found:
        _check_section(found.settings, config)
        context = start_context(found.settings.pipeline.start_method)
        roster = Roster(found.settings, strategy)
        prepared = _prepared(context, found.settings, roster, engines, report)
        return _sweep(
            roster, *prepared, folder_out, home, resume, reports, report, began, found.told
        )


def _importing(report: Report) -> Callable[[str], None]:
    """Return what reports words on an import of given data."""

    def say(words: str) -> None:
        if report is not None:
            report(SweepProgress(0, None, 0, 0, 0.0, None, "", 0, importing=words))

    return say


def _prepared(
    context: Any, settings: SessionConfig, roster: Roster, engines: int | None, report: Report
) -> tuple[Preparation, LocalExecutor, list[str]]:
    """Return what all passes of a sweep share, its executor, and notes on the engines."""

    def verifying(words: str) -> None:
        if report is not None:
            report(SweepProgress(0, None, 0, 0, 0.0, None, "", 0, verifying=words))

    preparation = prepare(settings, Verification(verifying, time.monotonic).tell)
    if preparation.extent.warning:
        warnings.warn(preparation.extent.warning, DataWarning, stacklevel=4)
    check_length(roster.sweep, len(preparation.sessions), preparation.year)
    count, limit = _engines(settings, engines)
    check_members(settings.pipeline.processors, count)
    executor = LocalExecutor(context, preparation, count, roster.sweep.memory)
    return preparation, executor, limit


def _sweep(
    roster: Roster,
    preparation: Preparation,
    executor: LocalExecutor,
    limit: list[str],
    out: Path,
    home: Path,
    resume: bool,
    reports: bool,
    report: Report,
    began: float,
    inferred: Mapping[str, str],
) -> SweepResult:
    """Run and rank the sets of a prepared sweep; its ledger is in ``home``."""
    settings = preparation.settings
    run_id = new_run_id()
    with Ledger.open(home) as opened, lasting_page(CommandPage.create, run_id) as command:
        executor.command = command
        storage = _storage(roster, home, resume)
        begun = storage.exists()
        search = make_search(roster.sweep, roster.space, storage)
        folder = RunFolder.create(out, settings.session_name, settings.dump())
        row = _sweep_row(roster, preparation, folder.path.name)
        facts = _facts_of(settings, folder.path, row, executor)
        with _recorded(opened, row, folder), sweep_status(run_id, facts) as status:
            executor.status = status
            told = status.telling(report, lambda: executor.peak_bytes)
            meter = Meter(told, search.total)
            conductor = Conductor(executor, roster, preparation, opened, row.sweep, meter)
            entries, resumed, lost = _run_all(
                search, roster, conductor, opened, row.sweep, meter, resume
            )
            rows = opened.lanes(row.sweep)
            fewest = roster.sweep.min_round_trips
            best = best_rows(rows, roster.sweep.score[0], fewest, roster.sweep.best)
            details = run_best(roster, entries, best, folder.path, command)
            summary = {
                **summarise(roster, preparation, conductor.tape, meter, row, rows, resumed),
                "details": details,
                "ledger": home.as_posix(),
                "folder": folder.path.as_posix(),
                "engines": executor.engines,
                "peak_memory_bytes": executor.peak_bytes,
            }
            summary |= {"inferred": dict(inferred)} if inferred else {}
            summary["notes"] += limit
            summary["notes"] += steered_note(conductor.commands, conductor.stood_ns)
            judge(summary, folder, settings, conductor)
            if resume and not begun and roster.sweep.method in OPTUNA_METHODS:
                summary["notes"].append(_begun_anew(home, resumed, len(rows)))
            if lost:
                summary["notes"].append(
                    f"The ledger {home} has lost or damaged files of returns: {many(lost, 'set')} "
                    "in them ran again."
                )
            if reports:
                summary["notes"] += write_pages(roster, entries, best, details)
            page = write_page(folder.path, row, summary, rows, best, preparation, opened)
            summary |= {"report": str(page), "seconds": time.perf_counter() - began}
        folder.write_summary(summary)
    return SweepResult(folder.path, summary)


def _facts_of(
    settings: SessionConfig, folder: Path, row: SweepRow, executor: LocalExecutor
) -> dict[str, Any]:
    """Return what a sweep's status says all the time."""
    return {
        "session_name": settings.session_name,
        "run_dir": str(folder.absolute()),
        "score": row.scores[0],
        "memory_budget_bytes": executor.allowed_bytes,
    }


def _check_section(settings: SessionConfig, config: GivenConfig | None) -> None:
    """Raise ConfigError, which names the file if there is one, without a section "sweep"."""
    if settings.sweep is None and config is None:
        raise ConfigError(
            'there is no space of parameters to try: give one, such as space={"fast": [5, 10, 20]}'
            " (as a command has it: --set sweep.space.fast=[5,10,20])"
        )
    if settings.sweep is None:
        file = f"{os.fspath(config)}: " if isinstance(config, str | os.PathLike) else ""
        raise ConfigError(
            f'{file}there is no section "sweep", which describes the sets to try, such as '
            '"sweep": {"space": {"fast": [5, 10, 20]}}'
        )


@contextmanager
def _recorded(ledger: Ledger, row: SweepRow, folder: RunFolder) -> Iterator[None]:
    """Begin a sweep in the ledger; finish it after the block, as partial if the block raises.

    An error is told how to go on with the lanes that have ended; one that did not come of bad input
    and found none to have ended, how the next sweep keeps some.
    """
    ledger.begin(row)
    try:
        yield
        ledger.finish(row.sweep, "done")
    except BaseException as error:
        folder.mark_partial(why_ended(error))
        with suppress(RunError):  # a full disk must not hide the error
            folder.write_summary({**folder.summary, "sweep": row.sweep})
        ledger.finish(row.sweep, "partial")
        states = ledger.counts().get(row.sweep, {})
        if ended := states.get("done", 0) + states.get("pruned", 0):
            lanes = "1 lane that has" if ended == 1 else f"{ended:,} lanes that have"
            way = "once that is mended, go on" if isinstance(error, _BAD_INPUT) else "go on"
            error.add_note(f"{lanes} ended: see {ledger.folder}; {way} with --resume")
        elif not isinstance(error, _BAD_INPUT):
            error.add_note(
                "no pass was over, so nothing is kept: sweep.lanes_per_pass makes passes smaller, "
                "and --resume goes on after those that were over"
            )
        raise


def _engines(settings: SessionConfig, asked: int | None) -> tuple[int, list[str]]:
    """Return how many engines a sweep has, and a note if less than the machine has limits them.

    ``asked``: those that its caller asks for.
    """
    if asked is not None:
        whole = isinstance(asked, int) and not isinstance(asked, bool)
        if not (whole and 1 <= asked <= _MOST_ENGINES):
            raise ConfigError(
                f"engines must be a whole number from 1 to {_MOST_ENGINES}, was {asked!r}"
            )
        return asked, []
    if "engines" in settings.pipeline.model_fields_set:
        return settings.pipeline.engines, []
    found = usable_processors()
    count = min(_MOST_ENGINES, found.usable)
    if not found.limited_by:
        return count, []
    note = (
        f"The sweep had {many(count, 'engine')}, though the machine has {found.machine:,}"
        f" processors: {found.limited_by} limits it. --engines sets another number."
    )
    return count, [note]


def _storage(roster: Roster, home: Path, resume: bool) -> Path:
    """Return the file in which Optuna keeps the search; remove it unless the sweep is resumed."""
    path = home / _STORAGE.format(roster.search_identity)
    if not resume:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path


def _begun_anew(home: Path, resumed: int, lanes: int) -> str:
    """Return the note on a sweep that was to be resumed, and whose search was not known."""
    return (
        f"--resume began a new search, because {home} has none with this space, these constraints,"
        " scores and settings, this data and this code. The ledger knew"
        f" {resumed:,} of the {lanes:,} sets that it chose."
    )


def _sweep_row(roster: Roster, preparation: Preparation, name: str) -> SweepRow:
    settings = roster.settings
    return SweepRow(
        name,
        settings.session_name,
        datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        roster.sweep.method,
        roster.sweep.seed,
        roster.sweep.score,
        settings.dump(),
        "running",
        roster.data_hash,
        roster.code_hash,
        preparation.extent.bars,
    )


def _run_all(
    search: Search,
    roster: Roster,
    conductor: Conductor,
    ledger: Ledger,
    sweep_id: str,
    meter: Meter,
    resume: bool,
) -> tuple[dict[str, Entry], int, int]:
    """Run the sets that the search chooses, batch by batch.

    Returns the lanes by their keys, how many of them were taken from the ledger, and of how many
    the ledger had lost the returns.
    """
    entries: dict[str, Entry] = {}
    number = resumed = lost = 0
    while sets := search.ask(_batch(roster, search)):
        batch = roster.entries(sets, number)
        number += len(batch)
        keys = [entry.key for entry in batch]
        there = ledger.known(keys) if resume else {}
        whole = ledger.whole(there)
        lost += len(there) - len(whole)
        known = _reusable(roster, {key: there[key] for key in whole}, keys)
        adopted = [entry for entry in batch if entry.key in known]
        ledger.adopt(sweep_id, [e.number for e in adopted], [e.key for e in adopted])
        conductor.note_best(adopted, {n: known[e.key] for n, e in enumerate(adopted)})
        resumed += len(adopted)
        meter.know(len(adopted))
        conductor.run([entry for entry in batch if entry.key not in known])
        entries |= {entry.key: entry for entry in batch}
        if search.learns:
            rows = ledger.known(keys)
            scores, fewest = roster.sweep.score, roster.sweep.min_round_trips
            search.tell([(e.set, scores_of(rows[e.key], scores, fewest)) for e in batch])
    return entries, resumed, lost


def _batch(roster: Roster, search: Search) -> int:
    """Return how many sets to ask for at once.

    These are all sets, unless the search learns from scores or lanes are compared in passes.
    """
    if roster.sweep.method in OPTUNA_METHODS:
        return roster.sweep.batch
    if roster.sweep.pruning is not None and roster.sweep.lanes_per_pass is not None:
        return roster.sweep.lanes_per_pass
    return search.total or 1


def _reusable(
    roster: Roster, known: Mapping[str, LaneRow], keys: Sequence[str]
) -> dict[str, LaneRow]:
    """Return the rows of lanes that need not run again, in the order of their keys.

    A lane that failed runs again, because it may have lacked memory or time. Lanes that are
    compared are taken from the ledger all together or not at all.
    """
    rows = {key: known[key] for key in keys if key in known and known[key].state != "failed"}
    if roster.sweep.pruning is not None and len(rows) < len(keys):
        return {}
    return rows
