"""The block about the replay: its period, its bars, its speed and their quality."""

import math
from collections.abc import Mapping
from typing import Any

from pipeline.results.report.figures import UNKNOWN, count, known, number, quality, signed_percent
from pipeline.results.report.lines import line

WORST_SHOWN = 3


def replay(summary: Mapping[str, Any]) -> list[str]:
    """Return the lines of the block."""
    sessions, symbols = count(summary.get("sessions")), count(summary.get("symbols"))
    first, last = summary.get("first_session"), summary.get("last_session")
    dates = f", {first} to {last}" if first and last else ""
    period = f"{sessions} session{'' if sessions == '1' else 's'}{dates}"
    if known(summary.get("sessions_per_year")):
        period += f"; {count(summary['sessions_per_year'])} a year ({summary.get('calendar')})"
    speed = number(summary.get("bars_per_second"), ",.0f")
    bars = f"{count(summary.get('bars'))} of {symbols} symbol{'' if symbols == '1' else 's'}"
    outside = summary.get("bars_outside_sessions")
    if outside:
        bars += f"; {count(outside)} outside sessions left out"
    seconds = number(summary.get("run_seconds"), ",.3f")
    whole = number(summary.get("seconds"), ",.1f")
    return [
        *line("period", period),
        *line("bars", bars),
        *line("speed", f"{speed} bars/s ({seconds} s of replay, {whole} s in all)"),
        *_bound(summary),
        *line("quality", _mean_and_worst(summary.get("quality") or {})),
        *_held(summary),
    ]


def _bound(summary: Mapping[str, Any]) -> list[str]:
    """Return a line on the stage that bounds the run; none if that is not known."""
    verdict = summary.get("verdict")
    return line("bound", verdict["said"]) if verdict else []


def _held(summary: Mapping[str, Any]) -> list[str]:
    """Return a line on what the market brought to who held it; none if that is not known."""
    value, symbols = summary.get("buy_and_hold"), count(summary.get("symbols"))
    if not known(value):
        return []
    held = count(summary.get("buy_and_hold_symbols", summary.get("symbols")))
    which = held if held == symbols else f"{held} of {symbols}"
    equal = "" if held == "1" else " in equal parts"
    parts = "" if symbols == "1" else f", {which} symbols{equal}"
    rest = "" if held == symbols else "; no other has a bar to buy"
    return line("buy and hold", f"{signed_percent(value)}{parts}{rest}")


def _mean_and_worst(of_symbols: Mapping[str, float | None]) -> str:
    """Return the mean quality of the symbols, and the worst symbols unless all are the same."""
    ascending = sorted((value, name) for name, value in of_symbols.items() if known(value))
    if not ascending:
        return UNKNOWN
    mean = math.fsum(value for value, _ in ascending) / len(ascending)
    text = f"{quality(mean)} of the expected bars"
    if ascending[0][0] == ascending[-1][0]:
        return text
    worst = [(value, name) for value, name in ascending[:WORST_SHOWN] if value < mean]
    return f"{text}; lowest: {', '.join(f'{name} {quality(value)}' for value, name in worst)}"
