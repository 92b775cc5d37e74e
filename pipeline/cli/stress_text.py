"""The text that `ringtape stress` prints when it is over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline.cli.output import format_table
from pipeline.results.report.lines import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.checks.stress.comparison import Comparison
    from pipeline.checks.stress.result import (
        ClosedLoop,
        Fault,
        Knee,
        OpenPoint,
        Point,
        Soak,
        StressResult,
    )

_MIB = 2**20


def result_text(result: StressResult, compared: Comparison | None) -> str:
    """Return a result as blocks of text, 80 columns wide but for tables."""
    blocks = [_machine(result)]
    if result.closed is not None:
        blocks += [_points(result.closed), _recommended(result.closed)]
    points = result.knee.tried if result.knee else result.open.points if result.open else ()
    bursts = [one for one in result.open.points if one.burst > 1] if result.open else []
    if points:
        blocks.append(_offered([*points, *(one for one in bursts if one not in points)]))
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
    """Return the table of the closed loop: the fastest settings, then other loads."""
    own = closed.recommendation.setting
    told = sorted(closed.points, key=lambda point: -point.bars_per_second.median)
    return format_table(
        ("setting", "lanes", "symbols", "streams", "bars/s", "spread", "evaluations/s", "MiB", ""),
        [_point_row(point, "<" if point.setting == own else "") for point in told],
        right=("lanes", "symbols", "bars/s", "spread", "evaluations/s", "MiB"),
    )


def _point_row(point: Point, mark: str) -> tuple[str, ...]:
    spread = point.bars_per_second
    return (
        str(point.setting),
        f"{point.load.lanes:,}",
        f"{point.load.symbols:,}",
        "+".join(point.load.streams),
        rate(spread.median),
        f"{(spread.high - spread.low) / spread.median:.0%}",
        rate(point.evaluations_per_second.median),
        f"{point.peak_bytes / _MIB:,.0f}",
        mark,
    )


def _recommended(closed: ClosedLoop) -> str:
    found = closed.recommendation
    lines = [_line("scaling", closed.scaling.said)]
    lines.append(_line("recommended", f'"pipeline": {json.dumps(found.setting.section())}'))
    lines.append(_line("", f"{rate(found.rate.median)} bars/s"))
    if found.runner_up is not None and found.ratio is not None:
        noise = "beyond the noise" if found.beyond_noise else "within the noise"
        lines.append(
            _line("runner-up", f"{found.runner_up}: at 1 / {found.ratio:.2f} of that, {noise}")
        )
    return "\n".join(lines)


def _offered(points: Sequence[OpenPoint]) -> str:
    return format_table(
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
                "yes" if slope.grows else "no",
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
    return f"{1e3 * value:+,.3g} ms" if unit == "seconds" else f"{value:+,.3g}"


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
            f"{one.what}: {one.before:,.4g} to {one.after:,.4g} {one.unit} ({one.share:+.0%})",
        )
        for one in told
    ]
    if compared.changes and not told:
        lines.append(_line("changed", f"Nothing of {len(compared.changes)} figures, beyond noise."))
    lines += [_line("note", note) for note in compared.notes]
    return "\n".join(lines)


def _line(label: str, text: str) -> str:
    return "\n".join(line(label, text, whole_words=True))
