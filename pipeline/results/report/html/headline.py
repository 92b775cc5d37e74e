"""The figures at the top of the page, and the tables of all figures, as the summary has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.results.report.figures import (
    count,
    duration,
    money,
    number,
    percent,
    signed_percent,
)
from pipeline.results.report.html import markup
from pipeline.results.report.html.content import Content

Shown = Callable[[Any], str]


def _ratio(value: Any) -> str:
    return number(value, ".2f")


def _signed_money(value: Any) -> str:
    return number(value, "+,.2f")


#: Groups of the figures of a lane: each with its label, and how it is written.
GROUPS: Mapping[str, Mapping[str, tuple[str, Shown]]] = {
    "Returns": {
        "final_equity": ("Final equity", money),
        "final_cash": ("Final cash", money),
        "total_return": ("Total return", signed_percent),
        "annual_return": ("Annual return", signed_percent),
        "best_session": ("Best session", signed_percent),
        "worst_session": ("Worst session", signed_percent),
        "alpha": ("Alpha, a year", signed_percent),
        "beta": ("Beta", _ratio),
        "correlation": ("Correlation", _ratio),
        "tracking_error": ("Tracking error", percent),
        "information_ratio": ("Information ratio", _ratio),
    },
    "Risk": {
        "volatility": ("Volatility, a year", percent),
        "sharpe_ratio": ("Sharpe ratio", _ratio),
        "sortino_ratio": ("Sortino ratio", _ratio),
        "calmar_ratio": ("Calmar ratio", _ratio),
        "omega_ratio": ("Omega ratio", _ratio),
        "max_drawdown": ("Maximum drawdown", percent),
        "longest_drawdown": ("Longest drawdown, sessions", count),
        "value_at_risk": ("Value at risk, 5 %", signed_percent),
        "expected_shortfall": ("Expected shortfall, 5 %", signed_percent),
        "exposure": ("Time with a position", percent),
        "highest_leverage": ("Highest leverage", _ratio),
        "lowest_cash": ("Lowest cash", money),
        "liquidations": ("Liquidations", count),
    },
    "Round trips": {
        "round_trips": ("Ended", count),
        "win_rate": ("Won", percent),
        "profit_factor": ("Profit factor", _ratio),
        "payoff_ratio": ("Payoff ratio", _ratio),
        "expectancy": ("Mean profit", _signed_money),
        "system_quality": ("System quality", _ratio),
        "gross_profit": ("Gross profit", money),
        "gross_loss": ("Gross loss", money),
        "trips.best": ("Best", _signed_money),
        "trips.worst": ("Worst", _signed_money),
        "trips.mean_seconds": ("Mean duration", duration),
        "trips.longest_seconds": ("Longest duration", duration),
        "open_positions": ("Still open", count),
        "open_value": ("Worth", money),
        "open_profit": ("Their profit", _signed_money),
    },
    "Orders and costs": {
        "orders": ("Orders", count),
        "fills": ("Fills", count),
        "orders_rejected": ("Orders rejected", count),
        "changes_rejected": ("Changes rejected", count),
        "orders_cut_by_volume_cap": ("Orders cut by volume", count),
        "fills_without_volume": ("Fills without volume", count),
        "ambiguous_bars": ("Bars that touched stop and target", count),
        "turnover": ("Turnover", money),
        "turnover_per_year": ("Turnovers a year", _ratio),
        "commission": ("Commission", money),
        "slippage": ("Slippage", money),
        "borrow_fees": ("Borrow fees", money),
        "interest": ("Interest", _signed_money),
        "funding": ("Funding", _signed_money),
        "dividends": ("Dividends", _signed_money),
    },
}

_HEADLINE = {
    "total_return": "Total return",
    "annual_return": "Annual return",
    "sharpe_ratio": "Sharpe ratio",
    "max_drawdown": "Maximum drawdown",
    "volatility": "Volatility, a year",
    "final_equity": "Final equity",
    "round_trips": "Round trips",
    "win_rate": "Won",
    "profit_factor": "Profit factor",
    "exposure": "Time with a position",
}
_KNOWN = {name: one for group in GROUPS.values() for name, one in group.items()}


def headline(content: Content) -> str:
    """Return the figures that a reader looks for first, as the content of a list."""
    found = [(label, _figure(content, name)) for name, label in _HEADLINE.items()]
    summary = content.summary
    if summary.get("buy_and_hold") is not None:
        value = summary["buy_and_hold"]
        found.append(("Buy and hold", markup.number("buy_and_hold", value, signed_percent(value))))
    if summary.get("benchmark"):
        value = summary["benchmark"].get("total_return")
        label = f"Benchmark {summary['benchmark'].get('symbol')}"
        found.append((label, markup.number("benchmark.total_return", value, signed_percent(value))))
    return markup.terms(found)


def all_figures(content: Content) -> str:
    """Return the tables of all figures."""
    lane = _lane(content)
    parts = []
    for title, group in GROUPS.items():
        there = [name for name in group if _value(lane, name) is not _MISSING]
        pairs = [(group[name][0], _figure(content, name)) for name in there]
        parts.append(f"<div><h3>{markup.text(title)}</h3><dl>{markup.terms(pairs)}</dl></div>")
    return (
        "<details open><summary>All figures</summary>"
        f'<div class="groups">{"".join(parts)}</div></details>'
    )


_MISSING = object()


def _lane(content: Content) -> Mapping[str, Any]:
    lane: Mapping[str, Any] = (content.summary.get("lanes") or [{}])[content.lane]
    return lane


def _value(lane: Mapping[str, Any], name: str) -> Any:
    found: Any = lane
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return _MISSING
        found = found[part]
    return found


def _figure(content: Content, name: str) -> str:
    value = _value(_lane(content), name)
    value = None if value is _MISSING else value
    return markup.number(f"lanes.{content.lane}.{name}", value, _KNOWN[name][1](value))
