"""Ranks the lanes of a sweep by a score, and writes parameter sets as text."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.sweeps.ledger.ledger import LaneRow


def figure(row: LaneRow, score: str) -> float | None:
    """Return the figure of a lane that a score names, None if it is not defined.

    A minus before the name does not change the figure.
    """
    value = row.statistics.get(score.removeprefix("-"))
    if value is None or math.isnan(value):
        return None
    return float(value)


def scores_of(row: LaneRow, scores: Iterable[str]) -> tuple[float, ...] | None:
    """Return the figures of all scores, NaN where one is not defined; None unless it is done."""
    if row.state != "done":
        return None
    found = (figure(row, score) for score in scores)
    return tuple(math.nan if value is None else value for value in found)


def merit(row: LaneRow, score: str) -> float:
    """Return how good a lane is by a score: higher is better, -inf where it is not defined."""
    value = figure(row, score) if row.state == "done" else None
    if value is None:
        return -math.inf
    return -value if score.startswith("-") else value


def best_rows(rows: Iterable[LaneRow], score: str, count: int) -> list[LaneRow]:
    """Return the best lanes by a score, the best first; equal ones keep their order."""
    defined = [row for row in rows if merit(row, score) > -math.inf]
    return sorted(defined, key=lambda row: -merit(row, score))[:count]


def set_said(parameters: Mapping[str, Any]) -> str:
    """Return parameters as text, such as ``fast 20, slow 40``; floats have six digits."""
    short = {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in parameters.items()}
    return ", ".join(f"{name} {value}" for name, value in short.items())
