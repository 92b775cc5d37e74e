"""Turns the lanes of a sweep into the columns that its report draws, in terms of JSON."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codes import DAY_NS
from pipeline.runner.figures import FIGURES
from pipeline.sweeps.front import pareto_front
from pipeline.sweeps.pruned import Pruned
from pipeline.sweeps.ranking import is_ranked

if TYPE_CHECKING:
    from pipeline.sweeps.ledger.ledger import LaneRow

#: The figures that the report offers beside the scores. The ledger has all others, too.
OFFERED = (
    *("total_return", "annual_return", "volatility", "sharpe_ratio", "sortino_ratio"),
    *("calmar_ratio", "max_drawdown", "alpha", "beta", "round_trips", "win_rate"),
    *(
        "profit_factor",
        "open_positions",
        "open_profit",
        "expectancy",
        "exposure",
        "turnover_per_year",
        "commission",
    ),
    "final_equity",
)
FAILED_SHOWN = 100
LONGEST_ERROR = 2_000
_KEY_SHOWN = 12


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """The equity of a set, or what the benchmark grew to, session by session."""

    label: str
    #: Dates of the sessions, int64[n], ns UTC, ascending.
    dates: NDArray[np.int64]
    #: Growth of 1 by the close of each session, float64[n]: negative where equity is. A session
    #: whose growth is NaN is not drawn.
    growth: NDArray[np.float64]


def report_columns(
    scores: Sequence[str],
    min_round_trips: int,
    lanes: Sequence["LaneRow"],
    best: Sequence[EquityCurve],
    benchmark: EquityCurve | None,
    pruned: Pruned | None = None,
    pages: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the columns of the lanes that are done, in the lanes' order; None is unknown.

    ``dimensions`` are the parameters with more than one value, and ``strategy`` and ``universe``
    where these differ. A dimension of numbers has the numbers as ``values``. Any other dimension
    has its texts as ``levels``, and indices into these as ``values``. ``fixed`` are the parameters
    with one value. ``ranked`` says which lanes ended ``min_round_trips``. ``failed`` has at most
    `FAILED_SHOWN` lanes, with errors of at most `LONGEST_ERROR` characters. ``front`` are the lanes
    on the Pareto front, if there are several scores, by their places. ``pages`` are the addresses
    of the pages of lanes, as they are given by their keys.
    """
    done = [lane for lane in lanes if lane.state == "done"]
    failed = [lane for lane in lanes if lane.state == "failed"]
    columns = _parameters(done)
    dimensions = [_dimension(name, values) for name, values in columns]
    fewest = {name.lstrip("-"): name.startswith("-") for name in scores}
    return {
        "scores": [
            {"figure": number, "minimise": minimise}
            for number, minimise in enumerate(fewest.values())
        ],
        "dimensions": [one for one in dimensions if _size(one) > 1],
        "fixed": [
            (name, next(_text(value) for value in values if value is not None))
            for (name, values), one in zip(columns, dimensions, strict=True)
            if _size(one) == 1
        ],
        "figures": _figures(fewest, [lane.statistics for lane in done]),
        "ranked": [is_ranked(lane, min_round_trips) for lane in done],
        "keys": [lane.key[:_KEY_SHOWN] for lane in done],
        "front": _front(scores, min_round_trips, done),
        "pages": [(pages or {}).get(lane.key) for lane in done],
        "pruned": _pruned(pruned or Pruned((), ())),
        "failed": {
            "lanes": len(failed),
            "rows": [
                [_set(lane), lane.error[:LONGEST_ERROR], lane.key[:_KEY_SHOWN]]
                for lane in failed[:FAILED_SHOWN]
            ],
        },
        "curves": [
            *(_growth(curve, benchmark=False) for curve in best),
            *([] if benchmark is None else [_growth(benchmark, benchmark=True)]),
        ],
    }


def _front(scores: Sequence[str], fewest: int, done: Sequence["LaneRow"]) -> list[int]:
    if len({score.lstrip("-") for score in scores}) < 2:
        return []
    place = {lane.key: at for at, lane in enumerate(done)}
    return [place[lane.key] for lane in pareto_front(done, scores, fewest)]


