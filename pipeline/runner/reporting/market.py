"""What the prices of a page are read from: the catalog and the strategy, if they are the run's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.config.session import SessionConfig
from pipeline.errors import RingtapeError
from pipeline.market.catalog.catalog import Catalog
from pipeline.results.report.figures import first_of
from pipeline.runner.lanes import make_lanes
from pipeline.runner.made_from import made_from
from pipeline.runner.preparation import prepare

if TYPE_CHECKING:
    from pipeline.runner.lanes import Given, Lanes
    from pipeline.runner.preparation import Preparation

#: The facts of an import that may rest on a guess.
_GUESSED = ("clock", "stamped", "interval", "adjusted")


@dataclass(frozen=True, slots=True)
class Market:
    """What the prices of a page are read from."""

    preparation: Preparation | None
    """The run's, prepared again; None if its bars cannot be had."""
    lanes: Lanes | None
    """The run's; None if the strategy cannot be had."""
    why: str
    """What cannot be had, and why; "" if all can."""


def market_of(
    settings: SessionConfig, summary: Mapping[str, Any], strategy: Given | None
) -> Market:
    """Return what the prices of a run are read from, by the hashes that its summary has.

    ``strategy`` is that of the run if it was given from Python, as `make_lanes` takes it.
    """
    made = summary.get("made_from") or {}
    try:
        preparation = prepare(settings)
    except (RingtapeError, OSError) as error:
        return Market(None, None, f"The page has no prices: {error}.")
    contents = preparation.extent.contents
    kinds: tuple[tuple[str, Mapping[str, Any]], ...]
    kinds = (("bars", contents.bars), ("actions", contents.actions))
    for kind, now in kinds:
        other = [name for name, was in made.get(kind, {}).items() if now.get(name) != was]
        if other:
            why = (
                f"the {kind} of {first_of(other)} in {settings.catalog} are not the run's any more"
            )
            return Market(None, None, f"The page has no prices: {why}.")
    try:
        lanes = make_lanes(settings, strategy)
        code = made_from(preparation, lanes)["code"]
    except (RingtapeError, OSError) as error:
        return Market(preparation, None, f"The page has no indicators: {error}.")
    changed = [name for name, was in made.get("code", {}).items() if code.get(name) != was]
    if changed:
        why = f"the code of {first_of(changed)} is not the run's any more"
        return Market(preparation, None, f"The page has no indicators: {why}.")
    return Market(preparation, lanes, "")


def guesses(settings: SessionConfig) -> Iterator[str]:
    """Tell what imports of the run's bars took for true by a guess, each guess once."""
    catalog, base = Catalog(settings.catalog), settings.session_data_config.streams[0]
    found: dict[str, list[str]] = {}
    for symbol in settings.session_data_config.symbols:
        for account in catalog.entry(symbol, base).accounts:
            for name in _GUESSED:
                fact = getattr(account, name)
                if fact.ground == "guess":
                    named = found.setdefault(f"{name} {fact.words()}", [])
                    named += [] if symbol in named else [symbol]
    for guess, symbols in found.items():
        yield f"Import of {first_of(symbols)}: {guess}."
