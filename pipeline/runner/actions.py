"""The corporate actions of a run: its sessions book them, or its prices are adjusted by them."""

from dataclasses import dataclass

import numpy as np

from pipeline.config.session import SessionConfig
from pipeline.errors import DataError
from pipeline.market.actions import Action, Splits, splits_of
from pipeline.market.adjustment import Scale, read_closes, scale_of
from pipeline.market.auction import session_reader
from pipeline.market.catalog.catalog import Catalog
from pipeline.market.time.time_manager import SessionTable
from pipeline.runner.terms import auctions_in


@dataclass(frozen=True, slots=True)
class RunActions:
    """The corporate actions that take effect in a run."""

    #: Actions that accounts book, by session, then by symbol; none where prices are adjusted.
    events: tuple[Action, ...]
    #: How prices are adjusted, by symbol; None where they are raw or there is nothing to adjust.
    scales: tuple[Scale | None, ...]
    #: The number of actions, booked or adjusted for.
    found: int

    @property
    def splits(self) -> Splits:
        """The splits among the events."""
        return splits_of(self.events)


def read_actions(settings: SessionConfig, sessions: SessionTable) -> RunActions:
    """Read the actions of the run's symbols from the catalog.

    They take effect in any session but the first. DataError if the catalog cannot be read or prices
    cannot be adjusted for a dividend.
    """
    data = settings.session_data_config
    catalog = Catalog(settings.catalog)
    by_symbol = [
        list(catalog.actions(name).effects(sessions.date_ns, symbol))
        for symbol, name in enumerate(data.symbols)
    ]
    found = sum(map(len, by_symbol))
    none: tuple[Scale | None, ...] = (None,) * len(data.symbols)
    if data.prices == "adjusted":
        scales = [
            _scale(settings, name, actions, sessions) if actions else None
            for name, actions in zip(data.symbols, by_symbol, strict=True)
        ]
        return RunActions((), tuple(scales), found)
    events = sorted(action for actions in by_symbol for action in actions)
    return RunActions(tuple(events), none, found)


def _scale(
    settings: SessionConfig, symbol: str, actions: list[Action], sessions: SessionTable
) -> Scale:
    base = settings.session_data_config.streams[0]
    closes = np.full(len(sessions), np.nan)
    if any(action.dividend for action in actions):
        catalog, auctions = Catalog(settings.catalog), auctions_in(settings)
        with session_reader(
            catalog, symbol, base, sessions, ("open", "close"), auctions=auctions
        ) as reader:
            _, closes = read_closes(reader, base, sessions)
    try:
        return scale_of(actions, closes)
    except DataError as error:
        raise DataError(f"{symbol}: {error}") from None
