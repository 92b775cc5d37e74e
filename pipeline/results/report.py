"""The text a trader reads after a run."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

WIDTH = 80
LABEL = 16
LANES_SHOWN = 10
WORST_SHOWN = 3
UNKNOWN = "-"


def format_summary(summary: Mapping[str, Any], performance: str | None = None) -> str:
    """Return `summary` (what summary.json holds) as plain text, at most 80 columns wide.

    A run of one lane gets its figures one below the other, a run of many a table, best total
    return first, of at most `LANES_SHOWN`. Figures that are missing, null or NaN show as "-".
    Only the run folder's path may be wider, because a broken path cannot be copied. `performance`
    (the text of PerformanceMetrics) follows as it is. Recognised beside the keys of the run
    contract: `first_session`, `last_session` (dates), `benchmark`, and of a lane `annual_return`,
    `volatility`, `sharpe_ratio`, `sortino_ratio`, `calmar_ratio`, `max_drawdown`,
    `longest_drawdown`, `best_session`, `worst_session`, `alpha`, `beta`, `round_trips`,
    `win_rate`, `profit_factor`, `orders_rejected`, `orders_cut_by_volume_cap`, `liquidations`
    (these three only where not zero), `commission`, `slippage`, `dividends` and `funding` (these
    two only where not zero).
    """
    blocks = [_heading(summary), _replay(summary)]
    lanes: Sequence[Mapping[str, Any]] = summary.get("lanes") or []
    if len(lanes) == 1:
        blocks.append(_one_lane(summary, lanes[0]))
    elif lanes:
        blocks.append(_many_lanes(lanes))
    blocks.append(_line("digest", summary.get("digest")) + _line("results", summary.get("run_dir")))
    if performance:
        blocks.append(performance.rstrip().splitlines())
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _heading(summary: Mapping[str, Any]) -> list[str]:
    lines = textwrap.wrap(str(summary.get("session_name", "run")), WIDTH)
    if summary.get("partial"):
        reason = summary.get("reason")
        text = f"PARTIAL: {reason}" if reason else "PARTIAL: the run did not finish"
        lines += textwrap.wrap(text, WIDTH)
    return lines


def _replay(summary: Mapping[str, Any]) -> list[str]:
    """Return what was replayed: period, bars, speed, quality."""
    sessions, symbols = _count(summary.get("sessions")), _count(summary.get("symbols"))
    first, last = summary.get("first_session"), summary.get("last_session")
    dates = f", {first} to {last}" if first and last else ""
    speed = _number(summary.get("bars_per_second"), ",.0f")
    bars = f"{_count(summary.get('bars'))} of {symbols} symbol{'' if symbols == '1' else 's'}"
    outside = summary.get("bars_outside_sessions")
    if outside:
        bars += f"; {_count(outside)} outside sessions left out"
    seconds = _number(summary.get("run_seconds"), ",.3f")
    whole = _number(summary.get("seconds"), ",.1f")
    return [
        *_line("period", f"{sessions} session{'' if sessions == '1' else 's'}{dates}"),
        *_line("bars", bars),
        *_line("speed", f"{speed} bars/s ({seconds} s of replay, {whole} s in all)"),
        *_line("quality", _quality(summary.get("quality") or {})),
    ]


def _quality(quality: Mapping[str, float | None]) -> str:
    """Return the mean over symbols, and the worst symbols if they are not all the same."""
    known = sorted((value, name) for name, value in quality.items() if _known(value))
    if not known:
        return UNKNOWN
    mean = math.fsum(value for value, _ in known) / len(known)
    text = f"{_percent_points(mean)} of the expected bars"
    if known[0][0] == known[-1][0]:
        return text
    worst = [(value, name) for value, name in known[:WORST_SHOWN] if value < mean]
    return f"{text}; lowest: {', '.join(f'{name} {_percent_points(v)}' for v, name in worst)}"


def _one_lane(summary: Mapping[str, Any], lane: Mapping[str, Any]) -> list[str]:
    return [
        *_line("strategy", _strategy(lane)),
        *_line("initial cash", _money(summary.get("initial_cash"))),
        *_line("final equity", _money(lane.get("final_equity"))),
        *_line("total return", _signed_percent(lane.get("total_return"))),
        *_line("annual return", _signed_percent(lane.get("annual_return"))),
        *_line("volatility", f"{_percent(lane.get('volatility'))} a year"),
        *_line("Sharpe ratio", _ratio(lane, "sharpe_ratio")),
        *_line(
            "Sortino, Calmar", f"{_ratio(lane, 'sortino_ratio')}, {_ratio(lane, 'calmar_ratio')}"
        ),
        *_line("max drawdown", _drawdown(lane)),
        *_line("best, worst", _best_and_worst(lane)),
        *_line("round trips", _round_trips(lane)),
        *_line("orders, fills", f"{_count(lane.get('orders'))}, {_count(lane.get('fills'))}"),
        *_touched(lane, "rejected", "orders_rejected", "order"),
        *_touched(lane, "cut by volume", "orders_cut_by_volume_cap", "order"),
        *_touched(lane, "margin", "liquidations", "liquidation"),
        *_line("costs", _costs(lane)),
        *(_line("dividends", _money(lane["dividends"])) if lane.get("dividends") else []),
        *_against(summary.get("benchmark"), lane),
    ]


def _touched(lane: Mapping[str, Any], label: str, name: str, what: str) -> list[str]:
    """Return how many of `what` there were; nothing if there were none."""
    count = lane.get(name)
    if not _known(count) or count == 0:
        return []
    return _line(label, f"{_count(count)} {what}{'' if count == 1 else 's'}")


def _drawdown(lane: Mapping[str, Any]) -> str:
    text, longest = _percent(lane.get("max_drawdown")), lane.get("longest_drawdown")
    if not _known(longest):
        return text
    return f"{text}; the longest lasted {_count(longest)} session{'' if longest == 1 else 's'}"


def _best_and_worst(lane: Mapping[str, Any]) -> str:
    best, worst = (_signed_percent(lane.get(f"{name}_session")) for name in ("best", "worst"))
    return f"{best}, {worst} in a session" if _known(lane.get("best_session")) else UNKNOWN


def _against(benchmark: Mapping[str, Any] | None, lane: Mapping[str, Any]) -> list[str]:
    """Return what the benchmark did and how the lane compares; nothing without one."""
    if not benchmark:
        return []
    text = f"{benchmark.get('symbol', UNKNOWN)} {_signed_percent(benchmark.get('total_return'))}"
    alpha = _signed_percent(lane.get("alpha"))
    return _line("benchmark", f"{text}; alpha {alpha} a year, beta {_ratio(lane, 'beta')}")


def _costs(lane: Mapping[str, Any]) -> str:
    text = _money(lane.get("commission"))
    for name in ("slippage", "funding"):
        if cost := lane.get(name):
            text += f", {name} {_money(cost)}"
    return text


def _many_lanes(lanes: Sequence[Mapping[str, Any]]) -> list[str]:
    ranked = sorted(lanes, key=_rank)
    shown = ranked[:LANES_SHOWN]
    rows = [("lane", "return", "drawdown", "Sharpe", "trips", "won", "costs", "final equity")]
    rows += [
        (
            _count(lane.get("lane")),
            _signed_percent(lane.get("total_return")),
            _percent(lane.get("max_drawdown")),
            _ratio(lane, "sharpe_ratio"),
            _count(lane.get("round_trips")),
            _percent(lane.get("win_rate"), 0),
            _number(lane.get("commission"), ",.0f"),
            _number(lane.get("final_equity"), ",.0f"),
        )
        for lane in shown
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    title = f"{len(lanes):,} lanes, best return first"
    if len(shown) < len(lanes):
        title += f" ({len(shown)} shown; all of them in summary.json)"
    table = ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    names = [line for lane in shown for line in _lane_name(lane)]
    cut = [line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in table]
    return [title, "", *cut, "", *names]


def _lane_name(lane: Mapping[str, Any]) -> list[str]:
    return _line(f"lane {_count(lane.get('lane'))}", _strategy(lane))


def _rank(lane: Mapping[str, Any]) -> tuple[float, float]:
    """Return the sorting key: best return first, unknown last, then by lane."""
    value = lane.get("total_return")
    return (-value if _known(value) else math.inf, lane.get("lane", 0))


def _strategy(lane: Mapping[str, Any]) -> str:
    parameters = lane.get("parameters") or {}
    given = ", ".join(f"{name}={value}" for name, value in parameters.items())
    mode = f", {lane['mode']}" if lane.get("mode") else ""
    return f"{lane.get('strategy', UNKNOWN)}({given}){mode}"


def _round_trips(lane: Mapping[str, Any]) -> str:
    trips = _count(lane.get("round_trips"))
    if _known(lane.get("win_rate")):
        trips += f", {_percent(lane['win_rate'])} won"
    if _known(lane.get("profit_factor")):
        trips += f", profit factor {_ratio(lane, 'profit_factor')}"
    return trips


def _line(label: str, value: object) -> list[str]:
    """Return `label` and `value`, wrapped with a hanging indent; a long word stays whole."""
    text = UNKNOWN if value is None else str(value)
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"{label:<{LABEL}}",
        subsequent_indent=" " * LABEL,
        break_long_words=label != "results",
        break_on_hyphens=False,
    ) or [label]


def _known(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def _number(value: Any, form: str) -> str:
    return format(value, form) if _known(value) else UNKNOWN


def _ratio(lane: Mapping[str, Any], name: str) -> str:
    return _number(lane.get(name), ".2f")


def _count(value: Any) -> str:
    """Return a count; of a list, of its elements."""
    return _number(len(value) if isinstance(value, list | tuple) else value, ",.0f")


def _money(value: Any) -> str:
    return _number(value, ",.2f")


def _percent(value: Any, digits: int = 2) -> str:
    return f"{100 * value:,.{digits}f} %" if _known(value) else UNKNOWN


def _signed_percent(value: Any) -> str:
    return f"{100 * value:+,.2f} %" if _known(value) else UNKNOWN


def _percent_points(value: float) -> str:
    """Return a percentage rounded down, so that 100 % is said of nothing that misses a bar."""
    return f"{math.floor(value * 100) / 100:.2f} %"
