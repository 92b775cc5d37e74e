"""Lays out lanes as a table, for `ringtape sweep` and `ringtape ledger`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.cli.output import format_table
from pipeline.results.report.figures import known, money, percent, six_digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.sweeps.ledger.ledger import LaneRow

#: Figures that are shown beside the scores.
FIGURES = ("total_return", "sharpe_ratio", "max_drawdown", "round_trips", "open_profit")

_PARAMETERS = "parameters."


def columns_of(lanes: Sequence[LaneRow], figures: Iterable[str]) -> list[str]:
    """Return the names of the columns that a table of these lanes has.

    Strategy, universe and error are among them only if they differ or are not empty. ``figures``
    come before `FIGURES`; a minus before a name is left out.
    """
    strategies = {lane.strategy for lane in lanes}
    parameters = dict.fromkeys(name for lane in lanes for name in lane.parameters)
    named = [name.removeprefix("-") for name in (*figures, *FIGURES)]
    names = [
        *(["strategy"] if len(strategies) > 1 else []),
        *(["universe"] if any(lane.universe for lane in lanes) else []),
        *(_PARAMETERS + name for name in parameters),
        *(name for name in named if name not in parameters),
        *(["error"] if any(lane.error for lane in lanes) else []),
    ]
    return list(dict.fromkeys(names))


def lanes_text(
    lanes: Sequence[LaneRow], columns: Sequence[str], sweeps: Sequence[str] | None = None
) -> str:
    """Return a table with a row for each lane; a parameter's heading is its name alone.

    Figures read as in the text of a run: fractions in per cent, money with two decimals. ``sweeps``
    names the sweep of each lane, in a first column.
    """
    header = [name.removeprefix(_PARAMETERS) for name in columns]
    values = [[lane_value(lane, name) for name in columns] for lane in lanes]
    text = [
        name
        for place, name in enumerate(header)
        if any(isinstance(row[place], str) for row in values)
    ]
    cells = [
        [_shown(lane, name, value) for name, value in zip(columns, row, strict=True)]
        for lane, row in zip(lanes, values, strict=True)
    ]
    right = [name for name in header if name not in text]
    if sweeps is not None:
        header = ["sweep", *header]
        cells = [[named, *row] for named, row in zip(sweeps, cells, strict=True)]
    return format_table(header, cells, right=right)


def lane_value(lane: LaneRow, name: str) -> Any:
    """Return the value of a lane that a name means in the ledger's filters; None without one."""
    from pipeline.sweeps.ledger.filter import COLUMNS

    if name in COLUMNS:
        return getattr(lane, name)
    if name.startswith(_PARAMETERS):
        return lane.parameters.get(name.removeprefix(_PARAMETERS))
    value: Any = lane.statistics
    for part in name.removeprefix("statistics.").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return lane.parameters.get(name) if value is None else value


def _shown(lane: LaneRow, name: str, value: Any) -> str:
    """Return a value of a lane as text; a parameter with the name of a figure is no figure."""
    figure = name.removeprefix("statistics.")
    return figure_text(figure, value) if figure in lane.statistics else cell(value)


def figure_text(name: str, value: Any) -> str:
    """Return a figure as text: in per cent or as money if it is of that kind, else as `cell`."""
    from pipeline.runner.figures import FIGURES

    kind = FIGURES.get(name)
    if kind == "percent" and known(value):
        return percent(value)
    return money(value) if kind == "money" and known(value) else cell(value)


def cell(value: Any) -> str:
    """Return a value as one line of text for a table; floats have six digits."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return six_digits(value)
    if isinstance(value, dict | list):
        return json.dumps(value)
    return "; ".join(line.strip() for line in str(value).splitlines() if line.strip())