def _pruned(pruned: Pruned) -> dict[str, Any]:
    """Return the sets that were ended early; a rung's day is that of the curves that end there."""
    days = {one.sessions: int(one.dates[-1] // DAY_NS) for one in pruned.curves if len(one.dates)}
    return {
        "lanes": sum(rung.ended for rung in pruned.rungs),
        "rungs": [
            {"sessions": one.sessions, "ended": one.ended, "day": days.get(one.sessions)}
            for one in pruned.rungs
        ],
        "curves": [
            _growth(EquityCurve(one.label, one.dates, one.growth), benchmark=False)
            for one in pruned.curves
        ],
    }


def figure_label(name: str) -> str:
    """Return the name of a figure as a heading, such as "Sharpe ratio" for "sharpe_ratio"."""
    return name.replace("_", " ").capitalize()


def _parameters(lanes: Sequence["LaneRow"]) -> list[tuple[str, list[Any]]]:
    """Return every parameter with its values; None where a lane lacks the parameter.

    Strategy and universe come first. The result is a list of pairs and not a dictionary, because a
    strategy may have a parameter named "universe".
    """
    strategies = {lane.strategy for lane in lanes}
    # "module:Class" by its class, unless two modules have one of that name.
    short = {name: name.rpartition(":")[2] for name in strategies}
    if len(set(short.values())) < len(strategies):
        short = {name: name for name in strategies}
    names = dict.fromkeys(name for lane in lanes for name in lane.parameters)
    return [
        ("strategy", [short[lane.strategy] for lane in lanes]),
        ("universe", [lane.universe or None for lane in lanes]),
        *((name, [lane.parameters.get(name) for lane in lanes]) for name in names),
    ]


def _dimension(name: str, values: Sequence[Any]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    if all(_is_drawable(value) for value in known):
        # A step of 0.1 gives 0.30000000000000004 where the user means 0.3.
        return {
            "name": name,
            "kind": "number",
            "values": [None if value is None else _number(value, 12) for value in values],
        }
    levels = sorted({_text(value) for value in known}, key=_place)
    index = {level: number for number, level in enumerate(levels)}
    codes = [None if value is None else index[_text(value)] for value in values]
    return {"name": name, "kind": "text", "levels": levels, "values": codes}


def _is_drawable(value: Any) -> bool:
    """Whether `value` is a number that JavaScript can tell from its neighbours."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and abs(value) < 2**53


def _place(level: str) -> tuple[float, str]:
    """Return a sort key that puts texts of numbers first, by size, and all other texts after."""
    try:
        value = float(level)
    except ValueError:
        value = math.nan
    return (math.inf if math.isnan(value) else value, level)


def _size(dimension: Mapping[str, Any]) -> int:
    """Return how many different known values a dimension has."""
    return len({value for value in dimension["values"] if value is not None})


def _figures(
    scores: Iterable[str], statistics: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the columns of all scores, then those of the `OFFERED` figures that any lane has."""
    wanted = list(scores)
    found = []
    for name in dict.fromkeys([*wanted, *OFFERED]):
        values = [_number(one.get(name), 7) for one in statistics]
        if name in wanted or any(value is not None for value in values):
            kind = FIGURES.get(name, "number")
            found.append(
                {"name": name, "label": figure_label(name), "kind": kind, "values": values}
            )
    return found


def _number(value: Any, digits: int) -> int | float | None:
    """Return a float rounded to so many significant digits, an int unchanged, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if isinstance(value, int):
        return value
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, ".12g") if isinstance(value, float) else str(value)


def _set(lane: "LaneRow") -> str:
    given = ", ".join(f"{name}={_text(value)}" for name, value in lane.parameters.items())
    return f"{lane.strategy}({given})" + (f" on {lane.universe}" if lane.universe else "")


def _growth(curve: EquityCurve, *, benchmark: bool) -> dict[str, Any]:
    """Return a curve in terms of JSON, with its sessions as days since 1970."""
    known = ~np.isnan(curve.growth)
    return {
        "label": curve.label,
        "benchmark": benchmark,
        "days": (curve.dates[known] // DAY_NS).tolist(),
        "growth": [_number(value, 7) for value in curve.growth[known].tolist()],
    }
