"""The text that `ringtape stress` prints when it is over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline.cli.output import format_table
from pipeline.results.report.figures import number
from pipeline.results.report.lines import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.checks.stress.comparison import Change, Comparison
    from pipeline.checks.stress.result import (
        ClosedLoop,
        Fault,
        Knee,
        Load,
        OpenPoint,
        Point,
        Soak,
        Spread,
        StressResult,
    )

_MIB = 2**20
_FIGURES = ("bars/s", "spread", "runs", "evals/s", "MiB")
#: Columns of the intervals of a load.
_LONGEST = 9


def result_text(result: StressResult, compared: Comparison | None) -> str:
    """Return a result as blocks of text, 80 columns wide."""
    blocks = [_machine(result)]
    if result.closed is not None:
        blocks += [_points(result.closed), _recommended(result.closed)]
    if points := result.offered():
        blocks.append(_offered(points))
    if result.knee is not None:
        blocks.append(_knee(result.knee))
    if result.soak is not None:
        blocks.append(_soak(result.soak))
    if result.faults is not None:
        blocks.append(_faults(result.faults))
    if compared is not None:
        blocks.append(_compared(compared))
    if result.notes:
        blocks.append("\n".join(_line("note", note) for note in result.notes))
    return "\n\n".join(blocks)


def rate(value: float) -> str:
    """Return a rate as 1,234,567, or with three figures if it is small."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _machine(result: StressResult) -> str:
    machine, load = result.machine, result.workload.load
    limited = f", of which {machine.usable} ({machine.limited_by})" if machine.limited_by else ""
    told = [f"{machine.processors} processors{limited}", f"{machine.memory / 2**30:.1f} GiB"]
    if machine.steal is not None:
        told.append(f"{machine.steal:.1%} of the time stolen")
    streams = "+".join(load.streams)
    size = f"{load.bars:,} bars of {load.symbols} symbols, {streams}, {load.lanes} lanes"
    return "\n".join(
        [
            _line("machine", f"{machine.model}, {', '.join(told)}"),
            _line("workload", f"{result.workload.name}: {size}"),
            _line("strategy", f"{result.workload.strategy}, {result.workload.mode}"),
            _line("time", f"{result.seconds:.0f} s"),
        ]
    )


def _points(closed: ClosedLoop) -> str:
    """Return the tables of the closed loop: settings at the load most were tried at, then loads.

    A mark stands behind the recommended setting.
    """
    told = sorted(closed.points, key=lambda point: -point.bars_per_second.median)
    loads = [point.load for point in told]
    most = max(loads, key=loads.count)
    own = [point for point in told if point.load == most]
    others = [point for point in told if point.load != most]
    best = closed.recommendation.setting
    rows = [
        (*_setting(point), *_figures(point), "<" if point.setting == best else "") for point in own
    ]
    head = ("processors", "engines", "slots", "rows", *_FIGURES)
    table = format_table((*head, ""), rows, right=head)
    said = "spread: from the slowest to the fastest run; evals: bars seen by lanes; <: recommended"
    blocks = [f"{_line('settings', f'with {_load(most)}')}\n{table}\n{_line('columns', said)}"]
    if others:
        blocks.append(f"{_line('other loads', 'P processors, E engines')}\n{_loads(others)}")
    return "\n\n".join(blocks)


def _loads(points: Sequence[Point]) -> str:
    """Return the table of points of other loads, which are too wide for their spread."""
    figures = [name for name in _FIGURES if name not in ("spread", "runs")]
    head = ("P", "E", "slots", "rows", "symbols", "lanes", "streams", *figures)
    rows = []
    for point in points:
        load = point.load
        size = (f"{load.symbols:,}", f"{load.lanes:,}", _streams(load))
        rate_told, _, _, *others = _figures(point)
        rows.append((*_setting(point), *size, rate_told, *others))
    return format_table(head, rows, right=[name for name in head if name != "streams"])


def _load(load: Load) -> str:
    return f"{load.symbols:,} symbols, {load.lanes:,} lanes, {'+'.join(load.streams)}"


def _streams(load: Load) -> str:
    """Return the intervals of a load, or how many there are if they are long to tell."""
    told = "+".join(load.streams)
    return told if len(told) <= _LONGEST else f"{len(load.streams)} of them"


def _setting(point: Point) -> tuple[str, ...]:
    setting = point.setting
    rows = "auto" if setting.slot_rows is None else f"{setting.slot_rows:,}"
    return (str(setting.processors), str(setting.engines), str(setting.slots), rows)


