"""The figures of the page: scaling, memory, latency by rate, the soak."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.checks.stress.result import (
    ClosedLoop,
    Knee,
    Latency,
    Load,
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
#: Shorter latencies, in seconds, are drawn as this one: a logarithm needs more than 0.
_LEAST_LATENCY = 1e-7
#: A table of a series has no more rows; each is the mean of some looks.
_ROWS = 30


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
        lines.append(Curve("third dashed", across.share(fine), fitted))
        named.append(("third dashed", "law of scaling"))
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
    said = (
        f"{scaling.said} The nearer the measured line is to the ideal, the more another one of the"
        f" {scaling.worker} pays."
    )
    drawing = _titled(drawing, "bars/s", f"number of {scaling.worker}")
    return markup.figure(f"Rate, by {scaling.worker}", key(named) + drawing, said, table)


def memory_figure(closed: ClosedLoop) -> str:
    """Return the peak memory by the number of processes, at the load that has most of them."""
    loads: dict[Load, dict[int, int]] = {}
    for point in closed.points:
        count = 1 + point.setting.processors + point.setting.engines
        found = loads.setdefault(point.load, {})
        found[count] = max(found.get(count, 0), point.peak_bytes)
    load = max(loads, key=lambda one: len(loads[one]))
    counts = np.array(sorted(loads[load]), float)
    peaks = np.array([loads[load][int(count)] for count in counts]) / _MIB
    across = _across(counts)
    drawing = curves(
        [Curve("first", across.share(counts), peaks)],
        axis_of(peaks, short, zero=True),
        _ticks(across),
        "Peak memory by processes.",
        _HEIGHT,
    )
    rows = [(f"{count:,.0f}", f"{peak:,.0f}") for count, peak in zip(counts, peaks, strict=True)]
    said = (
        "The most that all processes of a run took together, its ring included, with"
        f" {load.symbols:,} symbols and {load.lanes:,} lanes. Where it rises, more processes cost"
        " memory."
    )
    return markup.figure(
        "Peak memory, by processes of the run",
        _titled(drawing, "MiB", "number of processes"),
        said,
        markup.as_table(("processes", "MiB"), rows),
    )


def latency_figure(points: Sequence[OpenPoint], knee: Knee | None) -> str:
    """Return latency percentiles by the offered rate, both on a scale of powers of ten.

    Of a rate that was offered several times it has the medians. Without two rates it is empty.
    """
    even: dict[float, list[Latency]] = {}
    for one in sorted(points, key=lambda one: one.offered):
        if one.burst == 1:
            even.setdefault(one.offered, []).append(one.latency)
    if len(even) < 2:
        return ""
    rates = np.log10(list(even))
    across = Axis(float(rates[0]), float(rates[-1]), _decades(10.0**rates))
    kinds = (("first", "p50"), ("third", "p99"), ("fourth", "p99.9"))
    values = [
        np.array([np.median([getattr(one, name) for one in found]) for found in even.values()])
        for name in ("p50", "p99", "p999")
    ]
    targets = [] if knee is None else [knee.target]
    everything = _of_latency(np.concatenate([*values, targets]))
    low, high = float(np.floor(everything.min())), float(np.ceil(everything.max()))
    high = max(high, low + 1)
    axis = Axis(low, high, [(at, f"{10.0 ** (at - 3):g}") for at in np.arange(low, high + 1)])
    lines = [
        Curve(kind, across.share(rates), _of_latency(one))
        for (kind, _), one in zip(kinds, values, strict=True)
    ]
    named = list(kinds)
    if knee is not None:
        limit = _of_latency(np.array([knee.target] * 2))
        lines.append(Curve("target", np.array([0.0, 1.0]), limit))
        named.append(("target", f"target of the p99, {1e3 * knee.target:g} ms"))
        if knee.rate is not None:
            place = across.share(np.array([np.log10(knee.rate)] * 2))
            lines.append(Curve("ideal", place, np.array([axis.low, axis.high])))
            named.append(("ideal", f"knee, {knee.rate:,.0f} bars/s"))
    drawing = curves(lines, axis, _ticks(across), "Latency by offered rate.", _HEIGHT)
    knee_said = (
        ""
        if knee is None or knee.rate is None
        else " The knee is the highest rate that kept the target without bars piling up."
    )
    return markup.figure(
        "Latency, by the rate that is offered",
        key(named) + _titled(drawing, "ms", "bars/s offered"),
        "From the moment for which a bar was planned until an engine was done with it, so that a"
        f" stall counts for every bar that waited.{knee_said} The table below has each try.",
        wide=True,
    )


def _of_latency(seconds: Floats) -> Floats:
    """Return where latencies are on an axis: the logarithms of microseconds."""
    return np.asarray(np.log10(1e6 * np.maximum(seconds, _LEAST_LATENCY)))


def soak_figures(soak: Soak) -> list[str]:
    """Return a figure of each measure of the soak over time."""
    return [_soak_figure(soak, slope) for slope in soak.slopes if soak.series.get(slope.measure)]


def scale_of(slope: Slope) -> tuple[float, str]:
    """Return what values of a slope are multiplied by to be shown, and their unit then."""
    scales = {"bytes": (1 / _MIB, "MiB"), "seconds": (1e3, "ms")}
    return scales.get(slope.unit, (1.0, slope.unit))


def growth(slope: Slope, per_hour: float) -> str:
    """Return a growth in an hour as it is shown, without its unit."""
    value = scale_of(slope)[0] * per_hour
    return number(value, "+,.0f" if abs(value) >= 1000 else "+.3g")


def _soak_figure(soak: Soak, slope: Slope) -> str:
    factor, unit = scale_of(slope)
    at, values = np.array(soak.at), factor * np.array(soak.series[slope.measure])
    across = axis_of(np.array([0.0, max(1.0, float(at[-1]))]), short, zero=True)
    drawing = curves(
        [Curve("first", across.share(at), values)],
        axis_of(values, short, zero=True),
        _ticks(across),
        f"{slope.measure} over time.",
        _HEIGHT,
    )
    grows = {"yes": "It grows", "perhaps": "It perhaps grows", "no": "It does not grow"}
    said = (
        f"{grows[slope.answer]}: {growth(slope, slope.per_hour)} {unit} an hour, 95 % interval"
        f" {growth(slope, slope.low)} to {growth(slope, slope.high)}."
    )
    parts = np.array_split(np.arange(len(at)), min(_ROWS, len(at)))
    rows = [(f"{at[part].mean():,.0f}", number(values[part].mean(), ",.6g")) for part in parts]
    whole = len(parts) == len(at)
    return markup.figure(
        f"{slope.measure[:1].upper()}{slope.measure[1:]}, by time",
        _titled(drawing, unit, "seconds"),
        said,
        markup.as_table(("seconds", unit if whole else f"{unit}, mean"), rows),
    )


def stages_table(points: Sequence[Point]) -> str:
    """Return what each stage did with its time, by setting: a table of bars."""
    rows = []
    for point in points:
        load = point.load
        streams = "+".join(load.streams)
        name = f"{point.setting}; {load.symbols:,} symbols, {load.lanes:,} lanes, {streams}"
        for place, (stage, one) in enumerate(point.stages.items()):
            shares = (("busy", one.busy), ("starved", one.starved), ("blocked", one.blocked))
            rows.append(
                (
                    markup.text("" if place else name),
                    markup.text(stage),
                    _bar(shares),
                    *(f"{100 * share:.0f} %" for _, share in shares),
                )
            )
    head = ("setting and load", "stage", "share of its time", "busy", "starved", "blocked")
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


def _titled(drawing: str, up: str, across: str) -> str:
    """Return a drawing with the titles of its axes, which have their units."""
    return (
        f'<p class="axis-title">{markup.text(up)}</p>{drawing}'
        f'<p class="axis-title across">{markup.text(across)}</p>'
    )


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
