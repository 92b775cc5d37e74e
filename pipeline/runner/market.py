"""What the market of a run did: jumps of its prices, and what it brought to who held it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline.codes import interval_ns
from pipeline.market.actions import Action, splits_by_symbol
from pipeline.market.auction import session_reader
from pipeline.market.catalog.catalog import Catalog
from pipeline.runner.preparation import Preparation
from pipeline.runner.terms import auctions_in
from pipeline.tape.feed import Feed
from pipeline.tape.holding import Holding
from pipeline.tape.market_facts import MarketFacts, market_facts


def read_market(preparation: Preparation) -> MarketFacts:
    """Return what the coordinator of a run finds, by reading all bars; nothing is replayed.

    A sweep whose lanes are all known before has no tape. DataError if the catalog cannot be read.
    """
    data = preparation.settings.session_data_config
    catalog = Catalog(preparation.settings.catalog)
    splits = splits_by_symbol(preparation.actions.splits, len(data.symbols))
    feeds = []
    for symbol, own in enumerate(splits):
        with feed_of(preparation, catalog, symbol, own) as feed:
            feeds.append(feed)
            while feed.advance(len(feed.ts) - feed.cursor):
                pass
    return market_facts(data.symbols, feeds)


@contextmanager
def feed_of(
    preparation: Preparation, catalog: Catalog, symbol: int, splits: Mapping[int, float]
) -> Iterator[Feed]:
    """Yield the feed of a symbol's base bars, which reads in this thread, until the block ends.

    ``splits`` are the ratios of the symbol's splits by session. DataError if the catalog of the run
    cannot be read.
    """
    settings, sessions = preparation.settings, preparation.sessions
    data = settings.session_data_config
    base, name = data.streams[0], data.symbols[symbol]
    feed = Feed(
        session_reader(catalog, name, base, sessions, auctions=auctions_in(settings)),
        name,
        interval_ns(base),
        sessions,
        executor=None,
        ahead=0,
        timed=lambda load: load(),
        scale=preparation.actions.scales[symbol],
        splits=splits,
    )
    try:
        yield feed
    finally:
        feed.close()


def market_entries(preparation: Preparation, market: MarketFacts) -> dict[str, Any]:
    """Return the entries of a summary, of a run or a sweep, that say what the market was."""
    extent, held = preparation.extent, _holders_returns(preparation, market)
    return {
        "bars_outside_sessions": extent.outside,
        "sessions_without_bars": list(extent.missing),
        "sessions_cut": extent.cut,
        "buy_and_hold": sum(held) / len(held) if held else None,
        "buy_and_hold_symbols": len(held),
    }


def _holders_returns(preparation: Preparation, market: MarketFacts) -> list[float]:
    """Return what each symbol brings to who buys it and holds it, as a total return, a fraction.

    It is bought at the open of its first bar and is worth its last close, without costs. Splits and
    dividends that take effect in between count; dividends are kept in cash. Prices stay in their
    own currencies. A symbol without a bar, or without a price that can be paid, has no return.
    """
    return [
        _total_return(one, [act for act in preparation.actions.events if act.symbol == symbol])
        for symbol, one in enumerate(market.holdings)
        if one is not None and one.paid > 0.0
    ]


def _total_return(held: Holding, actions: Sequence[Action]) -> float:
    units, cash = 1.0, 0.0
    for action in actions:
        if action.session > held.session:
            cash += units * action.dividend
            units *= action.split
    return (units * held.worth + cash) / held.paid - 1.0
