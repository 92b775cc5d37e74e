"""What the feeds of a run found in its market, whatever strategies did with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.tape.feed import Feed
from pipeline.tape.holding import Holding


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """The prices of a run's symbols as a whole."""

    #: Prices that jumped between sessions without a split: the symbol, the index of the session
    #: that opened so, the close before and the open.
    jumps: tuple[tuple[str, int, float, float], ...] = ()
    #: What holds each symbol from the first bar to the last; None for one without a bar.
    holdings: tuple[Holding | None, ...] = ()
    #: Symbols that have bars, all of volume 0.
    without_volume: tuple[str, ...] = ()


def market_facts(symbols: Sequence[str], feeds: Sequence[Feed]) -> MarketFacts:
    """Return what the feeds of these symbols found, once all their bars were taken."""
    named = list(zip(symbols, feeds, strict=True))
    return MarketFacts(
        tuple((symbol, *jump) for symbol, feed in named for jump in feed.jumps.found),
        tuple(feed.holding.found for _, feed in named),
        tuple(symbol for symbol, feed in named if feed.holding.found and not feed.has_volume),
    )
