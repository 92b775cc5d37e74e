"""What `ringtape top` shows of a run or a sweep: a screen of 80 x 24, or a line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.runner.progress_line import clock_text, short_number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from pipeline.watch.pace import Figures, Left, StageShare

_MIB = 2**20
_BAR = 20
#: The orders in which processes can be shown.
SORTINGS = ("role", "busy", "heartbeat", "memory")


def line(look: Mapping[str, Any], figures: Figures) -> str:
    """Return what is known as one line, for output that is piped."""
    parts = [f"{look['kind']} {look['run_id']}", look["session_name"], look["state"]]
    parts.append(_done(look))
    parts += _speed(figures)
    parts += [f"{one.stage} {one.busy:.0%} busy" for one in figures.stages]
    parts.append(_slots(look))
    if "lanes" in look.get("sweep", {}):
        parts += _lanes(look["sweep"])
    parts.append(look.get("sweep", {}).get("phase", ""))
    parts.append(f"{look['memory_bytes'] / _MIB:,.0f} MiB")
    if figures.left is not None:
        parts.append(f"ETA {left_text(figures.left)}")
    return ", ".join(part for part in parts if part)


def screen(look: Mapping[str, Any], figures: Figures, sorting: str, height: int) -> RenderableType:
    """Return the screen; ``height``: its rows. Fewer processes are shown where there is no room."""
    from rich.console import Group
    from rich.text import Text

    head = [_heading(look, figures), *_folder(look), _progress(look, figures), Text("")]
    middle = [_stages(figures.stages), Text(""), *_facts(look, figures), Text("")]
    errors = _errors(look)
    room = height - len(head) - len(figures.stages) - 1 - len(middle) - len(errors) - 3
    processes = _processes(look["processes"], figures.busy, sorting, max(1, room))
    foot = Text(f"q quit   s sort (now by {sorting})", style="dim")
    return Group(*head, *middle, processes, *errors, foot)


def _speed(figures: Figures) -> list[str]:
    """Return the rates that are known."""
    rates = (
        (figures.bars_per_second, "bars/s"),
        (figures.evaluations_per_second, "evaluations/s"),
    )
    return [f"{short_number(rate)} {unit}" for rate, unit in rates if rate is not None]


def left_text(left: Left) -> str:
    """Return the time left with its bounds, such as "0:42 (0:38 to 0:51)"."""
    most = "?" if math.isinf(left.most) else clock_text(left.most)
    return f"{clock_text(left.seconds)} ({clock_text(left.least)} to {most})"


def _heading(look: Mapping[str, Any], figures: Figures) -> Any:
    from rich.text import Text

    left = f"   ETA {left_text(figures.left)}" if figures.left is not None else ""
    text = Text(f"{look['kind']} {look['run_id']}   {look['session_name']}   ", no_wrap=True)
    text.append(look["state"], style="bold")
    return text.append(left)


def _folder(look: Mapping[str, Any]) -> list[Any]:
    from rich.text import Text

    if not look["run_dir"]:
        return []
    return [Text(str(look["run_dir"]), style="dim", no_wrap=True, overflow="ellipsis")]


def _progress(look: Mapping[str, Any], figures: Figures) -> Any:
    from rich.text import Text

    done = look["done"] or 0.0
    filled = round(40 * done)
    text = Text("\u2501" * filled, style="bold", no_wrap=True)
    text.append("\u2501" * (40 - filled), style="dim")
    return text.append(f"  {_done(look)}", style="not dim")


def _stages(stages: Sequence[StageShare]) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for name, justify in (("stage", "left"), ("processes", "right"), ("busy", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # rich's literals
    for name in ("", "starved", "blocked"):
        table.add_column(name, justify="right")
    for one in stages:
        filled = round(_BAR * one.busy)
        bar = "\u2588" * filled + "\u00b7" * (_BAR - filled)
        shares = (f"{share:.0%}" for share in (one.busy, one.starved, one.blocked))
        table.add_row(one.stage, str(one.processes), bar, *shares)
    return table


def _facts(look: Mapping[str, Any], figures: Figures) -> list[Any]:
    """Return the lines on speed, lanes and memory."""
    from rich.text import Text

    flow = look["counters"].get("engine", {})
    speed = _speed(figures)
    speed += [f"{flow.get('sessions', 0):,} sessions", f"{flow.get('fills', 0):,} fills"]
    lines = [("speed", ", ".join(speed)), ("ring", _slots(look))]
    said = look.get("sweep", {})
    if "phase" in said:
        lines.append(("phase", said["phase"]))
    if "lanes" in said:
        lines.append(("lanes", ", ".join(_lanes(said))))
        if said.get("best") is not None:
            lines.append(
                ("best", f"{said.get('score')} {said['best']:.4g}: {said.get('best_parameters')}")
            )
    lines.append(("memory", _memory(look)))
    return [Text(f"{label:<9}{text}", no_wrap=True, overflow="ellipsis") for label, text in lines]


def _memory(look: Mapping[str, Any]) -> str:
    text = f"{look['memory_bytes'] / _MIB:,.0f} MiB, shared {look['shared_bytes'] / _MIB:,.0f} MiB"
    budget = look.get("sweep", {}).get("memory_budget_bytes")
    return text if not budget else f"{text}, budget {budget / _MIB:,.0f} MiB"


def _lanes(said: Mapping[str, Any]) -> list[str]:
    total = said.get("lanes_total")
    of = "" if total is None else f" of {total:,}"
    parts = [f"{said.get('lanes', 0):,}{of} lanes done"]
    parts += [f"{said[name]:,} {name}" for name in ("failed", "pruned", "known") if said.get(name)]
    return [*parts, f"pass {said.get('passes', 0)}"]


def _slots(look: Mapping[str, Any]) -> str:
    slots = look["slots"]
    return f"{slots['in_use']} of {slots['all']} slots" if slots["all"] else ""


def _done(look: Mapping[str, Any]) -> str:
    return "" if look["done"] is None else f"{look['done']:.0%} done"


def _processes(
    processes: Sequence[Mapping[str, Any]], busy: Mapping[str, float], sorting: str, room: int
) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    table.add_column("process", no_wrap=True)
    for name in ("pid", "busy", "heartbeat", "peak MiB"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, overflow="ellipsis")
    ordered = _sorted(processes, busy, sorting)
    for one in ordered[:room]:
        age = one["heartbeat_age"]
        table.add_row(
            one["role"],
            str(one["pid"] or "-"),
            f"{busy[one['role']]:.0%}" if one["role"] in busy else "-",
            "-" if age is None else f"{age:.1f} s",
            f"{one['peak_rss_bytes'] / _MIB:,.0f}" if one["peak_rss_bytes"] else "-",
            one["error"] or one["stuck"] or "",
        )
    if len(ordered) > room:
        table.add_row(f"and {len(ordered) - room} more", "", "", "", "", "")
    return table


def _sorted(
    processes: Sequence[Mapping[str, Any]], busy: Mapping[str, float], sorting: str
) -> list[Mapping[str, Any]]:
    keys = {
        "busy": lambda one: -busy.get(one["role"], 0.0),
        "heartbeat": lambda one: -(one["heartbeat_age"] or 0.0),
        "memory": lambda one: -one["peak_rss_bytes"],
    }
    return sorted(processes, key=keys[sorting]) if sorting in keys else list(processes)


def _errors(look: Mapping[str, Any]) -> list[Any]:
    from rich.text import Text

    errors = look.get("sweep", {}).get("errors", [])[-2:]
    return [
        Text(error.replace("\n", " "), style="red", no_wrap=True, overflow="ellipsis")
        for error in errors
    ]
