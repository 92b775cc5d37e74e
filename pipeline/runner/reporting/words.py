"""The words of the page: what the run was, and what a reader of its figures has to know first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

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


def notes_first(summary: Mapping[str, Any], lane: int) -> Iterator[str]:
    """Give what a reader has to know first: the run's own notes, and what orders met with."""
    own = summary["lanes"][lane]
    if summary.get("partial"):
        yield f"The run is partial: {summary.get('reason') or 'it did not finish'}."
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