def _figures(point: Point) -> tuple[str, ...]:
    spread = point.bars_per_second
    return (
        short(spread.median),
        _width(spread),
        str(len(spread.samples)),
        short(point.evaluations_per_second.median),
        f"{point.peak_bytes / _MIB:,.0f}",
    )


def _width(spread: Spread) -> str:
    """Return how far samples lie apart, as a share of their median; one sample has no spread."""
    if len(spread.samples) < 2 or not spread.median:
        return "-"
    return f"{(spread.high - spread.low) / spread.median:.0%}"


def short(value: float) -> str:
    """Return a rate with four figures, as 12.35 M or 870.4 k."""
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.4g} {letter}"
    return f"{value:.4g}"


def _recommended(closed: ClosedLoop) -> str:
    found = closed.recommendation
    lines = [_line("scaling", closed.scaling.said)]
    lines.append(_line("recommended", f'"pipeline": {json.dumps(found.setting.section())}'))
    lines.append(_line("", f"{rate(found.rate.median)} bars/s"))
    if beside := found.beside():
        lines.append(_line("runner-up", beside))
    return "\n".join(lines)


def _offered(points: Sequence[OpenPoint]) -> str:
    table = format_table(
        ("bars/s", "at once", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "lag ms", "holds"),
        [
            (
                rate(point.offered),
                f"{point.burst:,}",
                *(
                    f"{1e3 * value:.3g}"
                    for value in (
                        *(point.latency.p50, point.latency.p99, point.latency.p999),
                        *(point.latency.maximum, point.generator_lag),
                    )
                ),
                {True: "yes", False: "no", None: "?"}[point.holds],
            )
            for point in points
        ],
        right=("bars/s", "at once", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "lag ms"),
    )
    columns = "at once: bars of a burst; lag: how late the generator offered them (p99)"
    unsure = any(point.holds is None for point in points)
    columns += "; ?: the generator bounds, so nothing is said of the pipeline" if unsure else ""
    return f"{table}\n{_line('columns', columns)}"


def _knee(knee: Knee) -> str:
    return _line("knee", knee.said)


def _soak(soak: Soak) -> str:
    table = format_table(
        ("measure", "growth an hour", "95 % interval", "grows"),
        [
            (
                slope.measure,
                _growth(slope.per_hour, slope.unit),
                f"{_growth(slope.low, slope.unit)} to {_growth(slope.high, slope.unit)}",
                slope.answer,
            )
            for slope in soak.slopes
        ],
        right=("growth an hour", "95 % interval"),
    )
    said = f"{soak.said} {soak.seconds:.0f} s at {rate(soak.offered)} bars/s."
    return f"{table}\n{_line('soak', said)}"


def _growth(value: float, unit: str) -> str:
    if unit == "bytes":
        return f"{value / _MIB:+,.1f} MiB"
    if unit == "seconds":
        return f"{number(1e3 * value, _form(1e3 * value))} ms"
    return number(value, _form(value))


def _form(value: float) -> str:
    """Return a format without powers of ten for large growths."""
    return "+,.0f" if abs(value) >= 1000 else "+.3g"


def _faults(faults: Sequence[Fault]) -> str:
    lines = []
    for fault in faults:
        after = "" if fault.seconds is None else f" (after {fault.seconds:.2f} s)"
        left = f"; left behind: {', '.join(fault.left_behind)}" if fault.left_behind else ""
        lines.append(_line(fault.role, f"{fault.fault}: {fault.said}{after}{left}"))
    if not any(fault.left_behind for fault in faults):
        lines.append(_line("", "No process, segment or semaphore was left behind."))
    return "\n".join(lines)


def _compared(compared: Comparison) -> str:
    told = [change for change in compared.changes if change.beyond_noise]
    lines = [
        _line(
            "changed",
            f"{one.what}: {one.shown}{_share(one)}",
        )
        for one in told
    ]
    if compared.changes and not told:
        lines.append(_line("changed", f"Nothing of {len(compared.changes)} figures, beyond noise."))
    lines += [_line("note", note) for note in compared.notes]
    return "\n".join(lines)


def _share(change: Change) -> str:
    return "" if change.share is None else f" ({change.share:+z.0%})"


def _line(label: str, text: str) -> str:
    return "\n".join(line(label, text, whole_words=True))
