"""The Pareto front of several scores: the sets that no other one beats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.sweeps.ledger.ledger import LaneRow
from pipeline.sweeps.ranking import scores_of


def pareto_front(rows: Sequence[LaneRow], scores: Sequence[str], fewest: int) -> list[LaneRow]:
    """Return the lanes on the front, those best by the first score first.

    A lane is on it if none is at least as good by all scores and better by one. Only lanes that
    have a rank (`pipeline.sweeps.ranking.is_ranked`), all scores, and were not ruined count.
    """
    judged = [(row, found) for row in rows if (found := scores_of(row, scores, fewest)) is not None]
    signs = np.array([-1.0 if score.startswith("-") else 1.0 for score in scores])
    values = np.array([found for _, found in judged]).reshape(len(judged), len(scores)) * signs
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    chosen = known[front_of(values[known])]
    best_first = chosen[np.argsort(-values[chosen, 0], kind="stable")]
    return [judged[at][0] for at in best_first]


def front_of(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return which rows of float64[n, k], n sets of k scores, none beats; more is better.

    Rows on the front are looked at one by one, the best sums first, and what each beats is dropped;
    so the time grows with n times the size of the front.
    """
    # A sum of ranks is not led by the score of the largest unit.
    ranks = sum(np.unique(column, return_inverse=True)[1] for column in values.T)
    left = np.argsort(-np.asarray(ranks), kind="stable") if len(values) else np.empty(0, np.int64)
    found: list[int] = []
    while len(left):
        first, rest = values[left[0]], values[left[1:]]
        found.append(int(left[0]))
        beaten = (rest <= first).all(axis=1) & (rest < first).any(axis=1)
        left = left[1:][~beaten]
    return np.array(sorted(found), np.int64)
