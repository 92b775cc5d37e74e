"""The block about a run of many lanes: a table of the best ones, and their strategies."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.results.report.figures import count, known, number, percent, ratio, signed_percent
from pipeline.results.report.lane import strategy
from pipeline.results.report.lines import WIDTH, line
from pipeline.results.statistics import shows_ruin

LANES_SHOWN = 10
_HEADER = ("lane", "return", "drawdown", "Sharpe", "trips", "won", "open", "costs", "final equity")


def ranking(lanes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of the block: at most `LANES_SHOWN` lanes, the best total return first.

    Ruined accounts come after all others.
    """
    shown = sorted(lanes, key=_rank)[:LANES_SHOWN]
    title = f"{len(lanes):,} lanes, best return first"
    if len(shown) < len(lanes):
        title += f" ({len(shown)} shown; all of them in summary.json)"
    names = [text for lane in shown for text in line(f"lane {_number(lane)}", strategy(lane))]
    return [title, "", *_table([_HEADER, *map(_cells, shown)]), "", *names]


def _rank(lane: Mapping[str, Any]) -> tuple[bool, float, float]:
    """Return the sorting key: ruined accounts last, the best return first, equal ones by lane."""
    value, ruined = lane.get("total_return"), shows_ruin(lane.get("max_drawdown"))
    return (ruined, -value if known(value) else math.inf, lane.get("lane", 0))


def _number(lane: Mapping[str, Any]) -> str:
    return count(lane.get("lane"))


def _cells(lane: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        _number(lane),
        signed_percent(lane.get("total_return")),
        percent(lane.get("max_drawdown")),
        ratio(lane, "sharpe_ratio"),
        count(lane.get("round_trips")),
        percent(lane.get("win_rate"), 0),
        number(lane.get("open_profit"), "+,.0f"),
        number(lane.get("commission"), ",.0f"),
        number(lane.get("final_equity"), ",.0f"),
    )


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the rows with their columns aligned at the right, cut where the page ends."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return [text if len(text) <= WIDTH else text[: WIDTH - 1] + "…" for text in lines]
