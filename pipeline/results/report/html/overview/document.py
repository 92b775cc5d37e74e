"""The page of all runs as one file. Its table is there without a script, which sorts and compares.

So a browser that runs no script, or a printer, has the table with its curves too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipeline.results.report.figures import UNKNOWN, known, money, number, signed_percent
from pipeline.results.report.html import markup
from pipeline.results.report.html.document import read_parts
from pipeline.results.report.html.policy import policy_of

if TYPE_CHECKING:
    from pipeline.results.report.html.overview.content import Entry, Figure, Overview

_PAGE = Path(__file__).with_name("page")
#: Scripts that the page of a run has too.
_SHARED = ("numbers.js", "elements.js", "themes.js")
#: The scripts in the order in which they are joined: a file uses functions of earlier files only.
_SCRIPTS = ("scales.js", "overlay.js", "comparison.js", "run_table.js", "overview.js")
#: Width and height of a small curve, in pixels.
_WIDE, _HIGH = 132, 30
_SHOWN: dict[str, Callable[[Any], str]] = {
    "percent": signed_percent,
    "ratio": lambda value: number(value, ",.2f"),
    "count": lambda value: number(value, ",.0f"),
    "money": money,
    "text": lambda value: UNKNOWN if value is None else str(value),
}
#: Figures of which the sign says nothing that the word does not say.
_UNSIGNED = ("max_drawdown", "volatility", "win_rate", "exposure")


def page_of(overview: Overview) -> bytes:
    """Return the page of all runs, UTF-8. Equal contents give equal bytes."""
    style = f"{read_parts(['looks.css'])}\n{read_parts(['overview.css'], _PAGE)}"
    parts = f"{read_parts(_SHARED)}\n{read_parts(_SCRIPTS, _PAGE)}"
    scripts = {
        "first": read_parts(["theme_first.js"]),
        "script": f'(() => {{\n"use strict";\n{parts}\n}})();',
    }
    page = Template((_PAGE / "overview.html").read_text(encoding="utf-8")).substitute(
        policy=policy_of(scripts.values(), [style]),
        title=markup.text(overview.title),
        subtitle=markup.text(overview.subtitle),
        style=style,
        notes="\n".join(f'<p class="note">{markup.text(note)}</p>' for note in overview.notes),
        head=_head(overview.figures),
        rows="\n".join(_row(at, one, overview.figures) for at, one in enumerate(overview.entries)),
        facts=markup.script_json(_facts(overview)),
        **scripts,
    )
    # A name may hold half of a surrogate pair, which UTF-8 cannot express.
    return page.encode("utf-8", "replace")


def label_of(name: str) -> str:
    """Return the name of a figure as a heading, such as "Sharpe ratio" for "sharpe_ratio"."""
    return name.replace("_", " ").capitalize()


def _shown(figure: Figure, value: Any) -> str:
    text = _SHOWN[figure.kind](value)
    return text.removeprefix("+") if figure.name in _UNSIGNED else text


def _head(figures: Sequence[Figure]) -> str:
    cells = ['<th scope="col" class="choose">Choose</th>', _heading("Run", "text")]
    cells.append('<th scope="col">Equity</th>')
    cells += [_heading(label, "text") for label in ("Strategy", "Sessions")]
    cells += [
        _heading(label_of(one.name), "number", at) for at, one in enumerate(figures) if one.tabled
    ]
    cells.append(_heading("State", "text"))
    return f"<tr>{''.join(cells)}</tr>"


def _heading(label: str, kind: str, figure: int | None = None) -> str:
    which = "" if figure is None else f' data-number="{figure}"'
    return f'<th scope="col" class="{kind}" data-sorts{which}>{markup.text(label)}</th>'


def _row(at: int, entry: Entry, figures: Sequence[Figure]) -> str:
    box = f'<input type="checkbox" value="{at}" aria-label="Choose {markup.text(entry.name)}">'
    cells = [
        f'<td class="choose">{box}</td>',
        f'<th scope="row">{_name(entry)}</th>',
        f"<td>{_small_curve(entry.growth)}</td>",
        f'<td class="strategy">{markup.text(entry.strategy)}</td>',
        f"<td>{markup.text(entry.first)}<br>{markup.text(entry.last)}</td>",
    ]
    for one, value in zip(figures, entry.figures, strict=True):
        if one.tabled:
            tone = ""
            if one.name == "total_return" and known(value) and value:
                tone = " lost" if value < 0 else " won"
            cells.append(f'<td class="number{tone}">{markup.text(_shown(one, value))}</td>')
    cells.append(f'<td class="state">{markup.text(entry.state)}</td>')
    return f'<tr id="run-{at}">{"".join(cells)}</tr>'


def _name(entry: Entry) -> str:
    shown = markup.text(entry.session)
    links = [
        f'<a href="{markup.text(address)}">{markup.text(text)}</a>' for text, address in entry.links
    ]
    under = " ".join(filter(None, (markup.text(entry.made), *links)))
    return f'<span class="name">{shown}</span><span class="under">{under}</span>'


def _small_curve(growth: npt.NDArray[np.float64]) -> str:
    """Return a drawing of a curve that is as wide for all runs, with its beginning as a line."""
    if len(growth) < 2:
        return f'<span class="under">{UNKNOWN}</span>'
    low, high = float(min(growth.min(), 1.0)), float(max(growth.max(), 1.0))
    span = high - low or 1.0
    across = np.rint(np.linspace(0, _WIDE, len(growth))).astype(int).tolist()
    down = np.rint(1 + (high - growth) / span * (_HIGH - 2)).astype(int).tolist()
    points = list(dict.fromkeys(zip(across, down, strict=True)))
    path = "L".join(f"{x} {y}" for x, y in points)
    base = round(1 + (high - 1.0) / span * (_HIGH - 2))
    kind = "loss" if growth[-1] < 1.0 else "gain"
    told = f"Equity from {signed_percent(low - 1)} to {signed_percent(high - 1)}"
    return (
        f'<svg class="small" width="{_WIDE}" height="{_HIGH}" role="img" aria-label="{told}">'
        f'<path class="base" d="M0 {base}H{_WIDE}"/><path class="{kind}" d="M{path}"/></svg>'
    )


def _facts(overview: Overview) -> dict[str, Any]:
    """Return what the script is given."""
    entries = overview.entries
    return {
        "names": [one.session for one in entries],
        "made": [one.made for one in entries],
        "figures": [
            {
                "label": label_of(one.name),
                "values": [_sortable(entry.figures[at]) for entry in entries],
                "texts": [_shown(one, entry.figures[at]) for entry in entries],
            }
            for at, one in enumerate(overview.figures)
        ],
        "settings": [
            {"path": one.path, "values": one.values, "places": one.places, "made": one.made}
            for one in overview.settings
        ],
        "curves": [
            {
                "seconds": one.seconds.tolist(),
                "growth": [float(f"{value:.6g}") for value in one.growth.tolist()],
            }
            for one in entries
        ],
    }


def _sortable(value: Any) -> float | None:
    return value if known(value) and math.isfinite(value) else None
