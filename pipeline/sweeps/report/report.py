"""Writes report.html: the results of a sweep as one file that a browser opens without a network.

The file holds plotly.js, the lanes as columns of JSON and our own scripts (``page/``), which draw
them. It loads nothing from outside, and its content security policy (`policy_of`) forbids it to.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from pipeline.native.whole_file import write_whole
from pipeline.results.report.figures import signed_percent
from pipeline.results.report.html.document import read_parts
from pipeline.results.report.html.markup import script_json
from pipeline.results.report.html.policy import escaped, policy_of
from pipeline.sweeps.pruned import Pruned
from pipeline.sweeps.report.columns import EquityCurve, figure_label, report_columns

if TYPE_CHECKING:
    from pipeline.sweeps.ledger.ledger import LaneRow

__all__ = ["EquityCurve", "SweepFacts", "write_report"]

_PAGE = Path(__file__).with_name("page")
#: Scripts that the page of a run has too.
_SHARED = ("numbers.js", "elements.js", "themes.js")
#: The scripts in the order in which they are joined: a file uses functions of earlier files only.
_SCRIPTS = (
    "format.js",
    "dimensions.js",
    "theme.js",
    "heatmap.js",
    "axes.js",
    "curves.js",
    "front.js",
    "pruned.js",
    "tables.js",
    "parallel.js",
    "page.js",
)
_UNKNOWN = "\N{EN DASH}"
_HASH_SHOWN = 12


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """The facts in the heading of a report."""

    #: Name of the session.
    name: str
    method: str
    seed: int
    #: Parameter sets in all, also those that failed or were pruned.
    lanes: int
    #: Bars that each lane was shown.
    bars: int
    #: Sum of the bars over all lanes.
    evaluations: int
    #: Seconds of replay.
    run_seconds: float
    failed: int
    pruned: int
    #: Names of figures, each with "-" before it where less is better. The first ranks the sets.
    scores: tuple[str, ...]
    #: Fewest round trips of a set that is ranked.
    min_round_trips: int
    #: Path of the ledger.
    ledger: str
    data_hash: str
    code_hash: str
    #: Sentences on what a reader of the figures has to know.
    notes: Sequence[str]
    #: ISO date of the first session, None if no tape was replayed.
    first_session: str | None
    #: ISO date of the last session.
    last_session: str | None
    #: What the market brought to who held it (`runner.market.market_entries`); None if unknown.
    buy_and_hold: float | None


def write_report(
    path: Path,
    facts: SweepFacts,
    lanes: Sequence["LaneRow"],
    best: Sequence[EquityCurve],
    benchmark: EquityCurve | None = None,
    pruned: Pruned | None = None,
    pages: Mapping[str, str] | None = None,
) -> None:
    """Write the report to `path` in one step: a reader sees the whole new file or the old one.

    The charts and the table show the lanes that are done. `best` are the curves of the best sets,
    drawn in the order given. ``pages`` are addresses of the pages of sets, by the keys of lanes,
    from where the report is. Raises RunError if the file cannot be written.
    """
    from pipeline.results.tables import writing

    # A name may hold half of a surrogate pair, which UTF-8 cannot express.
    page = _page(facts, lanes, best, benchmark, pruned, pages).encode("utf-8", "replace")
    with writing(path, len(page)):
        write_whole(path, page)


def _page(
    facts: SweepFacts,
    lanes: Sequence["LaneRow"],
    best: Sequence[EquityCurve],
    benchmark: EquityCurve | None,
    pruned: Pruned | None,
    pages: Mapping[str, str] | None,
) -> str:
    from plotly.offline import get_plotlyjs

    columns = report_columns(
        facts.scores, facts.min_round_trips, lanes, best, benchmark, pruned, pages
    )
    scripts = {
        "first": read_parts(["theme_first.js"]),
        # A browser reads any end of a line as "\n", and so its hash is of that.
        "plotly": escaped("\n".join(get_plotlyjs().splitlines())),
        "script": _joined(f"{read_parts(_SHARED)}\n{read_parts(_SCRIPTS, _PAGE)}"),
    }
    # Template fills each placeholder once and does not look for placeholders in the values.
    return Template((_PAGE / "report.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(facts.name),
        subtitle=html.escape(_subtitle(facts)),
        facts=_terms(_numbers(facts)),
        notes="\n".join(f'<p class="note">{html.escape(note)}</p>' for note in facts.notes),
        origin=_terms(_origin(facts, columns["fixed"])),
        style=f"{read_parts(['looks.css'])}\n{read_parts(['report.css'], _PAGE)}",
        columns=script_json(columns),
        # Plotly writes styles into its elements, which no hash can allow.
        policy=policy_of(scripts.values(), [], "data: blob:"),
        **scripts,
    )


def _joined(scripts: str) -> str:
    return f'(() => {{\n"use strict";\n{scripts}\n}})();'


def _subtitle(facts: SweepFacts) -> str:
    parts = [f"Sweep by {facts.method.replace('_', ' ')}"]
    if facts.first_session and facts.last_session:
        parts.append(f"{facts.first_session} to {facts.last_session}")
    for name in facts.scores:
        end = "lowest" if name.startswith("-") else "highest"
        parts.append(f"{figure_label(name.lstrip('-'))}, {end} first")
    return "; ".join(parts)


def _numbers(facts: SweepFacts) -> list[tuple[str, str]]:
    seconds = facts.run_seconds
    speed = f"{facts.evaluations / seconds:,.0f}" if seconds > 0 else _UNKNOWN
    return [
        ("Parameter sets", f"{facts.lanes:,}"),
        ("Failed", f"{facts.failed:,}"),
        ("Pruned", f"{facts.pruned:,}"),
        ("Bars", f"{facts.bars:,}"),
        ("Buy and hold", signed_percent(facts.buy_and_hold)),
        ("Evaluations", f"{facts.evaluations:,}"),
        ("Seconds", f"{seconds:,.2f}" if seconds < 100 else f"{seconds:,.0f}"),
        ("Evaluations a second", speed),
    ]


def _origin(facts: SweepFacts, fixed: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the facts by which a reader finds or repeats the sweep."""
    same = ", ".join(f"{name} = {value}" for name, value in fixed)
    return [
        *([("The same in all sets", same)] if same else []),
        ("Seed", str(facts.seed)),
        ("Ledger", facts.ledger or _UNKNOWN),
        ("Data", facts.data_hash[:_HASH_SHOWN] or _UNKNOWN),
        ("Code", facts.code_hash[:_HASH_SHOWN] or _UNKNOWN),
    ]


def _terms(facts: Iterable[tuple[str, str]]) -> str:
    """Return pairs of a term and a text as the content of a description list."""
    return "\n".join(
        f"<div><dt>{html.escape(term)}</dt><dd>{html.escape(text)}</dd></div>"
        for term, text in facts
    )
