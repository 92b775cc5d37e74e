"""One sweep, from configuration to its report; read `sweep` from top to bottom."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.config.session import SessionConfig
from pipeline.config.sweep import OPTUNA_METHODS
from pipeline.errors import ConfigError, RunError, why_ended
from pipeline.results.folder import RunFolder
from pipeline.runner.lanes import Given, strategy_settings
from pipeline.runner.preparation import Preparation, prepare
from pipeline.runner.run import run
from pipeline.runner.starting import start_context
from pipeline.sweeps.conduct import Conductor
from pipeline.sweeps.executors.local import LocalExecutor
from pipeline.sweeps.ledger.ledger import LaneRow, Ledger, SweepRow
from pipeline.sweeps.progress import Meter, SweepProgress
from pipeline.sweeps.ranking import best_rows, figure, scores_of, set_said
from pipeline.sweeps.report.report import EquityCurve, SweepFacts, write_report
from pipeline.sweeps.roster import Entry, Roster
from pipeline.sweeps.search.search import Search, make_search

if TYPE_CHECKING:
    import pandas as pd

#: Folder of the ledger in that of the results, and file of Optuna's storage in the ledger's.
LEDGER, _STORAGE = "ledger", "search-{}.sqlite"


class SweepResult:
    """What a sweep came to: ``summary``, and its lanes, read from the ledger when asked for."""

    def __init__(self, folder: Path, summary: dict[str, Any]) -> None:
        self.folder = folder
        self.summary = summary

    @property
    def rows(self) -> list[LaneRow]:
        """One LaneRow per parameter set, in the order in which the search gave them."""
        with Ledger.open(Path(self.summary["ledger"]), create=False) as ledger:
            return ledger.lanes(self.summary["sweep"])

    @property
    def best(self) -> dict[str, Any] | None:
        """The best set: ``parameters`` and ``score`` among others; None if none has a score."""
        best: dict[str, Any] | None = self.summary["best"]
        return best

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row per lane: parameters and figures as columns."""
        from pipeline.sweeps.ledger.export import lanes_table

        return lanes_table(self.rows).to_pandas()


def sweep(
    config: "SessionConfig | Mapping[str, Any] | str | os.PathLike[str]",
    *,
    strategy: Given | None = None,
    overrides: Iterable[str] = (),
    out: str | os.PathLike[str] = "runs",
    ledger: str | os.PathLike[str] | None = None,
    engines: int | None = None,
    resume: bool = False,
    progress: Callable[[SweepProgress], None] | None = None,
) -> SweepResult:
    """Run every parameter set of a configuration's ``sweep`` section, and rank them.

    Args:
        config: as `run` takes it, with a section "sweep".
        strategy: as `run` takes it: in place of the configuration's ``strategy`` section.
        overrides: settings to replace, each ``"dotted.path=value"``.
        out: folder in which the sweep's folder is made.
        ledger: folder of the ledger, which sweeps can share; None: "ledger" in ``out``.
        engines: analysis engines; None: those of ``pipeline.engines`` if it is set, else one for
            each core. Results do not depend on it.
        resume: take from the ledger what it knows of these very lanes (same data, code, settings
            and parameters), whichever sweep has run them.
        progress: called with a SweepProgress about ten times a second.

    Raises a RingtapeError in one line, as `run` does, and LedgerError for what is no ledger. A lane
    whose strategy raises, that takes too long or that kills its engine twice ends nothing but
    itself. What was finished when a sweep is interrupted is in the ledger.
    """
    began = time.perf_counter()
    section = None if strategy is None else strategy_settings(strategy)
    settings = SessionConfig.load(config, overrides, strategy=section)
    context = start_context(settings.pipeline.start_method)
    roster = Roster(settings, strategy)
    preparation = prepare(settings)
    memory = roster.sweep.memory
    executor = LocalExecutor(context, preparation, _engines(settings, engines), memory)
    home = Path(out) / LEDGER if ledger is None else Path(ledger)
    with Ledger.open(home) as book:
        search = make_search(roster.sweep, roster.space, _storage(roster, home, resume))
        folder = RunFolder.create(Path(out), settings.session_name, settings.dump())
        row = _sweep_row(roster, preparation, folder.path.name)
        book.begin(row)
        try:
            meter = Meter(progress, search.total)
            conductor = Conductor(executor, roster, preparation, book, row.sweep, meter)
            entries, resumed = _run_all(search, roster, conductor, book, row.sweep, meter, resume)
            rows = book.lanes(row.sweep)
            best = best_rows(rows, roster.sweep.score[0], roster.sweep.best)
            details = _run_best(roster, entries, best, folder.path)
            summary = _summary(roster, conductor, meter, row, rows, resumed)
            summary["details"] = details
            summary["ledger"], summary["folder"] = str(home), str(folder.path)
            summary["engines"] = executor.engines
            summary["peak_memory_bytes"] = executor.peak_bytes
            path = _report(book, folder.path, row, summary, rows, best, preparation)
            summary["report"] = str(path)
            summary["seconds"] = time.perf_counter() - began
            book.finish(row.sweep, "done")
        except BaseException as error:
            folder.mark_partial(why_ended(error))
            book.finish(row.sweep, "partial")
            error.add_note(f"what is done is in {home}; go on with --resume")
            raise
        folder.write_summary(summary)
    return SweepResult(folder.path, summary)


def _engines(settings: SessionConfig, engines: int | None) -> int:
    if engines is None:
        if "engines" in settings.pipeline.model_fields_set:
            return settings.pipeline.engines
        usable = getattr(os, "sched_getaffinity", None)
        return min(64, len(usable(0)) if usable else os.cpu_count() or 1)
    if not 1 <= engines <= 64:
        raise ConfigError(f"engines must be 1 to 64, was {engines}")
    return engines


