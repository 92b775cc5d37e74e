"""The figures of the account: equity, drawdowns, rolling ratios, months, returns, exposure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.results.report.figures import duration, many, money, number, percent, signed_percent
from pipeline.results.report.html import drawings, markup
from pipeline.results.report.html.axes import Timeline, axis_of, short
from pipeline.results.report.html.clock import Clock
from pipeline.results.report.html.content import Content
from pipeline.results.report.html.drawings import Curve

Floats = npt.NDArray[np.float64]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: From which absolute return on a month has which shade.
_SHADES = (0.005, 0.02, 0.05, 0.1)
_BINS = 41
_NS = 1e-9


def equity_figure(content: Content, timeline: Timeline) -> str:
    """Return the figure of the equity, with the benchmark's if there is one."""
    own, summary = content.equity, content.summary
    lines = [Curve("first", timeline.share(own.ts), own.equity)]
    initial = float(summary.get("initial_cash") or 0.0)
    benchmark = summary.get("benchmark")
    told = f"The account goes from {money(initial)} to {money(_lane(content).get('final_equity'))}"
    if benchmark and content.sessions is not None:
        grown = initial * np.cumprod(1.0 + np.nan_to_num(content.returns.benchmark), dtype=float)
        moments = np.concatenate((content.sessions.open[:1], content.sessions.close))
        curve = np.concatenate(([initial], grown))
        lines.append(Curve("second", timeline.share(moments), curve))
        told += (
            f"; the same cash in {benchmark.get('symbol')} comes to {money(float(grown[-1]))}"
            " (dashed)"
        )
    values = np.concatenate([one.values for one in lines])
    axis = axis_of(values, short)
    drawing = drawings.curves(lines, axis, timeline.ticks(), told, 260)
    return markup.figure("Equity", drawing, f"{told}.", wide=True)


def underwater_figure(content: Content, timeline: Timeline, clock: Clock) -> str:
    """Return the figure of the drawdowns, with a table of the worst."""
    own = content.equity
    axis = axis_of(-own.drawdown, _percent, zero=True)
    line = Curve("loss", timeline.share(own.ts), -own.drawdown, filled=True)
    depth = _lane(content).get("max_drawdown")
    told = f"Below the highest equity so far, at every base bar; deepest {percent(depth)}"
    drawing = drawings.curves([line], axis, timeline.ticks(), told, 160)
    days = (content.summary.get("streams") or ["1d"])[0] == "1d"
    rows = []
    for place, fall in enumerate(own.falls):
        end = fall.recovery if fall.recovery is not None else int(own.ts[-1])
        when = clock.texts(np.array([fall.peak, fall.bottom, end]), days=days)
        if fall.recovery is None:
            when[2] = "not yet"
        lasted = duration((end - fall.peak) * _NS)
        rows.append((f"{place + 1}", percent(fall.depth), *map(markup.text, when), lasted))
    head = ("#", "Depth", "Peak", "Bottom", "Recovered", "Lasted")
    worst = markup.table(head, rows, f"The {many(len(rows), 'worst drawdown')}") if rows else ""
    more = f'<div class="wide" tabindex="0">{worst}</div>' if rows else ""
    return markup.figure("Underwater", drawing, f"{told}.", more, wide=True)


def rolling_figures(content: Content, timeline: Timeline) -> list[str]:
    """Return the figures of the rolling Sharpe ratio and volatility; none of a short run."""
    own, sessions = content.returns, content.sessions
    if sessions is None or not np.isfinite(own.volatility).any():
        return []
    across = timeline.share(sessions.close)
    found = []
    for title, values, shown, zero in (
        ("Rolling Sharpe ratio", own.sharpe, _ratio, False),
        ("Rolling volatility", own.volatility, _percent, True),
    ):
        known = values[np.isfinite(values)]
        if not len(known):
            continue
        told = (
            f"Over the last {many(own.window, 'session')}, to a year: from "
            f"{shown(float(known.min()))} to {shown(float(known.max()))}, at the end "
            f"{shown(float(known[-1]))}"
        )
        axis = axis_of(values, shown, zero=zero)
        line = Curve("first", across, values)
        drawing = drawings.curves([line], axis, timeline.ticks(), told, 150)
        found.append(markup.figure(title, drawing, f"{told}."))
    return found


