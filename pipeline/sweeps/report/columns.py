"""What a report draws, as columns that JSON can hold: parameters, figures, errors and curves."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.codes import DAY_NS
from pipeline.runner.figures import FIGURES

if TYPE_CHECKING:
    from pipeline.sweeps.ledger.ledger import LaneRow

#: The figures on offer beside the scores. The ledger has all of them.
OFFERED = (
    *("total_return", "annual_return", "volatility", "sharpe_ratio", "sortino_ratio"),
    *("calmar_ratio", "max_drawdown", "alpha", "beta", "round_trips", "win_rate"),
    *("profit_factor", "expectancy", "exposure", "turnover_per_year", "commission"),
    "final_equity",
)
FAILED_SHOWN = 100
LONGEST_ERROR = 2_000
_KEY_SHOWN = 12


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """The returns of a set, or of the benchmark, session by session.

    ``dates``: i8[n], ns UTC, ascending; ``returns``: f8[n], fractions; a session whose return is
    NaN is left out.
    """

    label: str
    dates: NDArray[np.int64]
    returns: NDArray[np.float64]


def report_columns(
    scores: Sequence[str],
    lanes: Sequence["LaneRow"],
    best: Sequence[EquityCurve],
    benchmark: EquityCurve | None,
) -> dict[str, Any]:
    """Return the columns, of the lanes that are done, in their order; unknown is None everywhere.

    ``dimensions`` are the parameters with more than one value, with ``strategy`` and ``universe``
    where these differ. A dimension of numbers has them as ``values``; any other one has its texts
    as ``levels`` and indices into them as ``values``. ``fixed`` has the parameters with one value.
    ``failed`` has at most `FAILED_SHOWN` lanes, with errors of at most `LONGEST_ERROR` characters.
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
        "keys": [lane.key[:_KEY_SHOWN] for lane in done],
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


def figure_label(name: str) -> str:
    """Return a figure's name as a heading has it: "sharpe_ratio" as "Sharpe ratio"."""
    return name.replace("_", " ").capitalize()


def script_json(value: Any) -> str:
    """Return `value` as JSON that may stand in a <script> element, whatever its texts hold.

    All but ASCII is escaped, and so are the characters that mean something to HTML: no text can
    end the element, begin a comment, or break a line where JavaScript sees a line's end.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    # These three can only stand inside of strings, where the escape means the same.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _parameters(lanes: Sequence["LaneRow"]) -> list[tuple[str, list[Any]]]:
    """Return every parameter with its values, strategy and universe first; None where it lacks.

    Pairs, because a strategy may well have a parameter of the name "universe".
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
        # A step of 0.1 gives 0.30000000000000004, which is nobody's parameter.
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
    """Say whether `value` is a number that JavaScript can tell from its neighbours."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and abs(value) < 2**53


def _place(level: str) -> tuple[float, str]:
    """Return where a text stands among others: numbers by size, all else after them."""
    try:
        value = float(level)
    except ValueError:
        value = math.nan
    return (math.inf if math.isnan(value) else value, level)


def _size(dimension: Mapping[str, Any]) -> int:
    """Return how many values it has, unknown apart."""
    return len({value for value in dimension["values"] if value is not None})


def _figures(
    scores: Iterable[str], statistics: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the columns of the scores, known or not, then of those `OFFERED` that are known."""
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
    """Return a float rounded to `digits` significant ones, an int as it is, all else as None."""
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
    """Return what 1 grew to by the close of each session, and the sessions in days since 1970."""
    known = ~np.isnan(curve.returns)
    growth = np.cumprod(1.0 + curve.returns[known])
    return {
        "label": curve.label,
        "benchmark": benchmark,
        "days": (curve.dates[known] // DAY_NS).tolist(),
        "growth": [_number(value, 7) for value in growth.tolist()],
    }
