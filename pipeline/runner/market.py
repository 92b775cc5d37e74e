"""What the market of a run did: jumps of its prices, and what it brought to who held it."""

from collections.abc import Sequence
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
    settings, sessions, actions = preparation.settings, preparation.sessions, preparation.actions
    data, catalog = settings.session_data_config, Catalog(settings.catalog)
    base = data.streams[0]
    splits = splits_by_symbol(actions.splits, len(data.symbols))
    feeds = []
    for symbol, scale, own in zip(data.symbols, actions.scales, splits, strict=True):
        feed = Feed(
            session_reader(catalog, symbol, base, sessions, auctions=auctions_in(settings)),
            interval_ns(base),
            sessions,
            executor=None,
            ahead=0,
            timed=lambda load: load(),
            scale=scale,
            splits=own,
        )
        feeds.append(feed)
        try:
            while feed.advance(len(feed.ts) - feed.cursor):
                pass
        finally:
            feed.close()
    return market_facts(data.symbols, feeds)


def market_entries(preparation: Preparation, market: MarketFacts) -> dict[str, Any]:
    """Return the entries of a summary, of a run or a sweep, that say what the market was."""
    extent = preparation.extent
    return {
        "bars_outside_sessions": extent.outside,
        "sessions_without_bars": list(extent.missing),
        "sessions_cut": extent.cut,
        "buy_and_hold": buy_and_hold(preparation, market),
    }


def buy_and_hold(preparation: Preparation, market: MarketFacts) -> float | None:
    """Return what a run's symbols bring to who buys them in equal parts and holds them.

    It is the mean of the total returns of all symbols that have bars, a fraction. Each is bought at
    the open of its first bar and is worth its last close, without costs. Splits and dividends that
    take effect in between count; dividends are kept in cash. Prices stay in their own currencies.
    None if no symbol has a price that can be paid.
    """
    found = [
        _total_return(one, [act for act in preparation.actions.events if act.symbol == symbol])
        for symbol, one in enumerate(market.holdings)
        if one is not None and one.paid > 0.0
    ]
    return sum(found) / len(found) if found else None


def _total_return(held: Holding, actions: Sequence[Action]) -> float:
    units, cash = 1.0, 0.0
    for action in actions:
        if action.session > held.session:
            cash += units * action.dividend
            units *= action.split
    return (units * held.worth + cash) / held.paid - 1.0
