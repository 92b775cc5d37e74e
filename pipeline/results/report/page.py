"""The page as a whole: which blocks there are, and in which order."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.results.report.figures import count
from pipeline.results.report.lane import one_lane
from pipeline.results.report.lines import WIDTH, line
from pipeline.results.report.ranking import ranking
from pipeline.results.report.replay import replay


def format_summary(summary: Mapping[str, Any], performance: str | None = None) -> str:
    """Return `summary` (the content of summary.json) as plain text, at most 80 columns wide.

    A run of one lane gets its figures one below the other, and a run of many lanes a table of the
    best ones. The notes follow, each in a paragraph of its own. A figure that is missing, null, NaN
    or infinite shows as "-". Only the path of the run folder may be wider, because a broken path
    cannot be copied. `performance` (the text of PerformanceMetrics) follows unchanged.
    """
    blocks = [_heading(summary), _inferred(summary)]
    unfinished = bool(summary.get("partial")) and not summary.get("lanes")
    blocks.append(_kept(summary) if unfinished else replay(summary))
    lanes: Sequence[Mapping[str, Any]] = summary.get("lanes") or []
    if len(lanes) == 1:
        blocks.append(one_lane(summary, lanes[0]))
    elif lanes:
        blocks.append(ranking(lanes))
    blocks.append([text for note in summary.get("notes") or [] for text in line("note", note)])
    blocks.append(
        [
            *([] if unfinished else line("digest", summary.get("digest"))),
            *line("results", summary.get("run_dir"), whole_words=True),
        ]
    )
    if performance:
        blocks.append(performance.rstrip().splitlines())
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _kept(summary: Mapping[str, Any]) -> list[str]:
    """Return a line on the tables that a run without results has left; none if it has none."""
    rows: Mapping[str, int] = summary.get("rows") or {}
    if not any(rows.values()):
        return []
    tables = ", ".join(f"{count(rows[name])} rows of {name}" for name in rows)
    until = summary.get("until")
    return line("kept", tables + (f"; equity until {until}" if until else ""))


def _inferred(summary: Mapping[str, Any]) -> list[str]:
    """Return the lines on what was inferred from given data; none if nothing was."""
    inferred: Mapping[str, str] = summary.get("inferred") or {}
    told = [f"{name}: {text}" for name, text in inferred.items()]
    lines = line("inferred", told[0]) if told else []
    return lines + [text for one in told[1:] for text in line("", one)]


def _heading(summary: Mapping[str, Any]) -> list[str]:
    """Return the name of the run and, if its results are not complete, why they are not."""
    lines = textwrap.wrap(str(summary.get("session_name", "run")), WIDTH)
    if summary.get("partial"):
        reason = summary.get("reason")
        text = f"PARTIAL: {reason}" if reason else "PARTIAL: the run did not finish"
        lines += textwrap.wrap(text, WIDTH)
    return lines
