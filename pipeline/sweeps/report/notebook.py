"""What a notebook shows of a sweep: its best sets, and the score over two parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.results.report.figures import known, many, number, percent, six_digits
from pipeline.results.report.html import markup
from pipeline.results.report.html.cell import STYLE
from pipeline.runner.figures import FIGURES
from pipeline.sweeps.ledger.ledger import LaneRow
from pipeline.sweeps.ranking import best_rows, is_ruined, merit

_STYLE: Final = (
    STYLE
    + """
.ringtape table { border-collapse: collapse; margin: 8px 0; }
.ringtape th, .ringtape td { padding: 2px 10px 2px 0; text-align: right; font-weight: 400; }
.ringtape thead th { opacity: 0.65; font-size: 12px; }
.ringtape caption { text-align: left; opacity: 0.65; font-size: 12px; }
"""
)
_BEST: Final = 8
_FIGURES: Final = ("total_return", "sharpe_ratio", "max_drawdown", "round_trips")
#: So many cells are beside each other at most; of more values some share a cell.
_CELLS: Final = 40
_WIDTH, _LEFT, _BELOW, _ROW = 560, 64, 18, 14


def shown(summary: Mapping[str, Any], rows: Sequence[LaneRow]) -> str:
    """Return a sweep as HTML for the cell of a notebook."""
    score, fewest = summary["scores"][0], summary["min_round_trips"]
    swept = swept_parameters(rows)
    best = best_rows(rows, score, fewest, _BEST)
    title = f"{summary['session_name']}: {many(len(rows), 'set')}, best by {score}"
    parts = [f"<b>{markup.text(title)}</b>", _table(best, swept, score)]
    pair = sorted(swept, key=lambda name: -len(swept[name]))[:2]
    if len(pair) == 2:
        across, up = (name for name in swept if name in pair)
        parts.append(_heatmap(rows, (across, swept[across]), (up, swept[up]), score, fewest))
    return f'<style>{_STYLE}</style><div class="ringtape">{"".join(parts)}</div>'


def swept_parameters(rows: Sequence[LaneRow]) -> dict[str, list[Any]]:
    """Return the values of each parameter that differs among lanes, ascending where they are."""
    found: dict[str, dict[Any, None]] = {}
    for row in rows:
        for name, value in row.parameters.items():
            found.setdefault(name, {})[value] = None
    return {name: _ordered(list(some)) for name, some in found.items() if len(some) > 1}


def _ordered(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:  # numbers and texts
        return values


def _table(best: Sequence[LaneRow], swept: Mapping[str, Any], score: str) -> str:
    names = list(dict.fromkeys((score.removeprefix("-"), *_FIGURES)))
    lines = [
        [markup.text(str(place))]
        + [markup.text(_value(row.parameters.get(name))) for name in swept]
        + [markup.text(_figure(row, name)) for name in names]
        for place, row in enumerate(best, start=1)
    ]
    if not lines:
        return "<p>No set has this score.</p>"
    return markup.table(("#", *swept, *names), lines)


def _value(value: Any) -> str:
    return str(six_digits(value)) if isinstance(value, float) else str(value)


def _figure(row: LaneRow, name: str) -> str:
    value = row.statistics.get(name)
    if FIGURES.get(name) == "percent":
        return percent(value)
    return number(value, ",.4g") if known(value) else "-"


def _heatmap(
    rows: Sequence[LaneRow],
    across: tuple[str, list[Any]],
    up: tuple[str, list[Any]],
    score: str,
    fewest: int,
) -> str:
    """Return a drawing of the best score of each pair of values, over all other parameters."""
    columns, lines = min(_CELLS, len(across[1])), min(_CELLS, len(up[1]))
    at = {value: place * columns // len(across[1]) for place, value in enumerate(across[1])}
    of = {value: place * lines // len(up[1]) for place, value in enumerate(up[1])}
    best: dict[tuple[int, int], float] = {}
    for row in rows:
        cell = (at[row.parameters[across[0]]], of[row.parameters[up[0]]])
        value = -math.inf if is_ruined(row) else merit(row, score, fewest)
        best[cell] = max(best.get(cell, -math.inf), value)
    finite = [value for value in best.values() if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    width = _WIDTH / columns
    cells = "".join(
        f'<rect x="{_LEFT + column * width:.2f}" y="{(lines - 1 - line) * _ROW}" '
        f'width="{width:.2f}" height="{_ROW}" fill="{_colour(value, low, high)}"/>'
        for (column, line), value in sorted(best.items())
    )
    height = lines * _ROW
    ends = (
        f'<text x="{_LEFT}" y="{height + 13}">{markup.text(_value(across[1][0]))}</text>'
        f'<text x="{_LEFT + _WIDTH}" y="{height + 13}" text-anchor="end">'
        f"{markup.text(_value(across[1][-1]))}</text>"
        f'<text x="{_LEFT - 6}" y="{height - 3}" text-anchor="end">'
        f"{markup.text(_value(up[1][0]))}</text>"
        f'<text x="{_LEFT - 6}" y="11" text-anchor="end">{markup.text(_value(up[1][-1]))}</text>'
    )
    sign = -1.0 if score.startswith("-") else 1.0
    told = (
        f"{score.removeprefix('-')} over {across[0]} (across) and {up[0]} (up), from "
        f"{number(sign * low, ',.4g')} (light) to {number(sign * high, ',.4g')} (dark)"
    )
    return (
        f'<svg viewBox="0 0 {_LEFT + _WIDTH} {height + _BELOW}" role="img" '
        f'aria-label="{markup.text(told)}" style="width: 100%">'
        f'<g shape-rendering="crispEdges">{cells}</g>{ends}</svg>'
        f"<div>{markup.text(told)}</div>"
    )


def _colour(value: float, low: float, high: float) -> str:
    """Return the colour of a score: grey without one, else from light to dark."""
    if not math.isfinite(value):
        return "#9aa0a6"
    share = 1.0 if high == low else (value - low) / (high - low)
    light, dark = (222, 235, 247), (8, 48, 107)
    parts = (round(one + (other - one) * share) for one, other in zip(light, dark, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)
