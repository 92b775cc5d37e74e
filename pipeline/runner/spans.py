"""The spans of a run's symbols: from which of its sessions to which one each of them has bars.

After its last bar a symbol keeps its last close: positions in it count with that to the end, and
orders for it are not filled. The notes of a run say so, because no figure shows it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.results.report.figures import first_of, known, many, money, number, percent

#: So many symbols whose bars begin late or end early are named.
_NAMED = 3


class Span(NamedTuple):
    """The first and the last session of a run in which a symbol has a bar, counted from 0."""

    first: int
    last: int


def span_of(bars: npt.NDArray[Any]) -> Span | None:
    """Return the span of a symbol with so many bars in each session, or with any; None if none."""
    having = np.flatnonzero(bars)
    return Span(int(having[0]), int(having[-1])) if len(having) else None


def on_spans(
    symbols: Sequence[str],
    spans: Sequence[Span | None],
    dates: npt.NDArray[np.int64],
    lanes: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    """Tell of symbols whose bars begin after the first session, or end before the last one.

    ``dates`` int64[sessions] are those of the run's sessions, ns UTC. ``lanes`` are the figures of
    the lanes; those of a single one in a run say what it holds of such symbols.
    """
    found = [(symbol, span) for symbol, span in zip(symbols, spans, strict=True) if span]
    yield from _on_late(found, len(symbols), dates)
    ended = [(symbol, span) for symbol, span in found if span.last < len(dates) - 1]
    if ended:
        yield from _on_ended(ended, len(symbols), dates, lanes)


def _on_late(
    found: Sequence[tuple[str, Span]], symbols: int, dates: npt.NDArray[np.int64]
) -> Iterator[str]:
    late = sorted(((s, span) for s, span in found if span.first), key=lambda one: -one[1].first)
    if late:
        told = [
            f"{symbol}, first bar {day(dates[span.first])}, {many(span.first, 'session')} after"
            " the start"
            for symbol, span in late
        ]
        yield (
            f"{_whose(late, symbols)} begin later than the run:"
            f" {first_of(told, _NAMED, '; ')}. Until then nothing can be traded in them, and"
            " buy_and_hold buys them only then."
        )


def _on_ended(
    ended: Sequence[tuple[str, Span]],
    symbols: int,
    dates: npt.NDArray[np.int64],
    lanes: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    """Tell of symbols without bars at the end, those first of which most is held."""
    alone: Mapping[str, Any] = lanes[0] if len(lanes) == 1 else {}
    held = {one["symbol"]: one for one in alone.get("open", ())}
    waiting: Mapping[str, int] = alone.get("at_rest", {})

    def weight(one: tuple[str, Span]) -> tuple[float, int, int]:
        symbol, span = one
        worth = abs(held[symbol]["value"]) if symbol in held else 0.0
        return -worth, -waiting.get(symbol, 0), span.last

    told = []
    for symbol, span in sorted(ended, key=weight):
        left = many(len(dates) - 1 - span.last, "session")
        text = f"{symbol}, last bar {day(dates[span.last])}, {left} before the end"
        if symbol in held:
            text += _holding(held[symbol], alone.get("final_equity"))
        if symbol in waiting:
            text += f", {many(waiting[symbol], 'order')} waiting"
        told.append(text)
    yield (
        f"{_whose(ended, symbols)} end before the run: {first_of(told, _NAMED, '; ')}."
        " What is held of such a symbol counts in the equity with its last close to the end, and"
        " orders for it are not filled any more."
    )


def _holding(held: Mapping[str, Any], equity: Any) -> str:
    """Return in words what is held of a symbol, and its part of the equity if that is positive."""
    value = held["value"]
    share = f" ({percent(value / equity)} of the equity)" if known(equity) and equity > 0 else ""
    return f", {number(held['units'], ',.6g')} units held since, worth {money(value)}{share}"


def _whose(named: Sequence[tuple[str, Span]], symbols: int) -> str:
    return f"The bars of {len(named):,} of the {many(symbols, 'symbol')}"


def day(ns: int) -> str:
    """Return the date of a time, ns UTC, such as "2024-11-25"."""
    return str(np.datetime64(int(ns), "ns").astype("M8[D]"))
