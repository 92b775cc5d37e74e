"""The figures of a lane: the single numbers in its part of summary.json.

Sweeps judge their sets by figures, and reports and tables show them. A figure that is a sum of the
account is described with its field (`execution.fields`), and is not listed here.
"""

from collections.abc import Mapping
from typing import Final, Literal

from pipeline.execution import fields

#: How a figure reads: "percent" is a fraction shown as 25 %, "money" is in account currency.
Kind = Literal["percent", "ratio", "count", "money"]

#: Figures that follow from the equity at the sessions' closes, also while a lane still runs.
OF_EQUITY: Final[Mapping[str, Kind]] = {
    "total_return": "percent",
    "annual_return": "percent",
    "volatility": "percent",
    "sharpe_ratio": "ratio",
    "sortino_ratio": "ratio",
    "calmar_ratio": "ratio",
    "omega_ratio": "ratio",
    "best_session": "percent",
    "worst_session": "percent",
    "value_at_risk": "percent",
    "expected_shortfall": "percent",
    "max_drawdown": "percent",
}

#: Figures that compare a lane with the run's benchmark.
OF_BENCHMARK: Final[Mapping[str, Kind]] = {
    "alpha": "percent",
    "beta": "ratio",
    "correlation": "ratio",
    "tracking_error": "percent",
    "information_ratio": "ratio",
}

#: Figures that the account has counted or summed.
OF_ACCOUNT: Final[Mapping[str, Kind]] = {
    field.figure: "count" if field.kind == "i8" else "ratio" if field.ratio else "money"
    for field in fields.FIGURE_FIELDS
}

#: Figures that are computed from several of these.
_MADE: Final[Mapping[str, Kind]] = {
    "warmup_sessions": "count",
    "orders": "count",
    "commission_as_taker": "money",
    "turnover_per_year": "ratio",
    "longest_drawdown": "count",
    "open_positions": "count",
    "open_value": "money",
    "open_profit": "money",
    "win_rate": "percent",
    "profit_factor": "ratio",
    "expectancy": "money",
    "payoff_ratio": "ratio",
    "system_quality": "ratio",
    "exposure": "percent",
}

#: Figures that are extrapolated to a year, and so are null in a run that is too short for it
#: (`results.year.Year.is_long_enough`).
EXTRAPOLATED: Final = ("annual_return", "calmar_ratio", "turnover_per_year", "alpha")

#: All figures, and how each reads.
FIGURES: Final[Mapping[str, Kind]] = {**OF_EQUITY, **OF_BENCHMARK, **OF_ACCOUNT, **_MADE}

#: Figures of which less is better: risks, costs, and what went wrong.
LESS_IS_BETTER: Final = frozenset(
    {
        *("volatility", "max_drawdown", "longest_drawdown", "tracking_error", "highest_leverage"),
        *("commission", "commission_as_maker", "commission_as_taker", "slippage", "borrow_fees"),
        *("funding", "gross_loss", "turnover", "turnover_per_year", "warmup_sessions"),
        *("orders_rejected", "orders_rejected_beside_sales", "changes_rejected", "liquidations"),
        *("orders_cut_by_volume_cap", "fills_with_slippage", "fills_without_volume"),
        *("fills_on_poor_quality", "ambiguous_bars", "far_targets", "crossed_brackets"),
        *("orders_below_zero", "narrow_trailing_stops", "trailing_stops_that_opened"),
        *("exits_that_opened", "sessions_with_late_exits"),
    }
)

#: Figures of which more is better. Of those in neither set it depends on what is looked for.
MORE_IS_BETTER: Final = frozenset(
    {
        *("total_return", "annual_return", "sharpe_ratio", "sortino_ratio", "calmar_ratio"),
        *("omega_ratio", "best_session", "worst_session", "value_at_risk", "expected_shortfall"),
        *("alpha", "information_ratio", "win_rate", "profit_factor", "expectancy"),
        *("payoff_ratio", "system_quality", "gross_profit", "open_profit", "final_equity"),
        *("lowest_cash", "dividends", "interest"),
    }
)
