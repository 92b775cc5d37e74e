"""From the settings of commission and quality to a lane's terms, and to what a summary says."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.execution.costs import ExecutionConfig
from pipeline.config.session import SessionConfig
from pipeline.dependencies.code import code_hash
from pipeline.strategy.source import load_function, pack


def commission_terms(costs: ExecutionConfig) -> dict[str, Any]:
    """Return those fields of `lane.spec.Terms` that say what commission is.

    StrategyError if a function of the user's own is not there.
    """
    least, most = costs.commission_minimum, costs.commission_maximum
    own = costs.commission
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
        "own_commission": b"" if own is None else pack(load_function(own), [own]),
    }


def poor_below(settings: SessionConfig) -> float:
    """Return the quality below which a session is poor; 0, none is, where nothing is graded."""
    return settings.execution.poor_quality_below if _is_graded(settings) else 0.0


def _is_graded(settings: SessionConfig) -> bool:
    return settings.session_data_config.historical.enable_quality


def commission_code(costs: ExecutionConfig) -> str | None:
    """Return a hash of what a function of the user's own does; None without one."""
    return None if costs.commission is None else code_hash(load_function(costs.commission))


def poor_fills(settings: SessionConfig, count: int) -> int | None:
    """Return a count of fills in poor sessions, None where nothing is graded."""
    return count if _is_graded(settings) else None


def quality_of_fills(
    settings: SessionConfig, lanes: Sequence[Mapping[str, Any]]
) -> dict[str, float | None]:
    """Return how many fills of all lanes lie in poor sessions; None where nothing is graded.

    ``lanes`` are those of the summary. The share is of all fills, None without any.
    """
    if not _is_graded(settings):
        return {"fills_on_poor_quality": None, "share_of_fills_on_poor_quality": None}
    poor = sum(lane["fills_on_poor_quality"] for lane in lanes)
    fills = sum(lane["fills"] for lane in lanes)
    share = poor / fills if fills else None
    return {"fills_on_poor_quality": poor, "share_of_fills_on_poor_quality": share}