def exposure_figure(content: Content, timeline: Timeline) -> str:
    """Return the figure of what is held, as a share of the equity."""
    own, lane = content.equity, _lane(content)
    axis = axis_of(own.held, _percent, zero=True)
    told = (
        f"Value of what is held, long less short, by the equity; anything was held "
        f"{percent(lane.get('exposure'))} of the time, and at most "
        f"{number(lane.get('highest_leverage'), '.2f')} times the equity, long and short together"
    )
    line = Curve("first", timeline.share(own.ts), own.held, filled=True)
    drawing = drawings.curves([line], axis, timeline.ticks(), told, 150)
    return markup.figure("Exposure", drawing, f"{told}.")


def months_figure(content: Content) -> str:
    """Return the table of returns by year and month, as the summary has them."""
    cells: dict[str, dict[int, tuple[int, float]]] = {}
    for place, one in enumerate(content.summary.get("monthly") or []):
        year, _, month = one["month"].partition("-")
        cells.setdefault(year, {})[int(month)] = place, one["return"]
    rows = []
    for year, months in cells.items():
        grown = float(np.prod([1.0 + value for _, value in months.values() if value is not None]))
        row = [_month_cell(months.get(month)) for month in range(1, 13)]
        whole = f'<td class="{_shade(grown - 1.0)}">{signed_percent(grown - 1.0)}</td>'
        rows.append(f'<tr><th scope="row">{markup.text(year)}</th>{"".join(row)}{whole}</tr>')
    head = "".join(f'<th scope="col">{one}</th>' for one in ("Year", *_MONTHS, "Year"))
    table = (
        '<div class="wide" tabindex="0"><table class="months"><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
    told = "Returns of the calendar months, by the sessions in them; the last column is the year's."
    return markup.figure("Months", table, told, wide=True)


def returns_figure(content: Content) -> str:
    """Return the distribution of the returns by session."""
    values = content.returns.returns
    known = values[np.isfinite(values)]
    if len(known) < 2 or float(known.max()) == float(known.min()):
        return ""
    lane = _lane(content)
    told = (
        f"Returns of {many(len(known), 'session')}: {percent(float(np.mean(known > 0)), 1)} are "
        f"gains; best {signed_percent(lane.get('best_session'))}, worst "
        f"{signed_percent(lane.get('worst_session'))}"
    )
    drawing = spread_of(known, "session", signed_percent, told)
    return markup.figure("Returns by session", drawing, f"{told}.")


def spread_of(values: Floats, thing: str, shown: Any, told: str) -> str:
    """Return a histogram of values, of which zero is an edge if they are on both sides of it."""
    low, high = float(values.min()), float(values.max())
    bins = min(_BINS, max(7, len(values)))
    width = (high - low) / bins
    first = np.floor(low / width) * width if low < 0 < high else low
    count = int(np.ceil((high - first) / width - 1e-9))
    edges: Floats = first + width * np.arange(count + 1, dtype=np.float64)
    edges[-1] = max(edges[-1], high)
    counts, _ = np.histogram(values, edges)
    labels = [
        f"{shown(float(edges[at]))} to {shown(float(edges[at + 1]))}: {many(int(count), thing)}"
        for at, count in enumerate(counts)
    ]
    places = np.linspace(0.0, 1.0, 5)
    span = edges[-1] - edges[0]
    ticks = [(float(place), shown(float(edges[0] + place * span))) for place in places]
    axis = axis_of(counts.astype(np.float64), _count, zero=True)
    return drawings.histogram(counts.tolist(), edges, labels, axis, told, ticks)


def _lane(content: Content) -> Any:
    return (content.summary.get("lanes") or [{}])[content.lane]


def _month_cell(cell: tuple[int, float] | None) -> str:
    if cell is None:
        return "<td></td>"
    place, value = cell
    shown = signed_percent(value)
    return (
        f'<td class="{_shade(value)}">{markup.number(f"monthly.{place}.return", value, shown)}</td>'
    )


def _shade(value: float | None) -> str:
    """Return the class of a cell: gain or loss, and how deep its colour is."""
    if value is None:
        return ""
    depth = sum(abs(value) >= one for one in _SHADES)
    return f"{'loss' if value < 0 else 'gain'}-{depth}" if depth else ""


def _percent(value: float) -> str:
    digits = 0 if abs(value) >= 0.1 or value == 0 else 1 if abs(value) >= 0.01 else 2
    return percent(value, digits)


def _ratio(value: float) -> str:
    return number(value, ".2f")


def _count(value: float) -> str:
    return number(value, ",.6g")
