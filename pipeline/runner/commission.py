"""Settings of commission and quality, as terms of a lane and as entries of a summary."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.execution.costs import ExecutionConfig
from pipeline.config.session import SessionConfig
from pipeline.strategy.repeatable import check_function
from pipeline.strategy.source import load_function, pack


def commission_terms(costs: ExecutionConfig) -> dict[str, Any]:
    """Return the fields of `lane.spec.Terms` that describe the commission.

    StrategyError if the configuration names a function of the user's that does not exist, or that
    is not repeatable.
    """
    least, most = costs.commission_minimum, costs.commission_maximum
    own = None if costs.commission is None else load_function(costs.commission)
    if own is not None:
        check_function(own, "a commission")
    return {
        "per_share": costs.commission_per_share,
        "basis_points": costs.commission_bps,
        "per_order": costs.commission_per_order,
        "minimum": -math.inf if least is None else least,
        "maximum": math.inf if most is None else most,
        "maker_points": costs.commission_maker_bps,
        "tiers": tuple(
            (
                tier.above,
                tier.per_share,
                tier.bps,
                tier.bps if tier.maker_bps is None else tier.maker_bps,
            )
            for tier in costs.commission_tiers
        ),
        "tiers_by_units": costs.commission_tiers_by == "units",
        "own_commission": b"" if own is None else pack(own, [str(costs.commission)]),
    }


def poor_below(settings: SessionConfig) -> float:
    """Return the quality below which a session is poor; 0.0, so that none is, without grading."""
    return settings.execution.poor_quality_below if _is_graded(settings) else 0.0


def _is_graded(settings: SessionConfig) -> bool:
    return settings.session_data_config.historical.enable_quality


def poor_fills(settings: SessionConfig, count: int) -> int | None:
    """Return the count of fills in poor sessions, None if sessions are not graded."""
    return count if _is_graded(settings) else None


def quality_of_fills(
    settings: SessionConfig, lanes: Sequence[Mapping[str, Any]]
) -> dict[str, float | None]:
    """Return the count of all lanes' fills in poor sessions, and their share of all fills.

    ``lanes`` are those of the summary. Both are None if sessions are not graded; the share is None
    if there are no fills.
    """
    if not _is_graded(settings):
        return {"fills_on_poor_quality": None, "share_of_fills_on_poor_quality": None}
    poor = sum(lane["fills_on_poor_quality"] for lane in lanes)
    fills = sum(lane["fills"] for lane in lanes)
    share = poor / fills if fills else None
    return {"fills_on_poor_quality": poor, "share_of_fills_on_poor_quality": share}
