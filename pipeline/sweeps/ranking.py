"""Ranks the lanes of a sweep by a score, and writes parameter sets as text."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.results.report.figures import six_digits
from pipeline.results.statistics import shows_ruin
from pipeline.sweeps.ledger.ledger import LaneRow


def figure(row: LaneRow, score: str) -> float | None:
    """Return the figure of a lane that a score names, None if it is not defined.

    A minus before the name does not change the figure.
    """
    value = row.statistics.get(score.removeprefix("-"))
    if value is None or math.isnan(value):
        return None
    return float(value)


def is_ruined(row: LaneRow) -> bool:
    """Whether the equity of a lane was zero or below: the account of a broker had ended there."""
    return shows_ruin(row.statistics.get("max_drawdown"))


def has_trips(row: LaneRow, fewest: int) -> bool:
    """Whether a lane ended so many round trips."""
    return (row.statistics.get("round_trips") or 0) >= fewest


def is_ranked(row: LaneRow, fewest: int) -> bool:
    """Whether a lane is done and made at least ``fewest`` round trips."""
    return row.state == "done" and has_trips(row, fewest)


def scores_of(row: LaneRow, scores: Iterable[str], fewest: int) -> tuple[float, ...] | None:
    """Return the figures of all scores, NaN where one is not defined.

    It is None unless the lane has a rank (`is_ranked`), and where it was ruined.
    """
    if is_ruined(row) or not is_ranked(row, fewest):
        return None
    found = (figure(row, score) for score in scores)
    return tuple(math.nan if value is None else value for value in found)


def merit(row: LaneRow, score: str, fewest: int) -> float:
    """Return how good a lane is by a score: higher is better.

    It is -inf where the lane has no rank, and where it was ruined.
    """
    value = figure(row, score) if is_ranked(row, fewest) and not is_ruined(row) else None
    return -math.inf if value is None else _signed(value, score)


def _signed(value: float, score: str) -> float:
    return -value if score.startswith("-") else value


def best_rows(rows: Iterable[LaneRow], score: str, fewest: int, count: int) -> list[LaneRow]:
    """Return the best lanes by a score, the best first; equal ones keep their order.

    Lanes that were ruined come behind all others.
    """
    found = [
        (is_ruined(row), -_signed(value, score), row)
        for row in rows
        if is_ranked(row, fewest) and (value := figure(row, score)) is not None
    ]
    return [row for _, _, row in sorted(found, key=lambda one: one[:2])[:count]]


def set_said(parameters: Mapping[str, Any]) -> str:
    """Return parameters as text, such as ``fast 20, slow 40``; floats have six digits."""
    short = {k: six_digits(v) if isinstance(v, float) else v for k, v in parameters.items()}
    return ", ".join(f"{name} {value}" for name, value in short.items())
