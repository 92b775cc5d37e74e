"""The block about a run's only lane: its figures, one below the other."""

from collections.abc import Mapping
from typing import Any

from pipeline.results.report.figures import (
    UNKNOWN,
    count,
    duration,
    known,
    many,
    money,
    number,
    percent,
    ratio,
    signed_percent,
)
from pipeline.results.report.lines import line

#: Of so many symbols that are still held, the text names units.
HELD_SHOWN = 3


def one_lane(summary: Mapping[str, Any], lane: Mapping[str, Any]) -> list[str]:
    """Return the lines of the block. `lane` is the only element of the summary's lanes."""
    return [
        *line("strategy", strategy(lane)),
        *line("initial cash", money(summary.get("initial_cash"))),
        *line("final equity", money(lane.get("final_equity"))),
        *line("total return", signed_percent(lane.get("total_return"))),
        *line("annual return", signed_percent(lane.get("annual_return"))),
        *line("volatility", _volatility(lane)),
        *line("Sharpe ratio", _sharpe(lane, summary.get("riskless_rate"))),
        *line("Sortino, Calmar", f"{ratio(lane, 'sortino_ratio')}, {ratio(lane, 'calmar_ratio')}"),
        *line("max drawdown", _drawdown(lane)),
        *line("best, worst", _best_and_worst(lane)),
        *(line("exposure", _exposure(lane)) if "exposure" in lane else []),
        *line("round trips", _round_trips(lane)),
        *_one_trip(lane),
        *_still_open(lane),
        *line("orders, fills", f"{count(lane.get('orders'))}, {count(lane.get('fills'))}"),
        *_rejected(lane),
        *_counted(lane, "changes rejected", "changes_rejected", "change"),
        *_counted(lane, "cut by volume", "orders_cut_by_volume_cap", "order"),
        *_counted(lane, "without volume", "fills_without_volume", "fill"),
        *_counted(lane, "margin", "liquidations", "liquidation"),
        *line("costs", _costs(lane)),
        *(line("dividends", money(lane["dividends"])) if lane.get("dividends") else []),
        *_against(summary.get("benchmark"), lane),
    ]


def strategy(lane: Mapping[str, Any]) -> str:
    """Return a lane's strategy with its parameters and its mode: `SmaCross(fast=5), compiled`."""
    parameters = lane.get("parameters") or {}
    # A zero that is added takes the minus from another zero.
    given = ", ".join(
        f"{name}={value + 0.0 if isinstance(value, float) else value}"
        for name, value in parameters.items()
    )
    mode = f", {lane['mode']}" if lane.get("mode") else ""
    return f"{lane.get('strategy', UNKNOWN)}({given}){mode}"


def _counted(lane: Mapping[str, Any], label: str, name: str, thing: str) -> list[str]:
    """Return a line that counts things by the figure `name`; no line if there were none."""
    found = lane.get(name)
    if not known(found) or found == 0:
        return []
    return line(label, many(found, thing))


def _rejected(lane: Mapping[str, Any]) -> list[str]:
    """Return a line that counts the orders that were rejected, by their reasons."""
    reasons = lane.get("rejections") or {}
    why = ", ".join(f"{reason} {count(number)}" for reason, number in reasons.items())
    found = _counted(lane, "rejected", "orders_rejected", "order")
    return line("rejected", f"{found[0].split(maxsplit=1)[1]}: {why}") if found and why else found


def _volatility(lane: Mapping[str, Any]) -> str:
    value = lane.get("volatility")
    return f"{percent(value)} a year" if known(value) else UNKNOWN


def _sharpe(lane: Mapping[str, Any], riskless: Any) -> str:
    over = f", over {percent(riskless)} a year" if known(riskless) and riskless else ""
    return f"{ratio(lane, 'sharpe_ratio')}{over}"


def _drawdown(lane: Mapping[str, Any]) -> str:
    text, longest = percent(lane.get("max_drawdown")), lane.get("longest_drawdown")
    if not known(longest):
        return text
    return f"{text}; the longest lasted {count(longest)} session{'' if longest == 1 else 's'}"


def _exposure(lane: Mapping[str, Any]) -> str:
    """Return how long anything was held, how much at most, and the lowest cash if it was debt."""
    text = f"{percent(lane['exposure'])} of the time"
    if known(lane.get("highest_leverage")):
        text += f", up to {ratio(lane, 'highest_leverage')} times the equity"
    cash = lane.get("lowest_cash")
    return f"{text}; lowest cash {money(cash)}" if known(cash) and cash < 0 else text


def _best_and_worst(lane: Mapping[str, Any]) -> str:
    best, worst = (signed_percent(lane.get(f"{name}_session")) for name in ("best", "worst"))
    return f"{best}, {worst} in a session" if known(lane.get("best_session")) else UNKNOWN


def _round_trips(lane: Mapping[str, Any]) -> str:
    trips = count(lane.get("round_trips"))
    if known(lane.get("win_rate")):
        trips += f", {percent(lane['win_rate'])} won"
    if known(lane.get("profit_factor")):
        trips += f", profit factor {ratio(lane, 'profit_factor')}"
    gross = lane.get("gross_profit"), lane.get("gross_loss")
    if lane.get("round_trips") and known(gross[0]) and known(gross[1]):
        trips += f"; profit {number(gross[0] - gross[1], '+,.2f')}"
    return trips


def _one_trip(lane: Mapping[str, Any]) -> list[str]:
    """Return lines on what a round trip was like; none without one."""
    trips = lane.get("trips")
    if not trips:
        return []
    mean, best, worst = (
        number(value, "+,.2f") for value in (lane.get("expectancy"), trips["best"], trips["worst"])
    )
    quality = ratio(lane, "system_quality")
    lasted, longest = duration(trips["mean_seconds"]), duration(trips["longest_seconds"])
    return [
        *line("a round trip", f"{mean} on average, {best} to {worst}; system quality {quality}"),
        *line("lasted", f"{lasted} on average, {longest} at most"),
    ]


def _still_open(lane: Mapping[str, Any]) -> list[str]:
    """Return a line on what is held at the end; no line if nothing is."""
    held = lane.get("open") or []
    if not held:
        return []
    named = ", ".join(
        f"{number(one['units'], ',.6g')} {one['symbol']}" for one in held[:HELD_SHOWN]
    )
    more = f" and {len(held) - HELD_SHOWN:,} more" if len(held) > HELD_SHOWN else ""
    profit = number(lane.get("open_profit"), "+,.2f")
    return line(
        "still open", f"{named}{more} worth {money(lane.get('open_value'))}; profit {profit}"
    )


def _costs(lane: Mapping[str, Any]) -> str:
    text = money(lane.get("commission"))
    for name in ("slippage", "funding"):
        if cost := lane.get(name):
            text += f", {name} {money(cost)}"
    return text


def _against(benchmark: Mapping[str, Any] | None, lane: Mapping[str, Any]) -> list[str]:
    """Return a line that compares the lane with the benchmark; no line without a benchmark."""
    if not benchmark:
        return []
    text = f"{benchmark.get('symbol', UNKNOWN)} {signed_percent(benchmark.get('total_return'))}"
    alpha = signed_percent(lane.get("alpha"))
    return line("benchmark", f"{text}; alpha {alpha} a year, beta {ratio(lane, 'beta')}")
