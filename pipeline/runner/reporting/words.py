"""The words of the page: what the run was, and what a reader of its figures has to know first."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.config.session import SessionConfig
from pipeline.results.report.figures import count, first_of, many
from pipeline.results.report.lane import strategy


def subtitle(summary: Mapping[str, Any], lane: int) -> str:
    """Return what the run was, in a line: strategy, symbols, bars and period."""
    symbols: Sequence[str] = summary.get("symbols") or []
    lanes = summary["lanes"]
    which = f" (lane {lane} of {len(lanes)})" if len(lanes) > 1 else ""
    return (
        f"{strategy(lanes[lane])}{which}; {first_of(symbols)}; "
        f"bars of {', '.join(summary['streams'])}; {many(summary['sessions'], 'session')}, "
        f"{summary['first_session']} to {summary['last_session']}"
    )


def command_of(settings: SessionConfig, folder: Path) -> str:
    """Return what repeats a run: a command or, if a strategy lies in no file, a line of Python."""
    config = folder / "config.json"
    modules = [setting.name.partition(":")[0] for setting in settings.strategies]
    if any(name == "__main__" or name.startswith("ipykernel") for name in modules):
        classes = [setting.name.partition(":")[2] for setting in settings.strategies]
        given = classes[0] if len(classes) == 1 else f"[{', '.join(classes)}]"
        return f'run("{config.as_posix()}", strategy={given})'
    return f"ringtape run {shlex.quote(config.as_posix())}"


def notes_first(summary: Mapping[str, Any], lane: int) -> Iterator[str]:
    """Give what a reader has to know first: the run's own notes, and what orders met with."""
    own = summary["lanes"][lane]
    if summary.get("partial"):
        yield f"The run is partial: {summary.get('reason') or 'it did not finish'}."
    inferred: Mapping[str, str] = summary.get("inferred") or {}
    if inferred:
        told = "; ".join(f"{name}: {text}" for name, text in inferred.items())
        yield f"Inferred from the data: {told}."
    yield from summary.get("notes") or ()
    if own.get("orders_rejected"):
        reasons = ", ".join(f"{why} {count(n)}" for why, n in (own.get("rejections") or {}).items())
        yield f"{many(own['orders_rejected'], 'order')} rejected: {reasons or 'see the orders'}."
    for name, thing, end in _COUNTED:
        if own.get(name):
            yield f"{many(own[name], thing)} {end}."
    if own.get("ambiguous_bars"):
        how = (summary.get("assumptions") or {}).get("both_touched", "")
        yield (
            f"{many(own['ambiguous_bars'], 'bar')} touched a stop and a target. Which came first is"
            f" not known, and the {how} one was taken."
        )
    at_rest = own.get("at_rest") or {}
    if at_rest:
        found = first_of([f"{symbol} {number}" for symbol, number in at_rest.items()])
        yield f"Orders still at rest at the end: {found}."


#: What is counted: its figure, one of it, and what happened to it.
_COUNTED = (
    ("changes_rejected", "change", "of orders rejected"),
    ("orders_cut_by_volume_cap", "order", "cut by the cap on volume"),
    ("fills_without_volume", "fill", "at bars without volume"),
    ("fills_on_poor_quality", "fill", "in sessions of poor quality"),
    ("liquidations", "liquidation", "for lack of margin"),
)
