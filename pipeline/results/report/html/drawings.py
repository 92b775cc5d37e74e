"""Small figures as SVG, which is as wide as there is room: across in per cent, down in pixels.

Colours and widths are classes of the page's style, because its policy forbids styles in elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.results.report.html.axes import Axis
from pipeline.results.report.html.markup import text

Floats = npt.NDArray[np.float64]

HEIGHT = 200
_BELOW = 22
"""Pixels of the texts below the drawing."""
_ABOVE = 8
_ACROSS = 1000
"""Units across of lines and points."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line of a figure."""

    kind: str
    """The classes of its look."""
    across: Floats
    """From 0 to 1; NaN interrupts the line."""
    values: Floats
    """On the figure's axis; NaN interrupts the line."""
    filled: bool = False
    """Whether the area between it and zero is filled."""


def curves(
    lines: Sequence[Curve],
    axis: Axis,
    ticks: Sequence[tuple[float, str]],
    told: str,
    height: int = HEIGHT,
) -> str:
    """Return a drawing of lines; ``ticks`` are places across, 0 to 1, with their texts."""
    drawn = []
    for one in lines:
        path = _path(one, axis, height)
        if one.filled:
            base = _down(axis, np.array([min(max(0.0, axis.low), axis.high)]), height)[0]
            drawn.append(f'<path class="fill {one.kind}" d="{_closed(one, axis, height, base)}"/>')
        drawn.append(f'<path class="line {one.kind}" d="{path}"/>')
    area = (
        f'<svg width="100%" height="{height}" viewBox="0 0 {_ACROSS} {height}" '
        f'preserveAspectRatio="none">{"".join(drawn)}</svg>'
    )
    return _framed(area + _below(ticks, height), axis, told, height)


def columns(values: Sequence[float], labels: Sequence[str], axis: Axis, told: str) -> str:
    """Return a drawing of bars side by side; a bar is of a gain or of a loss by its sign."""
    # A few bars alone would be as broad as boards.
    count, drawn = max(4, len(values)), []
    zero = _down(axis, np.array([0.0]), HEIGHT)[0]
    for at, (value, label) in enumerate(zip(values, labels, strict=True)):
        top = _down(axis, np.array([value]), HEIGHT)[0]
        kind = "loss" if value < 0 else "gain"
        drawn.append(
            f'<rect class="{kind}" x="{100 * (at + 0.1) / count:.2f}%" y="{min(top, zero):.1f}" '
            f'width="{80 / count:.2f}%" height="{max(abs(top - zero), 0.5):.1f}">'
            f"<title>{text(label)}</title></rect>"
        )
    every = max(1, -(-count // 12))
    ticks = [
        ((at + 0.5) / count, labels[at].partition(":")[0]) for at in range(0, len(labels), every)
    ]
    return _framed("".join(drawn) + _below(ticks, HEIGHT), axis, told, HEIGHT)


def histogram(
    counts: Sequence[int],
    edges: Floats,
    labels: Sequence[str],
    axis: Axis,
    told: str,
    ticks: Sequence[tuple[float, str]],
) -> str:
    """Return a drawing of how many values lie between edges, those below zero as losses."""
    drawn, wide = [], 100 / max(1, len(counts))
    bottom = _down(axis, np.array([0.0]), HEIGHT)[0]
    for at, (count, label) in enumerate(zip(counts, labels, strict=True)):
        top = _down(axis, np.array([float(count)]), HEIGHT)[0]
        kind = "loss" if edges[at + 1] <= 1e-12 else "gain"
        drawn.append(
            f'<rect class="{kind}" x="{at * wide:.2f}%" y="{top:.1f}" width="{0.94 * wide:.2f}%" '
            f'height="{bottom - top:.1f}"><title>{text(label)}</title></rect>'
        )
    return _framed("".join(drawn) + _below(ticks, HEIGHT), axis, told, HEIGHT)


def points(
    groups: Sequence[tuple[str, Floats, Floats]],
    across: Axis,
    axis: Axis,
    told: str,
) -> str:
    """Return a drawing of points: groups of a class, values across and values up."""
    drawn = []
    for kind, values, ups in groups:
        # Points at the same place are drawn once.
        x = np.rint(_ACROSS * across.share(values)).astype(np.int64)
        y = np.rint(_down(axis, ups, HEIGHT)).astype(np.int64)
        places = np.unique(np.stack((x, y), axis=1), axis=0)
        path = "".join(f"M{a} {b}h0" for a, b in places.tolist())
        drawn.append(f'<path class="points {kind}" d="{path}"/>')
    area = (
        f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 {_ACROSS} {HEIGHT}" '
        f'preserveAspectRatio="none" overflow="visible">{"".join(drawn)}</svg>'
    )
    ticks = [(float(across.share(np.array([place]))[0]), label) for place, label in across.ticks]
    return _framed(area + _below(ticks, HEIGHT), axis, told, HEIGHT)


def _framed(inside: str, axis: Axis, told: str, height: int) -> str:
    downs = _down(axis, np.array([place for place, _ in axis.ticks]), height)
    scale = "".join(
        f'<text x="100%" dx="-8" y="{down + 4:.1f}" text-anchor="end">{text(label)}</text>'
        for down, (_, label) in zip(downs, axis.ticks, strict=True)
    )
    grid = "".join(
        f'<line class="{"zero" if place == 0 else "grid"}" x1="0" x2="100%" '
        f'y1="{down:.1f}" y2="{down:.1f}"/>'
        for down, (place, _) in zip(downs, axis.ticks, strict=True)
    )
    whole = height + _BELOW
    return (
        f'<div class="plot"><svg class="scale" height="{whole}" aria-hidden="true">{scale}</svg>'
        f'<svg class="area" height="{whole}" role="img" aria-label="{text(told)}">'
        f"{grid}{inside}</svg></div>"
    )


def _below(ticks: Sequence[tuple[float, str]], height: int) -> str:
    found = []
    for at, (place, label) in enumerate(ticks):
        end = "start" if place < 0.04 else "end" if place > 0.96 else "middle"
        kind = ' class="odd"' if at % 2 else ""
        found.append(
            f'<text{kind} x="{100 * place:.2f}%" y="{height + 16}" text-anchor="{end}">'
            f"{text(label)}</text>"
        )
    return "".join(found)


def _down(axis: Axis, values: Floats, height: int) -> Floats:
    """Return how many pixels values are below the top of a drawing."""
    return np.asarray(_ABOVE + (1.0 - axis.share(values)) * (height - _ABOVE - 2))


def _path(curve: Curve, axis: Axis, height: int) -> str:
    x, y = _ACROSS * curve.across, _down(axis, curve.values, height)
    known = np.isfinite(x) & np.isfinite(y)
    found, pen = [], "M"
    for is_known, a, b in zip(known.tolist(), x.tolist(), y.tolist(), strict=True):
        if is_known:
            found.append(f"{pen}{a:.1f} {b:.1f}")
        pen = "L" if is_known else "M"
    return "".join(found)


def _closed(curve: Curve, axis: Axis, height: int, base: float) -> str:
    """Return the path of the area between a line without gaps and a base line."""
    known = np.isfinite(curve.values)
    if not known.any():
        return ""
    part = Curve(curve.kind, curve.across[known], curve.values[known])
    first, last = _ACROSS * part.across[0], _ACROSS * part.across[-1]
    line = _path(part, axis, height).removeprefix("M")
    return f"M{first:.1f} {base:.1f}L{line}L{last:.1f} {base:.1f}Z"
