"""Writes stress.html: one file without anything from outside, and a policy that forbids it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

from pipeline.checks.stress.comparison import Comparison
from pipeline.checks.stress.report import figures
from pipeline.checks.stress.result import (
    ClosedLoop,
    Fault,
    OpenPoint,
    Soak,
    StressResult,
)
from pipeline.native.whole_file import write_whole
from pipeline.results.report.html import markup
from pipeline.results.report.html.document import read_parts
from pipeline.results.report.html.policy import policy_of
from pipeline.results.tables import writing

_PAGE = Path(__file__).with_name("page")
_SCRIPT = 'themeButton(document.getElementById("theme"));'


def write_page(result: StressResult, path: Path, compared: Comparison | None = None) -> None:
    """Write the page of a result, and of its comparison with an older one, in one step.

    Raises RunError if it cannot be written.
    """
    style = f"{read_parts(['looks.css', 'run.css'])}\n{read_parts(['stress.css'], _PAGE)}"
    scripts = {
        "first": read_parts(["theme_first.js"]),
        "script": f'(() => {{\n"use strict";\n{read_parts(["themes.js"])}\n{_SCRIPT}\n}})();',
    }
    workload = result.workload
    page = Template((_PAGE / "stress.html").read_text(encoding="utf-8")).substitute(
        policy=policy_of(scripts.values(), [style]),
        title=markup.text(f"Stress of {result.machine.model}"),
        subtitle=markup.text(
            f"{workload.name}, {workload.strategy} ({workload.mode}); {result.began}, in"
            f" {result.seconds:.0f} s"
        ),
        style=style,
        numbers=markup.terms(_numbers(result)),
        notes="\n".join(f'<p class="note">{markup.text(note)}</p>' for note in result.notes),
        sections="\n".join(_sections(result, compared)),
        **scripts,
    )
    encoded = page.encode("utf-8", "replace")
    with writing(path, len(encoded)):
        write_whole(path, encoded)


def _numbers(result: StressResult) -> list[tuple[str, str]]:
    """Return the figures in the heading."""
    machine, load = result.machine, result.workload.load
    found = [
        ("Processors", f"{machine.usable} of {machine.processors}"),
        ("Memory", f"{machine.memory / 2**30:.1f} GiB"),
        ("Bars of the market", f"{load.bars:,}"),
        ("Lanes", f"{load.lanes:,}"),
    ]
    if result.closed is not None:
        fastest = max(point.evaluations_per_second.median for point in result.closed.points)
        found.append(("Bars a second", f"{result.closed.recommendation.rate.median:,.0f}"))
        found.append(("Evaluations a second, at most", f"{fastest:,.0f}"))
    if result.knee is not None and result.knee.rate is not None:
        found.append(("Knee, bars a second", f"{result.knee.rate:,.0f}"))
    return found


def _sections(result: StressResult, compared: Comparison | None) -> Iterator[str]:
    if result.closed is not None:
        yield _section("recommended", "Recommended setting", _recommended(result.closed))
        drawn = figures.scaling_figure(result.closed) + figures.memory_figure(result.closed)
        yield _section("scaling", "Scaling", f'<div class="figures">{drawn}</div>')
        yield _section("closed", "As fast as it goes", _points(result.closed))
        yield _section("stages", "Where the time goes", _stages(result.closed))
    points = result.offered()
    if points:
        yield _section("open", "Bars offered at a rate", _offered(result, points))
    if result.soak is not None:
        yield _section("soak", "Soak", _soak(result.soak))
    if result.faults is not None:
        yield _section("faults", "Faults", _faults(result.faults))
    if compared is not None:
        yield _section("compared", "Compared with an older result", _compared(compared))
    yield _section(
        "machine", "Machine", f'<dl class="origin">{markup.terms(_machine(result))}</dl>'
    )


def _section(name: str, title: str, content: str) -> str:
    return f'<section id="{name}">\n<h2>{markup.text(title)}</h2>\n{content}\n</section>'


def _recommended(closed: ClosedLoop) -> str:
    found = closed.recommendation
    beside = found.beside()
    beside = f"Beside it {beside}." if beside else "No other setting was to be tried."
    section = json.dumps({"pipeline": found.setting.section()}, indent=2)
    said = (
        f"{found.rate.median:,.0f} bars/s in the median of {len(found.rate.samples)} runs,"
        f" {found.rate.low:,.0f} to {found.rate.high:,.0f}. {beside}"
    )
    return f'<pre tabindex="0">{markup.text(section)}</pre><p class="note">{markup.text(said)}</p>'


def _points(closed: ClosedLoop) -> str:
    ordered = sorted(closed.points, key=lambda point: -point.bars_per_second.median)
    rows = [
        (
            markup.text(point.setting),
            f"{point.load.lanes:,}",
            f"{point.load.symbols:,}",
            markup.text("+".join(point.load.streams)),
            f"{point.bars_per_second.median:,.0f}",
            f"{point.bars_per_second.low:,.0f} to {point.bars_per_second.high:,.0f}",
            f"{point.evaluations_per_second.median:,.0f}",
            f"{point.peak_bytes / 2**20:,.0f}",
        )
        for point in ordered
    ]
    head = ("setting", "lanes", "symbols", "streams", "bars/s", "range", "evaluations/s", "MiB")
    return f'<div class="wide" tabindex="0">{markup.table(head, rows)}</div>'


def _stages(closed: ClosedLoop) -> str:
    named = "".join(
        f'<li><svg width="12" height="12" aria-hidden="true"><rect class="{kind}" width="12"'
        f' height="12"/></svg>{markup.text(label)}</li>'
        for kind, label in (
            ("busy", "busy: works"),
            ("starved", "starved: waits for the stage before"),
            ("blocked", "blocked: waits for room"),
        )
    )
    best = closed.recommendation.setting
    chosen = [point for point in closed.points if point.setting == best] or list(closed.points)
    others = [point for point in closed.points if point not in chosen]
    more = ""
    if others:
        more = (
            f"<details><summary>{len(others)} other settings</summary>"
            f"{figures.stages_table(others)}</details>"
        )
    said = (
        f"{chosen[0].verdict} The stage that is busy nearly all of its time bounds the run: the one"
        " before it is blocked, and the one behind it is starved."
    )
    return (
        f'<p class="note">{markup.text(said)}</p><ul class="key">{named}</ul>'
        f"{figures.stages_table(chosen)}{more}"
    )


def _soak(soak: Soak) -> str:
    said = f"{soak.said} {soak.seconds:.0f} s at {soak.offered:,.0f} bars/s."
    rows = [
        (
            markup.text(slope.measure),
            figures.growth(slope, slope.per_hour),
            f"{figures.growth(slope, slope.low)} to {figures.growth(slope, slope.high)}",
            figures.scale_of(slope)[1],
            f'<span class="no">{slope.answer}</span>' if slope.grows else slope.answer,
        )
        for slope in soak.slopes
    ]
    head = ("measure", "growth an hour", "95 % interval", "unit", "grows")
    drawn = "".join(figures.soak_figures(soak))
    return (
        f'<p class="note">{markup.text(said)}</p>'
        f'<div class="wide" tabindex="0">{markup.table(head, rows)}</div>'
        f'<div class="figures">{drawn}</div>'
    )


def _offered(result: StressResult, points: Sequence[OpenPoint]) -> str:
    knee = result.knee
    drawn = figures.latency_figure(points, knee)
    rows = [
        (
            f"{point.offered:,.0f}",
            f"{point.burst:,}",
            *(
                f"{1e3 * value:,.3g}"
                for value in (
                    *(point.latency.p50, point.latency.p90, point.latency.p99),
                    *(point.latency.p999, point.latency.maximum, point.generator_lag),
                )
            ),
            _held(point.holds),
            markup.text(point.said),
        )
        for point in points
    ]
    head = (
        *("bars/s", "at once", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"),
        *("generator's lag ms", "holds", ""),
    )
    said = "" if knee is None else f'<p class="note">{markup.text(knee.said)}</p>'
    return (
        f'{said}<div class="figures">{drawn}</div>'
        f'<div class="wide" tabindex="0">{markup.table(head, rows)}</div>'
    )


def _held(holds: bool | None) -> str:
    if holds is None:
        return "?"
    return '<span class="yes">yes</span>' if holds else '<span class="no">no</span>'


def _faults(faults: Sequence[Fault]) -> str:
    rows = [
        (
            markup.text(fault.role),
            markup.text(fault.fault),
            markup.text(fault.said),
            "" if fault.seconds is None else f"{fault.seconds:.2f}",
            "went on" if fault.went_on else "ended",
            markup.text(", ".join(fault.left_behind) or "nothing"),
        )
        for fault in faults
    ]
    head = ("process", "was", "the run said", "after s", "the run", "left behind")
    return f'<div class="wide" tabindex="0">{markup.table(head, rows)}</div>'


def _compared(compared: Comparison) -> str:
    rows = [
        (
            markup.text(change.what),
            markup.text(change.shown),
            "" if change.share is None else f"{change.share:+z.0%}",
            "<strong>beyond</strong>" if change.beyond_noise else "within",
        )
        for change in sorted(compared.changes, key=lambda one: not one.beyond_noise)
    ]
    notes = "".join(f'<p class="note">{markup.text(note)}</p>' for note in compared.notes)
    head = ("figure", "before to now", "change", "the noise")
    table = f'<div class="wide" tabindex="0">{markup.table(head, rows)}</div>' if rows else ""
    return notes + table


def _machine(result: StressResult) -> list[tuple[str, str]]:
    machine = result.machine
    limited = f", limited by {machine.limited_by}" if machine.limited_by else ""
    shared = "not there"
    if machine.shared_memory is not None and machine.shared_memory_free is not None:
        whole, free = machine.shared_memory / 2**30, machine.shared_memory_free / 2**30
        shared = f"{whole:.1f} GiB, {free:.1f} free"
    steal = "not known" if machine.steal is None else f"{machine.steal:.1%} of the time"
    load = "not known" if machine.load_before is None else f"{machine.load_before:.2f} processes"
    found = [
        ("Processor", machine.model),
        ("Processors", f"{machine.processors}, usable {machine.usable}{limited}"),
        ("Governor", machine.governor or "not known"),
        ("Taken by other machines", steal),
        ("Load before", load),
        (
            "Memory",
            f"{machine.memory / 2**30:.1f} GiB, {machine.memory_available / 2**30:.1f} free",
        ),
        ("Shared memory", shared),
        ("System", f"{machine.system}, Python {machine.python}, Ringtape {machine.ringtape}"),
    ]
    return [(term, markup.text(text)) for term, text in found]
