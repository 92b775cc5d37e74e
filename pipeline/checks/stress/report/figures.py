"""The figures of the page: scaling, memory, latency by rate, the soak."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.checks.stress.result import (
    ClosedLoop,
    OpenPoint,
    Point,
    Slope,
    Soak,
)
from pipeline.checks.stress.scaling import law
from pipeline.results.report.figures import number
from pipeline.results.report.html import markup
from pipeline.results.report.html.axes import Axis, axis_of, short
from pipeline.results.report.html.drawings import Curve, curves

Floats = npt.NDArray[np.float64]

_HEIGHT = 240
_MIB = 2**20


def scaling_figure(closed: ClosedLoop) -> str:
    """Return rates by the number of workers, with the law that was fitted and the ideal."""
    scaling = closed.scaling
    workers, rates = np.array(scaling.workers, float), np.array(scaling.rates)
    counts = np.unique(workers)
    medians = np.array([np.median(rates[workers == count]) for count in counts])
    fine = np.linspace(counts[0], counts[-1], 100)
    top = float(rates.max())
    across = _across(counts)
    ideal = fine * medians[0] / counts[0]
    lines = [Curve("first", across.share(counts), medians)]
    named = [("first", "measured")]
    if scaling.rate_of_one is not None:
        assert scaling.serial is not None
        assert scaling.crosstalk is not None
        fitted = law(fine, scaling.rate_of_one, scaling.serial, scaling.crosstalk)
        lines.append(Curve("third", across.share(fine), fitted))
        named.append(("third", "law of scaling"))
    inside = ideal <= 1.15 * top
    lines.append(Curve("ideal", across.share(fine[inside]), ideal[inside]))
    named.append(("ideal", "ideal"))
    axis = axis_of(np.array([0.0, 1.15 * top]), short, zero=True)
    drawing = curves(lines, axis, _ticks(across), "Bars per second by engines.", _HEIGHT)
    table = markup.as_table(
        (scaling.worker, "bars/s, median", "lowest", "highest"),
        [
            (
                f"{count:,.0f}",
                *(
                    f"{value:,.0f}"
                    for value in (
                        float(np.median(rates[workers == count])),
                        rates[workers == count].min(),
                        rates[workers == count].max(),
                    )
                ),
            )
            for count in counts
        ],
    )
    title = f"Bars per second, by {scaling.worker}"
    return markup.figure(title, key(named) + drawing, scaling.said, table)


def memory_figure(closed: ClosedLoop) -> str:
    """Return the peak memory by the number of processes."""
    found: dict[int, list[int]] = {}
    for point in closed.points:
        count = 1 + point.setting.processors + point.setting.engines
        found.setdefault(count, []).append(point.peak_bytes)
    counts = np.array(sorted(found), float)
    peaks = np.array([max(found[int(count)]) for count in counts]) / _MIB
    across = _across(counts)
    drawing = curves(
        [Curve("first", across.share(counts), peaks)],
        axis_of(peaks, short, zero=True),
        _ticks(across),
        "Peak memory by processes.",
        _HEIGHT,
    )
    rows = [(f"{count:,.0f}", f"{peak:,.0f}") for count, peak in zip(counts, peaks, strict=True)]
    return markup.figure(
        "Peak memory in MiB, by processes of the run",
        drawing,
        "The most that all processes of a run took together, its ring included, over all loads.",
        markup.as_table(("processes", "MiB"), rows),
    )


def latency_figure(points: Sequence[OpenPoint], knee: float | None, target: float) -> str:
    """Return latency percentiles by the offered rate, both on a scale of powers of ten."""
    even = sorted((one for one in points if one.burst == 1), key=lambda one: one.offered)
    rates = np.log10([one.offered for one in even])
    across = Axis(float(rates[0]), float(rates[-1]) + 1e-9, _decades(10.0**rates))
    kinds = (("first", "p50"), ("third", "p99"), ("fourth", "p99.9"))
    values = [
        np.array([one.latency.p50 for one in even]),
        np.array([one.latency.p99 for one in even]),
        np.array([one.latency.p999 for one in even]),
    ]
    everything = np.log10(1e3 * np.maximum(np.concatenate([*values, [target]]), 1e-7))
    low, high = float(np.floor(everything.min())), float(np.ceil(everything.max()))
    axis = Axis(
        low,
        max(high, low + 1),
        [(place, f"{10.0**place:g} ms") for place in np.arange(low, max(high, low + 1) + 1)],
    )
    lines = [
        Curve(kind, across.share(rates), np.log10(1e3 * np.maximum(one, 1e-7)))
        for (kind, _), one in zip(kinds, values, strict=True)
    ]
    limit = np.log10(1e3 * target)
    lines.append(Curve("target", np.array([0.0, 1.0]), np.array([limit, limit])))
    named = [*kinds, ("target", f"target of the p99, {1e3 * target:g} ms")]
    if knee is not None:
        place = across.share(np.array([np.log10(knee)] * 2))
        lines.append(Curve("ideal", place, np.array([axis.low, axis.high])))
        named.append(("ideal", f"knee, {knee:,.0f} bars/s"))
    ticks = [(float(across.share(np.array([place]))[0]), label) for place, label in across.ticks]
    drawing = curves(lines, axis, ticks, "Latency by offered rate.", _HEIGHT)
    return markup.figure(
        "Latency in milliseconds, by bars per second offered",
        key(named) + drawing,
        "From the moment for which a bar was planned until an engine was done with it, so that a"
        " stall counts for every bar that waited.",
        wide=True,
    )


def soak_figures(soak: Soak) -> list[str]:
    """Return a figure of each measure of the soak over time."""
    return [_soak_figure(soak, slope) for slope in soak.slopes if soak.series.get(slope.measure)]


def _soak_figure(soak: Soak, slope: Slope) -> str:
    factor, unit = {"bytes": (1 / _MIB, "MiB"), "seconds": (1e3, "ms")}.get(
        slope.unit, (1.0, slope.unit)
    )
    at, values = np.array(soak.at), factor * np.array(soak.series[slope.measure])
    across = axis_of(np.array([0.0, max(1.0, float(at[-1]))]), short, zero=True)
    drawing = curves(
        [Curve("first", across.share(at), values)],
        axis_of(values, short, zero=True),
        _ticks(across),
        f"{slope.measure} over time.",
        _HEIGHT,
    )
    per_hour, low, high = (factor * one for one in (slope.per_hour, slope.low, slope.high))
    grows = "It grows" if slope.grows else "It does not grow"
    said = (
        f"{grows}: {number(per_hour, '+,.3g')} {unit} an hour, 95 % interval"
        f" {number(low, '+,.3g')} to {number(high, '+,.3g')}."
    )
    title = f"{slope.measure[:1].upper()}{slope.measure[1:]} in {unit}, by seconds"
    return markup.figure(title, drawing, said)


def stages_table(points: Sequence[Point]) -> str:
    """Return what each stage did with its time, by setting: a table of bars."""
    rows = []
    for point in points:
        load = f"{point.load.symbols} symbols, {point.load.lanes} lanes"
        for place, (stage, one) in enumerate(point.stages.items()):
            name = f"{point.setting}; {load}" if not place else ""
            shares = (("busy", one.busy), ("starved", one.starved), ("blocked", one.blocked))
            rows.append(
                (
                    markup.text(name),
                    markup.text(stage),
                    _bar(shares),
                    *(f"{100 * share:.0f} %" for _, share in shares),
                )
            )
    head = ("setting and load", "stage", "of the time", "busy", "starved", "blocked")
    return f'<div class="wide stages" tabindex="0">{markup.table(head, rows)}</div>'


def _bar(shares: Sequence[tuple[str, float]]) -> str:
    told = ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares)
    drawn, begin = [], 0.0
    for name, share in shares:
        drawn.append(
            f'<rect class="{name}" x="{100 * begin:.2f}%" y="2" width="{100 * share:.2f}%"'
            ' height="12"/>'
        )
        begin += share
    return (
        f'<svg class="bar" width="100%" height="16" role="img" aria-label="{told}">'
        f"{''.join(drawn)}</svg>"
    )


def key(named: Sequence[tuple[str, str]]) -> str:
    """Return what the lines of a figure mean."""
    items = "".join(
        '<li><svg width="22" height="8" aria-hidden="true"><path class="line '
        f'{kind}" d="M0 4h22"/></svg>{markup.text(label)}</li>'
        for kind, label in named
    )
    return f'<ul class="key plot-key">{items}</ul>'


def _across(counts: Floats) -> Axis:
    """Return an axis whose ticks are the counts themselves."""
    low, high = float(counts[0]), float(counts[-1])
    return Axis(low, max(high, low + 1), [(float(one), f"{one:,.0f}") for one in counts])


def _ticks(across: Axis) -> list[tuple[float, str]]:
    return [(float(across.share(np.array([place]))[0]), label) for place, label in across.ticks]


def _decades(rates: Floats) -> list[tuple[float, str]]:
    """Return ticks at 1, 2 and 5 times the powers of ten within some rates."""
    found = []
    for power in range(int(np.floor(np.log10(rates[0]))), int(np.ceil(np.log10(rates[-1]))) + 1):
        for one in (1.0, 2.0, 5.0):
            value = one * 10.0**power
            if rates[0] <= value <= rates[-1]:
                found.append((float(np.log10(value)), short(value)))
    return found