def _storage(roster: Roster, home: Path, resume: bool) -> Path:
    """Return where Optuna keeps this very sweep; begun anew unless it is resumed."""
    path = home / _STORAGE.format(roster.identity)
    if not resume:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path


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
        preparation.bars,
    )


def _run_all(
    search: Search,
    roster: Roster,
    conductor: Conductor,
    ledger: Ledger,
    sweep_id: str,
    meter: Meter,
    resume: bool,
) -> tuple[dict[str, Entry], int]:
    """Run what the search asks for, batch by batch; the lanes by key, and how many were known."""
    entries: dict[str, Entry] = {}
    number = resumed = 0
    while sets := search.ask(_batch(roster, search)):
        batch = roster.entries(sets, number)
        number += len(batch)
        keys = [entry.key for entry in batch]
        known = _reusable(roster, ledger.known(keys) if resume else {}, keys)
        adopted = [entry for entry in batch if entry.key in known]
        ledger.adopt(sweep_id, [e.number for e in adopted], [e.key for e in adopted])
        conductor.note_best(adopted, {n: known[e.key] for n, e in enumerate(adopted)})
        resumed += len(adopted)
        meter.end_pass(len(adopted), 0, 0.0)
        conductor.run([entry for entry in batch if entry.key not in known])
        entries |= {entry.key: entry for entry in batch}
        rows = ledger.known(keys)
        search.tell([(e.set, scores_of(rows[e.key], roster.sweep.score)) for e in batch])
    return entries, resumed


def _batch(roster: Roster, search: Search) -> int:
    """Return how many sets to ask for at once: all, unless what is asked depends on scores."""
    if roster.sweep.method in OPTUNA_METHODS:
        return roster.sweep.batch
    if roster.sweep.pruning is not None and roster.sweep.lanes_per_pass is not None:
        return roster.sweep.lanes_per_pass
    return search.total or 1


def _reusable(
    roster: Roster, known: Mapping[str, LaneRow], keys: Sequence[str]
) -> dict[str, LaneRow]:
    """Return the rows that need not be run again, in the order of their keys.

    What failed may have done so for want of memory or time, and is tried again. Lanes that are
    compared are taken together or not at all.
    """
    rows = {key: known[key] for key in keys if key in known and known[key].state != "failed"}
    if roster.sweep.pruning is not None and len(rows) < len(keys):
        return {}
    return rows


def _run_best(
    roster: Roster, entries: Mapping[str, Entry], best: Sequence[LaneRow], folder: Path
) -> list[str]:
    """Run the best sets again, each in full detail and in a run folder of its own."""
    details = []
    for row in best:
        config, given, overrides = roster.alone(entries[row.key])
        result = run(config, strategy=given, overrides=overrides, out=folder / "best")
        found = result.statistics["digest"]
        if found != row.digest:
            raise RunError(
                f"{result.run_dir}: a lane of the sweep came to another result when run alone:"
                f" digest {found}, expected {row.digest}"
            )
        details.append(str(result.run_dir))
    return details


def _summary(
    roster: Roster,
    conductor: Conductor,
    meter: Meter,
    row: SweepRow,
    rows: Sequence[LaneRow],
    resumed: int,
) -> dict[str, Any]:
    states = [one.state for one in rows]
    tape = conductor.tape
    score = roster.sweep.score[0]
    ranked = [
        {
            "strategy": one.strategy,
            "universe": one.universe,
            "parameters": one.parameters,
            "score": figure(one, score),
            "digest": one.digest,
        }
        for one in best_rows(rows, score, max(1, roster.sweep.best))
    ]
    return {
        "sweep": row.sweep,
        "session_name": roster.settings.session_name,
        "method": row.method,
        "seed": row.seed,
        "scores": list(row.scores),
        "lanes": len(rows),
        "done": states.count("done"),
        "failed": states.count("failed"),
        "pruned": states.count("pruned"),
        "resumed": resumed,
        "bars": row.bars if tape is None else tape.bars,
        "sessions": None if tape is None else tape.sessions,
        "first_session": None if tape is None else tape.first_session,
        "last_session": None if tape is None else tape.last_session,
        "passes": meter.passes,
        "evaluations": meter.evaluations,
        "run_seconds": meter.seconds,
        "evaluations_per_second": meter.evaluations / meter.seconds if meter.seconds else None,
        "best": ranked[0] if ranked else None,
        "ranked": ranked,
        "errors": [
            {"parameters": one.parameters, "error": one.error}
            for one in rows
            if one.state == "failed"
        ],
        "data_hash": row.data_hash,
        "code_hash": row.code_hash,
    }


def _report(
    ledger: Ledger,
    folder: Path,
    row: SweepRow,
    summary: Mapping[str, Any],
    rows: Sequence[LaneRow],
    best: Sequence[LaneRow],
    preparation: Preparation,
) -> Path:
    facts = SweepFacts(
        name=row.name,
        method=row.method,
        seed=row.seed,
        scores=row.scores,
        data_hash=row.data_hash,
        code_hash=row.code_hash,
        **{
            name: summary[name]
            for name in (
                *("lanes", "bars", "evaluations", "run_seconds", "failed", "pruned", "ledger"),
                *("first_session", "last_session"),
            )
        },
    )
    returns = ledger.returns([one.key for one in best])
    curves = [
        EquityCurve(f"{place}: {set_said(one.parameters)}", *returns[one.key])
        for place, one in enumerate(best, 1)
    ]
    benchmark = None
    if (against := preparation.benchmark) is not None:
        dates = np.array(preparation.sessions.date_ns, np.int64)
        benchmark = EquityCurve(against.symbol, dates, against.returns)
    path = folder / "report.html"
    write_report(path, facts, rows, curves, benchmark)
    return path
