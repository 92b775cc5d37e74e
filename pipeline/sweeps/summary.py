"""The summary of a sweep, as summary.json holds it, and the report that is drawn from it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pipeline.config.session import SessionConfig
from pipeline.results.folder import RunFolder
from pipeline.runner.market import market_entries, read_market
from pipeline.runner.notes import notes_of
from pipeline.runner.overview import address_from
from pipeline.runner.preparation import Preparation
from pipeline.runner.reporting.report import NAME
from pipeline.runner.scores import on_direction
from pipeline.runner.verdict import Load, verdict_of
from pipeline.runner.year import year_entries
from pipeline.stages.facts import TapeFacts
from pipeline.stages.stage_times import MemberTime
from pipeline.sweeps.ledger.ledger import LaneRow, Ledger, SweepRow
from pipeline.sweeps.progress import Meter
from pipeline.sweeps.pruned import chosen_pruned, pruned_sets
from pipeline.sweeps.ranking import best_rows, figure, has_trips, is_ranked, is_ruined, set_said
from pipeline.sweeps.report.report import EquityCurve, SweepFacts, write_report
from pipeline.sweeps.roster import Roster

#: Entries of the summary that the heading of the report shows.
_SHOWN = (
    *("lanes", "bars", "evaluations", "run_seconds", "failed", "pruned", "ledger"),
    *("notes", "first_session", "last_session", "buy_and_hold"),
)


def summarise(
    roster: Roster,
    preparation: Preparation,
    tape: TapeFacts | None,
    meter: Meter,
    row: SweepRow,
    rows: Sequence[LaneRow],
    resumed: int,
) -> dict[str, Any]:
    """Return the summary of a sweep and its lanes.

    ``tape`` are the facts of a whole replay, None if there was none. ``resumed`` lanes were taken
    from the ledger.
    """
    market = read_market(preparation) if tape is None else tape.market
    states = [one.state for one in rows]
    score = row.scores[0]
    fewest = roster.sweep.min_round_trips
    best = best_rows(rows, score, fewest, max(1, roster.sweep.best))
    done = [one for one in rows if one.state == "done"]
    unranked = sum(not is_ranked(one, fewest) for one in done)
    ranked = [_ranked(one, score) for one in best]
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
        **year_entries(roster.settings, preparation.year),
        **market_entries(preparation, market),
        "passes": meter.passes,
        "evaluations": meter.evaluations,
        "run_seconds": meter.seconds,
        "evaluations_per_second": meter.evaluations / meter.seconds if meter.seconds else None,
        "min_round_trips": fewest,
        "unranked": unranked,
        "notes": [
            *notes_of(
                preparation,
                [one.statistics for one in done],
                market,
                [set_said(one.parameters) or one.strategy for one in done],
            ),
            *on_direction(roster.sweep),
            *_on_samples(roster.sweep.samples, len(rows)),
            *_on_rank(fewest, done, best),
        ],
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


def _on_samples(samples: int | None, sets: int) -> Iterator[str]:
    """Say that there are fewer sets than were asked for."""
    if samples is not None and sets < samples:
        yield (
            f"sweep.samples is {samples:,}, but only {sets:,} different "
            f"{'set was' if sets == 1 else 'sets were'} found in the space: each was tried once."
        )


def _on_rank(fewest: int, done: Sequence[LaneRow], best: Sequence[LaneRow]) -> Iterator[str]:
    """Say which sets have no rank or the last ones, or that the best never traded."""
    if any(map(is_ruined, done)):
        yield "Sets whose account was ruined rank behind all others."
    if few := sum(not has_trips(one, fewest) for one in done):
        yield (
            f"{few:,} of {len(done):,} sets made fewer than {fewest:,} round trips, as"
            " sweep.min_round_trips asks for, and have no rank."
        )
    if best and not best[0].statistics["fills"]:
        yield (
            "The best set has traded nothing. With sweep.min_round_trips only sets that have traded"
            " get a rank."
        )


def _ranked(lane: LaneRow, score: str) -> dict[str, Any]:
    return {
        "strategy": lane.strategy,
        "universe": lane.universe,
        "parameters": lane.parameters,
        "score": figure(lane, score),
        "digest": lane.digest,
    }


class Conducted(Protocol):
    """What a verdict needs of the conduct of a sweep, of all passes together."""

    #: What the processes did with their time.
    times: tuple[MemberTime, ...]
    #: Slots of the tapes.
    slots: int
    #: Commands from outside that were obeyed.
    commands: int


def judge(
    summary: dict[str, Any],
    folder: RunFolder,
    settings: SessionConfig,
    conducted: Conducted,
) -> None:
    """Add to the summary, and to performance.txt, which stage bounds the passes of a sweep."""
    summary["verdict"] = None
    if not conducted.times:
        return
    load = Load.of(
        settings,
        lanes=summary["lanes"] // summary["passes"],
        slots=conducted.slots,
        seconds=summary["run_seconds"],
        interpreted=any(one.mode == "interpreted" for one in settings.strategies),
        steered=conducted.commands > 0,
    )
    verdict = verdict_of(conducted.times, load)
    summary["verdict"] = verdict.document()
    folder.write_performance(verdict.text())


def write_page(
    folder: Path,
    row: SweepRow,
    summary: Mapping[str, Any],
    rows: Sequence[LaneRow],
    best: Sequence[LaneRow],
    preparation: Preparation,
    ledger: Ledger,
) -> Path:
    """Write the report of a sweep into its folder; return the path.

    ``best`` are the lanes whose equity it draws, beside that of the benchmark. Their run folders
    are the ``details`` of the summary. Where these have a page, the report links to it. Returns of
    the sets that halving has ended are read from ``ledger``.
    """
    facts = SweepFacts(
        name=row.name,
        method=row.method,
        seed=row.seed,
        scores=row.scores,
        min_round_trips=summary["min_round_trips"],
        data_hash=row.data_hash,
        code_hash=row.code_hash,
        **{name: summary[name] for name in _SHOWN},
    )
    initial = preparation.settings.trading_config.initial_cash
    curves = [
        _curve(f"{place}: {set_said(one.parameters)}", Path(detail), initial)
        for place, (one, detail) in enumerate(zip(best, summary["details"], strict=True), 1)
    ]
    benchmark = None
    if (against := preparation.benchmark) is not None:
        known = ~np.isnan(against.returns)
        dates = np.array(preparation.sessions.date_ns, np.int64)[known]
        growth = np.cumprod(1.0 + against.returns[known], dtype=np.float64)
        benchmark = EquityCurve(against.symbol, dates, growth)
    returns = ledger.returns([one.key for one in chosen_pruned(rows)])
    pages = {
        one.key: address_from(folder, page)
        for one, detail in zip(best, summary["details"], strict=True)
        if (page := Path(detail) / NAME).is_file()
    }
    path = folder / NAME
    write_report(path, facts, rows, curves, benchmark, pruned_sets(rows, returns), pages)
    return path


def _curve(label: str, run_dir: Path, initial: float) -> EquityCurve:
    """Return the curve of a run of one lane: its equity, because returns do not know it below 0."""
    sessions = RunFolder.open(run_dir).table("sessions")
    dates = sessions["date"].to_numpy().astype("M8[ns]").view(np.int64)
    return EquityCurve(label, dates, sessions["equity"].to_numpy() / initial)
